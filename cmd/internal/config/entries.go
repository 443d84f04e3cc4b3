package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// fieldValue is the value of a field, checked.
type fieldValue struct {
	texts []string
	list  bool // the texts were a list
	match Match
	at    Position // of the key
}

// fieldValues are those of a mapping, by name.
type fieldValues map[string]fieldValue

// readAll reads a list of mappings, each of which becomes a T.
func readAll[T any](r *reader, e entry, fields []field, make func(Position, fieldValues) T) []T {
	var all []T
	var entries []Entry
	for _, node := range r.sequence(e.value, e.key) {
		line := lineOf(node)
		before := len(r.problems)
		values := r.fields(node, "an entry of "+e.key, fields)
		if e.key == "tests" && len(r.problems) == before {
			r.checkRule(line, values)
		}
		if len(r.problems) == before {
			all = append(all, make(r.at(line), values))
			entries = append(entries, Entry{r.at(line), values.keys(fields)})
		}
	}
	r.section(e, false, entries)
	return all
}

// fields reads a mapping whose keys are known.
func (r *reader) fields(node ast.Node, what string, fields []field) fieldValues {
	values := fieldValues{}
	entries := r.mapping(node, what)
	for _, e := range entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.key })
		if i < 0 {
			var known []string
			for _, f := range fields {
				known = append(known, f.name)
			}
			r.problemf(e.line, "unknown key %s in %s%s", e.key, what, didYouMean(strings.ReplaceAll(e.key, "_", "-"), known))
			continue
		}
		r.field(values, e, &fields[i])
	}
	for _, f := range fields {
		has := func(e entry) bool { return e.key == f.name }
		if f.need && len(entries) > 0 && !slices.ContainsFunc(entries, has) {
			r.problemf(entries[0].line, "%s lacks %s", what, f.name)
		}
	}
	return values
}

// field reads the value of one key.
func (r *reader) field(values fieldValues, e entry, f *field) {
	if f.kind == match {
		if m, ok := r.match(e); ok {
			values[f.name] = fieldValue{match: m, at: r.at(e.line)}
		}
		return
	}
	nodes := []ast.Node{r.resolve(e.value)}
	v := fieldValue{at: r.at(e.line)}
	if list, ok := nodes[0].(*ast.SequenceNode); ok && (f.kind == texts || f.kind == patterns || f.kind == line) {
		nodes, v.list = list.Values, true
	}
	for _, n := range nodes {
		n = r.resolve(n)
		if n == nil {
			return // told already
		}
		value, ok := scalar(n)
		if !ok {
			r.problemf(lineOf(n), "%s: must be a value, not %s", e.key, nameOf(n))
			return
		}
		if err := f.check(value); err != nil {
			r.problemf(lineOf(n), "%s: %v", e.key, err)
			return
		}
		v.texts = append(v.texts, value)
	}
	if len(v.texts) == 0 {
		r.problemf(e.line, "%s: is empty", e.key)
		return
	}
	values[f.name] = v
}

// match reads which tests something is for.
func (r *reader) match(e entry) (Match, bool) {
	before := len(r.problems)
	values := r.fields(e.value, e.key, matchFields())
	if len(values) == 0 && len(r.problems) == before {
		r.problemf(e.line, "%s names no tests: label, test, package or group", e.key)
	}
	m := Match{
		Label: values.text("label"), Test: values.text("test"), Package: values.text("package"), Group: values.text("group"),
	}
	return m, len(r.problems) == before
}

// checkRule refuses a rule that does nothing, or two things that exclude each other.
func (r *reader) checkRule(line int, values fieldValues) {
	set := 0
	for name := range values {
		if name != "match" && name != "reason" {
			set++
		}
	}
	switch {
	case set == 0:
		r.problemf(line, "an entry of tests sets nothing")
	case values.text("serial") == "true" && values.text("lock") != "":
		r.problemf(line, "an entry of tests sets serial and lock: serial is a lock that all tests share")
	}
}

// checkOrder refuses a set-up that is run once for a worker after one that is run for each attempt: it
// may need what that one has begun, which is torn down while it stands.
func (r *reader) checkOrder(all []Command) {
	for i, c := range all {
		if i > 0 && all[i-1].PerAttempt && !c.PerAttempt {
			r.problemf(c.At.Line, "set-up %s is per: worker and comes after %s, which is per: attempt: put those of each attempt last", c.Name, all[i-1].Name)
		}
	}
}

func (v fieldValues) text(name string) string {
	if texts := v[name].texts; len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// wholeOf returns the number of a field, nil if it is not there.
func (v fieldValues) wholeOf(name string) *int {
	f, ok := v[name]
	if !ok {
		return nil
	}
	n := f.whole()
	return &n
}

// whole is the number that check has found to be one.
func (f fieldValue) whole() int {
	n, _ := strconv.Atoi(f.texts[0])
	return n
}

func (v fieldValues) durationOf(name string) *time.Duration {
	if _, ok := v[name]; !ok {
		return nil
	}
	d, _ := usage.ParseDuration(v.text(name)) // check has found it to be one
	return &d
}

func (v fieldValues) numberOf(name string) *float64 {
	if _, ok := v[name]; !ok {
		return nil
	}
	n, _ := strconv.ParseFloat(v.text(name), 64) // check has found it to be one
	return &n
}

func (v fieldValues) toggleOf(name string) *bool {
	if _, ok := v[name]; !ok {
		return nil
	}
	on := v.text(name) == "true"
	return &on
}

func (v fieldValues) line(name string) CommandLine {
	if v[name].list {
		return CommandLine{Words: v[name].texts}
	}
	return CommandLine{Shell: v.text(name)}
}

func rule(at Position, v fieldValues) Rule {
	keys := map[string]Position{}
	for name, value := range v {
		if name != "match" && name != "reason" {
			keys[name] = value.at
		}
	}
	return Rule{
		At: at, Keys: keys, Match: v["match"].match, Reason: v.text("reason"),
		RerunFails: v.wholeOf("rerun-fails"), RerunDelay: v.durationOf("rerun-delay"), RerunBackoff: v.numberOf("rerun-backoff"),
		RerunOnly: v["rerun-only"].texts, RerunExcept: v["rerun-except"].texts, TestTimeout: v.durationOf("test-timeout"),
		Group: v.text("group"), Serial: v.toggleOf("serial"), Lock: v["lock"].texts, Dist: v.text("dist"),
		Shuffle: v.text("shuffle"), TestMain: v.text("testmain"), Labels: v["labels"].texts,
	}
}

func quarantined(at Position, v fieldValues) Quarantined {
	until, _ := time.Parse(time.DateOnly, v.text("until")) // check has found it to be a day
	return Quarantined{Test: v.text("test"), Owner: v.text("owner"), Until: until, Issue: v.text("issue"), At: at}
}

func command(at Position, v fieldValues) Command {
	c := Command{
		Name: v.text("name"), Run: v.line("run"), TearDown: v.line("teardown"), When: v["when"].match,
		PerAttempt: v.text("per") == perAttempt, At: at,
	}
	if d := v.durationOf("timeout"); d != nil {
		c.Timeout = *d
	}
	return c
}
