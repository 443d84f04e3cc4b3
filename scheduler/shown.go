package scheduler

import (
	"slices"

	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// Shown is what a run has shown of a package, for those that choose tests by it.
type Shown struct {
	// Path is the import path, Tests are the names of all its tests, run or not.
	Path  string
	Tests []string
	history.Debt
}

// Shown returns what the run has shown of each package whose tests it was to run and knows. Call it
// once the reruns are over.
func (r *Run) Shown() []Shown {
	var all []Shown
	r.ask(func() { all = r.core.shown() })
	return all
}

func (c *core) shown() []Shown {
	var all []Shown
	for _, s := range slices.Concat(c.settled, c.open) {
		if s.list != nil && s.err == nil {
			all = append(all, c.shownOf(s))
		}
	}
	return all
}

// shownOf judges the tests of a package by its account, its reruns and what an interrupt has kept
// from ending.
func (c *core) shownOf(s *suite) Shown {
	out := Shown{Path: s.path}
	for _, t := range s.list.Tests {
		out.Tests = append(out.Tests, t.Name)
	}
	slices.Sort(out.Tests)
	out.Tests = slices.Compact(out.Tests) // the internal and the external package may share a name
	reran := c.reruns != nil && c.reruns.passed(s, nil)
	failed := slices.ContainsFunc(s.account.Failures(), func(reason string) bool { return reason != calledOff })
	out.Failed = failed && !reran || s.account.State() != ledger.Closed
	cut := make(map[string]bool)
	for _, i := range c.interrupted {
		cut[i.Test] = cut[i.Test] || i.Package == s.path
	}
	for _, u := range s.account.Units() {
		failed := len(u.Failed) > 0 && !(c.reruns != nil && c.reruns.passed(s, u))
		for _, name := range u.Def.Names() {
			switch {
			case failed, cut[name]:
				out.Bad = append(out.Bad, name)
			case len(u.Failed) == 0 && !reran && !s.shown.ended[name]:
				// In a package that passes it is TestMain's, or -count=0's, wish.
				if !s.account.Passed() {
					out.Bad = append(out.Bad, name)
				}
			case s.shown.partial != nil && !s.shown.partial(name):
				out.Good = append(out.Good, name)
			}
		}
	}
	out.Passed = !out.Failed && s.shown.partial != nil && len(out.Good) == len(out.Tests)
	return out
}
