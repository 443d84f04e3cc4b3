package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// bindQuarantine binds whether known bad tests are excused.
func bindQuarantine(t *flagTable, o *runOptions) {
	t.add(&o.quarantine, usage.Flag{Name: "quarantine", Takes: "MODE", Kind: usage.Choice, Choices: quarantineModes, Once: true, Own: true,
		Help: "off: tests in the section quarantine of the configuration file fail the run like others"})
}

var quarantineModes = []string{"on", "off"}

// quarantineMode is one of quarantineModes; "" is the first, on.
type quarantineMode string

func (v *quarantineMode) Set(raw string) error { return setWord((*string)(v), raw, quarantineModes) }
func (v *quarantineMode) Type() string         { return "mode" }
func (v *quarantineMode) String() string       { return word(string(*v), quarantineModes) }

// readyAfter is how many passes in a row make a test ready to leave the quarantine.
const readyAfter = 10

// quarantine are the known bad tests of a run.
type quarantine struct {
	entries map[testName]config.Quarantined
	now     time.Time
	// warned reports that entries which name nothing have been told.
	warned bool
}

// testPattern is how an entry names a test: import path or place, a dot, a function.
var testPattern = regexp.MustCompile(`^(.+)\.((?:Test|Fuzz|Example)[^./]*)$`)

// newQuarantine reads the entries of a configuration file. Places such as ./cart are in the module of
// that path. Problems are those of entries, with their lines.
func newQuarantine(list []config.Quarantined, module string, now time.Time) (*quarantine, []string) {
	q := &quarantine{entries: make(map[testName]config.Quarantined), now: now}
	var problems []string
	for _, e := range list {
		name, err := quarantinedName(e.Test, module)
		if first, ok := q.entries[name]; ok && err == nil {
			err = fmt.Errorf("%s is named twice, first in line %d", e.Test, first.At.Line)
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: quarantine: %v", e.At, err))
			continue
		}
		q.entries[name] = e
	}
	return q, problems
}

// quarantinedName reads the name of a test.
func quarantinedName(text, module string) (testName, error) {
	m := testPattern.FindStringSubmatch(text)
	switch {
	case m == nil && testPattern.MatchString(cutSubtest(text)):
		return testName{}, fmt.Errorf("%s is a subtest: a test is quarantined whole, %s", text, cutSubtest(text))
	case m == nil:
		return testName{}, fmt.Errorf("%s: must be a package, a dot and a test, such as example.com/shop/e2e.TestPay or ./e2e.TestPay", text)
	}
	pkg, place := strings.CutPrefix(m[1], "./")
	switch {
	case place && module == "":
		return testName{}, fmt.Errorf("%s: there is no module here that ./ could be in: write the import path", text)
	case place:
		pkg = module + "/" + strings.TrimSuffix(pkg, "/")
	case m[1] == ".":
		pkg = module
	}
	return testName{pkg, m[2]}, nil
}

// cutSubtest returns the test that a subtest is in, as far as its name shows.
func cutSubtest(text string) string {
	i := strings.LastIndex(text, ".Test")
	if i < 0 {
		return text
	}
	root, _, _ := strings.Cut(text[i:], "/")
	return text[:i] + root
}

// holds reports whether a test is in quarantine, and its last day is not over.
func (q *quarantine) holds(pkg, test string) bool {
	e, ok := q.entries[testName{pkg, test}]
	return ok && q.now.Before(e.Until.AddDate(0, 0, 1))
}

// inForce lists the tests that cannot fail the run, sorted.
func (q *quarantine) inForce() []string {
	var names []string
	for name := range q.entries {
		if q.holds(name.Package, name.Test) {
			names = append(names, name.Package+"."+name.Test)
		}
	}
	slices.Sort(names)
	return names
}

// known is what a report says of an entry.
func (q *quarantine) known(name testName, past *history.Snapshot) (report.Known, bool) {
	e, ok := q.entries[name]
	if !ok {
		return report.Known{}, false
	}
	k := report.Known{
		Package: name.Package, Test: name.Test, Owner: e.Owner, Issue: e.Issue, Until: e.Until.Format(time.DateOnly), Place: e.At.String(),
	}
	k.Since, k.Passes = streak(past.Outcomes(name.Package, name.Test))
	return k, true
}

// streak says since when a test has been failing, without a pass in between, zero if it has not, and
// how often it has passed in a row. Skips say nothing.
func streak(outcomes []history.PastOutcome) (failing time.Time, passes int) {
	for _, o := range outcomes {
		switch o.Result {
		case history.Pass:
			failing = time.Time{}
			passes++
		case history.Fail:
			passes = 0
			if failing.IsZero() {
				failing = o.Time
			}
		}
	}
	return failing, passes
}

// judge puts the units of a verdict where they belong: excused are those of which tests in quarantine
// are all that is wrong. Others, and those whose last day is over, say what they are in their notes.
func (q *quarantine) judge(o *report.Outcome, units []scheduler.UnitVerdict, past *history.Snapshot) {
	var failed []report.Unit
	for _, u := range o.Failed {
		i := slices.IndexFunc(units, func(v scheduler.UnitVerdict) bool { return v.Package == u.Package && v.Name == u.Name && !v.Passed })
		if i < 0 {
			failed = append(failed, u)
			continue
		}
		excused := report.Excused{Unit: u}
		for _, test := range units[i].Known {
			if k, ok := q.known(testName{u.Package, test}, past); ok {
				excused.Known = append(excused.Known, k)
			}
		}
		if units[i].Excused {
			o.Excused = append(o.Excused, excused)
			continue
		}
		u.Note = joinNotes(u.Note, q.note(units[i], past))
		failed = append(failed, u)
	}
	o.Failed = failed
	o.InQuarantine = q.inForce()
}

// note says of a failed unit that it is in quarantine and not excused, or that its quarantine is over.
func (q *quarantine) note(u scheduler.UnitVerdict, past *history.Snapshot) string {
	note := ""
	for _, test := range u.Tests {
		k, ok := q.known(testName{u.Package, test}, past)
		switch {
		case !ok:
		case slices.Contains(u.Known, test):
			note = joinNotes(note, k.Note(u.Unexcused))
		case !q.holds(u.Package, test):
			note = joinNotes(note, k.Note(""))
		}
	}
	return note
}

func joinNotes(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// ready lists the tests of packages that have passed often enough to leave, except failed ones.
func (q *quarantine) ready(ran func(pkg string) bool, failed []scheduler.UnitVerdict, past *history.Snapshot) []report.Known {
	var ready []report.Known
	for name := range q.entries {
		bad := slices.ContainsFunc(failed, func(u scheduler.UnitVerdict) bool {
			return u.Package == name.Package && (u.Tests == nil || slices.Contains(u.Tests, name.Test))
		})
		if k, _ := q.known(name, past); !bad && ran(name.Package) && k.Passes >= readyAfter {
			ready = append(ready, k)
		}
	}
	slices.SortFunc(ready, func(a, b report.Known) int { return strings.Compare(a.Package+"."+a.Test, b.Package+"."+b.Test) })
	return ready
}

// unknown returns a warning for each entry whose test is not there. Lists are the tests of packages
// that ran; all says that there are no others, ran which packages there are.
func (q *quarantine) unknown(lists map[string]*grouping.Package, ran func(pkg string) bool, all bool) []string {
	var warnings []string
	for name, e := range q.entries {
		p := lists[name.Package]
		switch {
		case p == nil && (!all || ran(name.Package)):
		case p == nil:
			warnings = append(warnings, fmt.Sprintf("%s: quarantine: there is no package %s", e.At, name.Package))
		case !slices.ContainsFunc(p.Tests, func(t grouping.Test) bool { return t.Name == name.Test }):
			warnings = append(warnings, fmt.Sprintf("%s: quarantine: %s has no test %s", e.At, name.Package, name.Test))
		}
	}
	slices.Sort(warnings)
	return warnings
}
