package grouping

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What only all packages of a run together show. Each function is given the lists of every package
// that was named. If one is not known (its result came from the go command's cache, or it does not
// build), a caller says nothing: what has no match here may have one there.

// UnmatchedGroups returns a warning for each --group expression that matches the name of no test.
func UnmatchedGroups(exprs []*regexp.Regexp, packages []*Package) []Warning {
	var warnings []Warning
	for _, re := range exprs {
		matches := func(t Test) bool { return re.MatchString(t.Name) }
		if !slices.ContainsFunc(packages, func(p *Package) bool { return slices.ContainsFunc(p.Tests, matches) }) {
			warnings = append(warnings, Warning{Text: fmt.Sprintf("--group %s matches no test", quoted(re.String()))})
		}
	}
	return warnings
}

// UnknownLabels returns a warning if the expression names labels that no test has. extra are
// labels that tests have from elsewhere than directives.
func UnknownLabels(e *LabelExpr, packages []*Package, extra ...string) []Warning {
	known := make(map[string]bool)
	for _, label := range extra {
		known[label] = true
	}
	for _, p := range packages {
		for _, t := range p.Tests {
			for _, label := range t.Labels {
				known[label] = true
			}
		}
	}
	unknown := slices.DeleteFunc(e.Labels(), func(label string) bool { return known[label] })
	if len(unknown) == 0 {
		return nil
	}
	what := "label"
	if len(unknown) > 1 {
		what = "labels"
	}
	return []Warning{{Text: fmt.Sprintf("--label %s: no test has the %s %s", quoted(e.String()), what, enumerate(unknown))}}
}

// UnmatchedRules returns a warning for each rule that matches no test, and no package as a whole.
// It is for all packages that rules may be about.
func UnmatchedRules(r *Rules, packages []*Package) []Warning {
	var subjects []Subject
	for _, p := range packages {
		subjects = append(subjects, Subject{Package: p.ImportPath})
		for _, t := range p.Tests {
			subjects = append(subjects, SubjectOf(p, t))
		}
	}
	var warnings []Warning
	for _, i := range r.Unmatched(subjects) {
		warnings = append(warnings, Warning{Text: r.rules[i].Source + ": the rule matches no test"})
	}
	return warnings
}

// quoted puts a text between quotes as a shell takes it.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// TestMainGroups returns the warning for declared groups that do not end at their first failure,
// because the package has a TestMain and so runs in one process. ok is false if there is none.
// It is for runs without --testmain=per-worker.
func TestMainGroups(p *Package, units []Unit) (w Warning, ok bool) {
	// A package that is one group is one process in any case, and the group's own.
	if !p.TestMain || len(units) < 2 {
		return w, false
	}
	var names []string
	for _, u := range units {
		if !u.Declared {
			continue
		}
		if names == nil {
			w.File, w.Line = filepath.Join(p.Dir, u.Tests[0].File), u.Tests[0].Line
		}
		names = append(names, u.Group)
	}
	if names == nil {
		return w, false
	}
	what := "group"
	if len(names) > 1 {
		what = "groups"
	}
	w.Text = fmt.Sprintf("%s %s of %s cannot end at the first failure: the package has a TestMain, so all its tests run in one process "+
		"(--testmain=per-worker gives a group its own)", what, enumerate(names), p.ImportPath)
	return w, true
}
