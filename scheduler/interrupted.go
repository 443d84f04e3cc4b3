package scheduler

import (
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Interrupted is a test that the end of the run has cut off, or kept from starting.
type Interrupted struct {
	Package, Test string
	// Ran is how long it had run; Started is false if it had not started.
	Ran     time.Duration
	Started bool
}

// interrupted lists them in the order in which they became known.
type interrupted []Interrupted

// add takes what a process of the first attempt had not ended. Of a test that several processes run
// together the account knows what has ended: see joined.
func (i *interrupted) add(j *job, r *worker.Result) {
	if !r.Stopped || j.Part != nil {
		return
	}
	path := j.suite.path
	for _, t := range r.Open {
		if !strings.Contains(t.Name, "/") {
			*i = append(*i, Interrupted{Package: path, Test: t.Name, Ran: r.Ran(t.Name), Started: true})
		}
	}
	i.notStarted(path, r.Dropped)
}

// joined takes tests of which several processes ran a part each.
func (i *interrupted) joined(path string, tests []ledger.Joined) {
	for _, t := range tests {
		if t.Outcome == ledger.Skipped && !t.Complete {
			*i = append(*i, Interrupted{Package: path, Test: t.Test, Ran: t.Took, Started: true})
		}
	}
}

// notStarted takes tests that no process has begun.
func (i *interrupted) notStarted(path string, tests []ledger.Planned) {
	for _, t := range tests {
		*i = append(*i, Interrupted{Package: path, Test: t.Name})
	}
}
