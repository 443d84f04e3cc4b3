package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// reader makes a Config of a file. It goes on after a problem, so that all are told.
type reader struct {
	file     string
	flags    []usage.Flag
	config   Config
	problems []Problem
	anchors  map[string]ast.Node // those above the place that is being read
}

// Parse reads the file of that name. The flags are those that a file may set. If there
// are problems, the Config holds what could be read.
func Parse(file string, data []byte, flags []usage.Flag) (*Config, []Problem) {
	r := &reader{file: file, flags: flags, anchors: map[string]ast.Node{}}
	if node := r.document(unixText(data)); node != nil {
		r.top(node)
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.At.Line - b.At.Line })
	return &r.config, r.problems
}

func (r *reader) problemf(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.at(line), fmt.Sprintf(format, args...)})
}

func (r *reader) at(line int) Position { return Position{r.file, line} }

// sections are the keys that are no flags.
func sections() []string {
	return []string{"version", "profiles", "tests", "locks", "quarantine", "setup", "worker-setup"}
}

// top reads the file's own mapping.
func (r *reader) top(node ast.Node) {
	for _, e := range r.mapping(node, "the file") {
		switch e.key {
		case "version":
			r.version(e)
		case "profiles":
			r.profiles(e)
		case "tests":
			r.config.Rules = readAll(r, e, ruleFields(), rule)
		case "locks":
			r.locks(e)
		case "quarantine":
			r.config.Quarantine = readAll(r, e, quarantineFields(), quarantined)
		case "setup":
			r.config.Setup = readAll(r, e, commandFields(false), command)
		case "worker-setup":
			r.config.WorkerSetup = readAll(r, e, commandFields(true), command)
			r.checkOrder(r.config.WorkerSetup)
		default:
			r.config.Flags = append(r.config.Flags, r.settings([]entry{e}, sections())...)
		}
	}
	r.twice()
}

// version refuses files that a later cohort reads otherwise.
func (r *reader) version(e entry) {
	if text, ok := scalar(r.resolve(e.value)); !ok || text != fmt.Sprint(Version) {
		r.problemf(e.line, "version %s: this cohort reads version %d", strings.Trim(nameOf(r.resolve(e.value)), `"`), Version)
	}
}

// profiles reads the named sets of flags.
func (r *reader) profiles(e entry) {
	for _, p := range r.mapping(e.value, e.key) {
		entries := r.mapping(p.value, "profile "+p.key)
		r.config.Profiles = append(r.config.Profiles, Profile{Name: p.key, Flags: r.settings(entries, nil), At: r.at(p.line)})
	}
}

// settings reads flags; also are further words that a key may have been meant to be.
func (r *reader) settings(entries []entry, also []string) []Setting {
	var all []Setting
	for _, e := range entries {
		f := r.flag(e.key)
		switch {
		case f == nil && slices.Contains(sections(), e.key):
			r.problemf(e.line, "%s belongs at the top of the file, not into a profile", e.key)
		case f == nil:
			r.problemf(e.line, "unknown key %s%s", e.key, didYouMean(strings.ReplaceAll(e.key, "_", "-"), append(r.keys(), also...)))
		case f.Once:
			r.problemf(e.line, "%s can only be a flag of the command line", e.key)
		default:
			if values, ok := r.values(e, f); ok {
				all = append(all, Setting{f.Name, values, r.at(e.line)})
			}
		}
	}
	return all
}

// flag returns the flag that a key sets, nil if there is none.
func (r *reader) flag(key string) *usage.Flag {
	for i := range r.flags {
		if f := &r.flags[i]; f.Name == key || f.Key == key && key != "" {
			return f
		}
	}
	return nil
}

// keys are the keys that people are told of.
func (r *reader) keys() []string {
	var keys []string
	for _, f := range r.flags {
		if !f.Hidden && !f.Once {
			keys = append(keys, KeyOf(&f))
		}
	}
	return keys
}

// KeyOf is the key that sets f.
func KeyOf(f *usage.Flag) string {
	if f.Key != "" {
		return f.Key
	}
	return f.Name
}

// values reads the values of a flag.
func (r *reader) values(e entry, f *usage.Flag) ([]string, bool) {
	nodes := []ast.Node{r.resolve(e.value)}
	if list, ok := nodes[0].(*ast.SequenceNode); ok {
		if !f.Repeat {
			r.problemf(e.line, "%s must be one value, not a list", e.key)
			return nil, false
		}
		nodes = list.Values
	}
	var values []string
	for _, n := range nodes {
		n = r.resolve(n)
		value, ok := scalar(n)
		switch {
		case n == nil:
			return nil, false // told already
		case !ok:
			r.problemf(lineOf(n), "%s must be %s, not %s", e.key, wanted(f), nameOf(n))
			return nil, false
		}
		if err := checkNode(f, n, value); err != nil {
			r.problemf(lineOf(n), "%s: %v", e.key, err)
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// wanted says what the value of a flag is.
func wanted(f *usage.Flag) string {
	switch {
	case f.Kind == usage.Switch:
		return "true or false"
	case f.Kind == usage.Number:
		return "a whole number"
	case f.Repeat:
		return "a text or a list of texts"
	}
	return "a text"
}

// checkNode reports what is wrong with a value; unlike the command line, the file has
// types.
func checkNode(f *usage.Flag, n ast.Node, value string) error {
	_, isBool := n.(*ast.BoolNode)
	_, isInt := n.(*ast.IntegerNode)
	switch {
	case f.Kind == usage.Switch && !isBool, f.Kind == usage.Number && !isInt:
		return fmt.Errorf("must be %s, not %s", wanted(f), nameOf(n))
	case f.Kind == usage.Choice && f.Check(value) != nil:
		return fmt.Errorf("%w%s", f.Check(value), didYouMean(value, f.Choices))
	}
	return f.Check(value)
}

// twice finds flags that are set under both of their keys.
func (r *reader) twice() {
	for _, p := range append(r.config.Profiles, Profile{Flags: r.config.Flags}) {
		seen := map[string]Position{}
		for _, s := range p.Flags {
			if first, ok := seen[s.Name]; ok {
				r.problemf(s.At.Line, "%s is there twice, first in line %d", s.Name, first.Line)
			}
			seen[s.Name] = s.At
		}
	}
}

// locks reads how many tests may hold each lock.
func (r *reader) locks(e entry) {
	f := field{kind: whole, least: 1}
	all := Entry{At: r.at(e.line)}
	for _, l := range r.mapping(e.value, e.key) {
		fields := fieldValues{}
		r.field(fields, l, &f)
		if v, ok := fields[""]; ok {
			r.config.Locks = append(r.config.Locks, Lock{l.key, v.whole(), r.at(l.line)})
			all.Keys = append(all.Keys, Key{Name: l.key, At: r.at(l.line), Values: v.texts})
		}
	}
	if len(all.Keys) > 0 {
		r.section(e, true, []Entry{all})
	}
}
