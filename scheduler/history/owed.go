package history

import (
	"slices"
)

// Debt is what a run has shown of what has to run again in a package. What it does not name stays as
// earlier runs have left it, so that a run of a part forgets nothing.
type Debt struct {
	// Bad are top-level tests that failed to the end, were cut off, or were to run and did not. Good
	// are those that ran in full and passed or were skipped, in a rerun at the latest.
	Bad  []string `json:"bad,omitempty"`
	Good []string `json:"good,omitempty"`
	// Failed reports that the package failed outside its tests, that it did not build, or that it was
	// to run and did not: all of it has to run again. Passed reports that all of its tests ran in full,
	// and nothing failed.
	Failed bool `json:"failed,omitempty"`
	Passed bool `json:"passed,omitempty"`
}

// Owe adds what has to run again, and what has not. Call it once per package, at the end of the run.
func (r *Recorder) Owe(pkg string, d Debt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pkg(pkg)
	p.debts = append(p.debts, Debt{Bad: slices.Clone(d.Bad), Good: slices.Clone(d.Good), Failed: d.Failed, Passed: d.Passed})
	for _, name := range slices.Concat(d.Bad, d.Good) {
		p.test(name)
	}
}

// settle applies debts. The tests that they name are known.
func (p *pkgState) settle(debts []Debt) {
	mark := func(names []string, owed bool) {
		for _, name := range names {
			if t := p.test(name); t != nil {
				t.owed = owed
			}
		}
	}
	for _, d := range debts {
		mark(d.Good, false)
		mark(d.Bad, true)
		p.owed = (p.owed || d.Failed) && !d.Passed
	}
}

// Owes reports whether a top-level test has to run again, see [Debt], be it as a part of its package.
// The name "" asks for the package.
func (s *Snapshot) Owes(pkg, test string) bool {
	p := s.state.pkg(pkg)
	if p == nil || p.owed || test == "" {
		return p != nil && p.owed
	}
	t := p.test(test)
	return t != nil && t.owed
}

// Knows reports whether a top-level test is known, run or not: in the latest run of its package it was
// there. The name "" asks for the package.
func (s *Snapshot) Knows(pkg, test string) bool {
	p := s.state.pkg(pkg)
	return p != nil && (test == "" || p.test(test) != nil)
}

// Empty reports whether no run is remembered.
func (s *Snapshot) Empty() bool { return len(s.state.pkgs) == 0 }

// lastRun returns the number of the latest run of which an outcome is known, 0 for none.
func (t *testState) lastRun() int {
	last := 0
	for _, s := range t.outcomes {
		last = max(last, s.last)
	}
	return last
}

// laterOwes merges what two files say is owed: the one that knows the later run is right. If both know
// the same, one of them may not have seen that something was cut off or paid: it runs again.
func laterOwes(a, b bool, lastA, lastB int) bool {
	switch {
	case lastA > lastB:
		return a
	case lastB > lastA:
		return b
	}
	return a || b
}
