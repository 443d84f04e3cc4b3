package main

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler"
)

// listReason is one thing that holds for a test, and what says so.
type listReason struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // file:line of a rule or directive, or where a flag was set
}

// explained is a test of a package, as directives have it, and the unit that it is in.
type explained struct {
	pkg  *grouping.Package
	test grouping.Test
	unit grouping.Unit
}

// explainer says what rules, directives and flags set for tests.
type explainer struct {
	rules *grouping.Rules
	flags layer // in force
	known *quarantine
}

// reasons returns all that is set for a test, in the order in which it is decided.
func (e explainer) reasons(x explained) []listReason {
	byRule := make(map[string]grouping.Setting)
	for _, s := range e.rules.Settings(grouping.SubjectOf(x.pkg, x.test)) {
		byRule[s.Key] = s
	}
	all := e.group(x, byRule)
	for _, key := range []struct{ word, name string }{
		{"label", grouping.KeyLabels}, {"serial", grouping.KeySerial}, {"lock", grouping.KeyLock}, {"timeout", grouping.KeyTimeout}, {"split", ""},
	} {
		said := x.directives(key.word)
		s, ok := byRule[key.name]
		switch {
		case key.word == "timeout" && len(said) > 0:
			said, ok = said[len(said)-1:], false // the test's own wins over the file's, and over rules
		case key.word == "serial" && len(said) > 0:
			said, ok = said[len(said)-1:], false
		}
		all = append(all, said...)
		if ok {
			all = append(all, reasonOf(s))
		}
	}
	all = append(all, e.whole(x.pkg.ImportPath)...)
	for _, s := range e.rules.Settings(grouping.SubjectOfUnit(x.pkg, x.unit)) {
		if slices.Contains(scheduler.RerunKeys(), s.Key) {
			all = append(all, reasonOf(s))
		}
	}
	return append(all, e.quarantine(x)...)
}

// quarantine returns the entry of a known bad test, also one whose last day is over.
func (e explainer) quarantine(x explained) []listReason {
	entry, ok := e.known.entries[testName{x.pkg.ImportPath, x.test.Name}]
	if !ok {
		return nil
	}
	value := "until " + entry.Until.Format(time.DateOnly)
	if !e.known.holds(x.pkg.ImportPath, x.test.Name) {
		value += ", which is over"
	}
	return []listReason{{"quarantine", value, entry.At.String()}}
}

// group returns what puts the test in its group, at most one reason.
func (e explainer) group(x explained, byRule map[string]grouping.Setting) []listReason {
	said := x.directives("group")
	s, ok := byRule[grouping.KeyGroup]
	switch {
	case len(said) > 0:
		return said[len(said)-1:] // the test's own wins over the file's
	case ok:
		return []listReason{reasonOf(s)}
	case x.unit.Declared:
		flag, _ := e.flags.find("group")
		return []listReason{{"group", x.unit.Group, sourceName(flag)}}
	}
	return nil
}

// whole returns what is set for the package as a whole.
func (e explainer) whole(importPath string) []listReason {
	var all []listReason
	byRule := make(map[string]bool)
	for _, s := range e.rules.Settings(grouping.Subject{Package: importPath}) {
		if slices.Contains([]string{grouping.KeyDist, grouping.KeyShuffle, grouping.KeyTestMain}, s.Key) {
			all = append(all, reasonOf(s))
			byRule[s.Key] = true
		}
	}
	if flag, ok := e.flags.find(grouping.KeyDist); ok && !byRule[grouping.KeyDist] {
		all = append(all, listReason{flag.name, flag.values[len(flag.values)-1], sourceName(flag)})
	}
	return all
}

// sourceName is where a flag was set.
func sourceName(s setting) string {
	if s.source == "flag" {
		return s.origin
	}
	return s.source
}

// directives returns what the directives of one word say, the file's first.
func (x explained) directives(word string) []listReason {
	var all []listReason
	for _, d := range x.test.Directives {
		if d.Word == word {
			value := strings.Join(d.Args, ", ")
			if value == "" {
				value = "true"
			}
			all = append(all, listReason{
				keyOfWord(word), value, fmt.Sprintf("%s:%d", filepath.ToSlash(filepath.Join(x.pkg.Dir, x.test.File)), d.Line),
			})
		}
	}
	return all
}

// keyOfWord is the key of rules that says the same as a directive.
func keyOfWord(word string) string {
	switch word {
	case "label":
		return grouping.KeyLabels
	case "timeout":
		return grouping.KeyTimeout
	}
	return word
}

// reasonOf is what a rule sets.
func reasonOf(s grouping.Setting) listReason { return listReason{s.Key, valueText(s), s.Source} }

// valueText is a value of a rule as a configuration file has it.
func valueText(s grouping.Setting) string {
	switch v := s.Value.(type) {
	case []string:
		return strings.Join(v, ", ")
	case []*regexp.Regexp:
		var texts []string
		for _, re := range v {
			texts = append(texts, re.String())
		}
		return strings.Join(texts, ", ")
	case time.Duration:
		return v.String()
	case grouping.PackageOrder:
		switch {
		case !v.Shuffled:
			return "off"
		case v.Seeded:
			return strconv.FormatInt(v.Seed, 10)
		}
		return "on"
	case bool:
		if s.Key == grouping.KeyTestMain {
			return map[bool]string{true: testMainPerWorker, false: testMainModes[0]}[v]
		}
	}
	return fmt.Sprint(s.Value)
}

// writeReasons prints for each test what is set for it, and by what.
func writeReasons(out io.Writer, rows []listRow) error {
	var text strings.Builder // which never fails, nor does what writes into it
	for i, row := range rows {
		if i > 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(&text, "%s of %s (%s:%d)\n", row.Test, row.Package, row.File, row.Line)
		w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
		for _, r := range row.Explain {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Key, r.Value, r.Source)
		}
		if len(row.Explain) == 0 {
			fmt.Fprintln(w, "  no rule, directive or flag is about it")
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write the list: %w", err)
		}
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}
