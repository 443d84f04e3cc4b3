package scheduler

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// setups are the world of a run as its owner sees it: what stands of it, and which jobs have a worker
// and wait for it.
type setups struct {
	world   *World
	state   *world.State
	waiting []*job
	// early has the run's set-ups start before a process waits for them: tests are being built.
	early bool
}

func newSetups(c *Config) *setups {
	w := c.World
	if w == nil {
		w = &World{} // of which everything is always ready
	}
	return &setups{world: w, state: world.NewState(len(w.Run))}
}

// slot returns the worker for a job among those that are free: the one on which most of what it needs
// is ready.
func (s *setups) slot(free []int, j *job) int {
	return slices.MinFunc(free, func(a, b int) int { return s.state.Place(a, j.needs) - s.state.Place(b, j.needs) })
}

// enter lets a job with a worker start when everything that it needs is ready.
func (c *core) enter(j *job, now time.Time) {
	if j.Kind == ledger.First && j.suite.account.Dropped() {
		c.testsOver(j, now) // nobody waits for it any more
		return
	}
	if c.stopped {
		c.launch(j, now) // it ends at once
		return
	}
	switch answer, broken := c.setups.state.Ask(j.Slot, j.needs); answer {
	case world.Enter:
		c.launch(j, now)
	case world.Wait:
		if j.Kind == ledger.First {
			c.queue.hold(j)
		}
		c.setups.waiting = append(c.setups.waiting, j)
	case world.Refused:
		c.refuse(j, c.setups.world.error(broken), now)
	}
}

// admit asks again for the jobs that wait, and for the first one that will.
func (c *core) admit(now time.Time) {
	if c.setups.early && !c.stopped {
		answer, _ := c.setups.state.Ask(0, nil)
		c.setups.early = answer == world.Wait
	}
	waiting := c.setups.waiting
	c.setups.waiting = nil
	for _, j := range waiting {
		c.enter(j, now)
	}
}

// refuse books that a job is not to run. Its tests are to be reported as skipped.
func (c *core) refuse(j *job, why *SetupError, now time.Time) {
	j.broken = why
	if j.Kind == ledger.First {
		j.suite.account.Refuse(j.tasks)
	}
	c.testsOver(j, now)
	c.todo.refuse = append(c.todo.refuse, j)
}

// wasRefused takes that the tests of such a job have been reported; a is nil unless it was a rerun.
func (c *core) wasRefused(j *job, r *worker.Result, a *Attempt, now time.Time) {
	r.Exit.End = now
	switch j.Kind {
	case ledger.First:
		j.suite.account.BookRefused(j.broken.Error())
	case ledger.Baseline:
		j.suite.account.BookBaseline(false)
	case ledger.Attempt:
		c.reruns.ended(j, r, a)
		c.todo.attempts = append(c.todo.attempts, a)
	case ledger.Probe:
		c.explanation.ended(j, r)
	}
}

// uncertain reports whether results of s cannot be kept: a test of it says that it needs a set-up,
// and the go command does not know whether that would do the same again.
func (s *setups) uncertain(of *suite) bool {
	return len(s.world.needs(of, []*ledger.Task{of.account.Everything()})) > 0
}
