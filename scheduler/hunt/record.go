package hunt

import (
	"cmp"
	"slices"
)

// failingLimit is how many of the processes in which a unit failed are kept:
// the probes try each.
const failingLimit = 3

// record is what the rounds have made of one unit.
type record struct {
	unit    *unit
	rounds  tally
	failing []situation
	passing *situation
	output  string
}

// book takes in one process in which the unit ran.
func (r *record) book(s situation, failed bool, text func() string) {
	r.rounds.runs++
	if !failed {
		r.pass(s)
		return
	}
	r.rounds.failed++
	if r.output == "" {
		r.output = text()
	}
	r.failing = append(r.failing, s)
	slices.SortStableFunc(r.failing, compareSituations)
	if len(r.failing) > failingLimit {
		// The simplest ones are kept, and an ordinary one of much company: a
		// test that also fails by chance now and then has failed in little
		// company by chance.
		at := failingLimit - 1
		if last := r.failing[failingLimit]; last.count > 1 || last.procs > 0 {
			at = failingLimit
		}
		r.failing = slices.Delete(r.failing, at, at+1)
	}
}

// pass keeps the simplest process of company in which the unit passed: it may
// be the company that it needs.
func (r *record) pass(s situation) {
	if s.count > 1 || s.company == 0 {
		return
	}
	if r.passing == nil || compareSituations(s, *r.passing) < 0 {
		r.passing = &s
	}
}

// compareSituations puts first what says most if it shows the failure again:
// an ordinary process before one that runs everything twice or on one
// processor, and less company before more.
func compareSituations(a, b situation) int {
	return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(a.procs, b.procs), cmp.Compare(a.company, b.company))
}
