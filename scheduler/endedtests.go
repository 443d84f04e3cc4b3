package scheduler

import (
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// shownTests is what the first attempt of a package has shown.
type shownTests struct {
	// ended are the tests that ended at least once.
	ended map[string]bool
	// partial reports whether some subtests of a test may not have run; nil for an unknown selection.
	partial func(test string) bool
	// unsound reports that a process in which a test in quarantine failed ended in a way for which
	// others may be to blame. Lost are tests that were missed twice.
	unsound bool
	lost    map[string]bool
}

// joined takes what several processes have shown of tests that they ran together: one of which a
// part is missing has not ended.
func (t *shownTests) joined(tests []ledger.Joined) {
	for _, w := range tests {
		if !w.Complete {
			delete(t.ended, w.Test)
		}
	}
}

// add takes what a process of the first attempt has shown.
func (t *shownTests) add(r *worker.Result, quarantined func(test string) bool) {
	if t.ended == nil {
		t.ended, t.lost = make(map[string]bool), make(map[string]bool)
	}
	for _, p := range r.Lost {
		t.lost[p.Name] = true
	}
	t.unsound = t.unsound || !sound(r, quarantined)
	for _, e := range r.Times {
		t.ended[e.Test] = true
	}
}
