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

// add takes what a process of the first attempt had not ended.
func (i *interrupted) add(path string, r *worker.Result) {
	if !r.Stopped {
		return
	}
	for _, t := range r.Open {
		if !strings.Contains(t.Name, "/") {
			*i = append(*i, Interrupted{Package: path, Test: t.Name, Ran: r.Ran(t.Name), Started: true})
		}
	}
	i.notStarted(path, r.Dropped)
}

// notStarted takes tests that no process has begun.
func (i *interrupted) notStarted(path string, tests []ledger.Planned) {
	for _, t := range tests {
		*i = append(*i, Interrupted{Package: path, Test: t.Name})
	}
}
