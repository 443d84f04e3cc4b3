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
func (t *shownTests) add(r *worker.Result) {
	if t.ended == nil {
		t.ended = make(map[string]bool)
	}
	for _, e := range r.Times {
		t.ended[e.Test] = true
	}
}
