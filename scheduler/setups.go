package scheduler

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
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
	// away reports that those of workers are run elsewhere, where the processes are.
	away bool
}

func newSetups(c *Config) *setups {
	w := c.World
	if w == nil {
		w = &World{} // of which everything is always ready
	}
	return &setups{world: w, state: world.NewState(len(w.Run), w.lasting()), away: c.away()}
}

// slot returns the worker for a job among those that are free: the one on which most of what it needs
// is ready.
func (s *setups) slot(free []int, j *job) int {
	if s.away || len(j.needs) == 0 && len(s.world.Run) == 0 {
		return free[0] // all are the same, and there may be thousands
	}
	place := func(slot int) int { return s.state.Place(j.needOn(slot)) }
	return slices.MinFunc(free, func(a, b int) int { return place(a) - place(b) })
}

// needOn returns what the process of a job needs on a worker.
func (j *job) needOn(slot int) world.Need {
	return world.Need{Worker: slot, Own: j.needs, For: world.Attempt{Number: j.Attempt, Package: j.suite.path, Unit: j.unitName()}}
}

// here is what it needs of what is set up on this machine.
func (s *setups) here(j *job) world.Need {
	if s.away {
		return world.Need{Worker: j.Slot}
	}
	return j.needOn(j.Slot)
}

// ask says whether a job with a worker may start, and which set-up has failed if it may not.
func (s *setups) ask(j *job) (world.Answer, world.Part) {
	if p, refused := s.state.Refuses(j.needOn(j.Slot)); refused {
		return world.Refused, p
	}
	return s.state.Ask(s.here(j))
}

// elsewhere is what it needs of what is set up where its process runs, nil for nothing.
func (s *setups) elsewhere(j *job) *testbin.Needs {
	if !s.away || len(j.needs) == 0 {
		return nil
	}
	of := j.needOn(j.Slot).For
	return &testbin.Needs{Setups: j.needs, Attempt: of.Number, Package: of.Package, Unit: of.Unit}
}

// unitName is the group or the test that a job runs, "" for more than that.
func (j *job) unitName() string {
	if len(j.tasks) != 1 || j.tasks[0].Unit == nil {
		return ""
	}
	return j.tasks[0].Unit.Def.Name()
}

// idle reports whether the process of a job runs nothing of the user's: no test of its package is
// selected, and there is no TestMain. It only says that there was nothing to run.
func (j *job) idle() bool {
	s := j.suite
	return j.Kind == ledger.First && s.list != nil && !s.list.TestMain && s.account.Mode() != ledger.Opaque && len(s.account.Units()) == 0
}

// enter lets a job with a worker start when everything that it needs is ready.
func (c *core) enter(j *job, now time.Time) {
	if j.Kind == ledger.First && j.suite.account.Dropped() {
		c.testsOver(j, now) // nobody waits for it any more
		return
	}
	if c.stopped || j.idle() {
		c.launch(j, now) // it ends at once
		return
	}
	switch answer, broken := c.setups.ask(j); answer {
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
		answer, _ := c.setups.state.Ask(world.Need{})
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
	switch j.Kind {
	case ledger.First:
		j.suite.account.Refuse(j.tasks)
	case ledger.Attempt:
		j.Number = c.number() // for the file of its events
	case ledger.Baseline, ledger.Probe: // nobody reads of them
	}
	c.testsOver(j, now)
	c.todo.refuse = append(c.todo.refuse, j)
}

// turnedAway takes that a job was refused where its process was to run.
func (c *core) turnedAway(j *job, now time.Time) {
	c.setups.state.Break(j.broken.Worker, j.broken.Number)
	c.setups.state.End(j.uses)
	c.testsOver(j, now)
	if j.Kind == ledger.First {
		j.suite.account.Withdraw(j.tasks)
	}
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

// refuses reports whether a set-up has failed without which the tests of a package cannot run
// together.
func (s *setups) refuses(of *suite) bool {
	_, refused := s.state.Refuses(world.Need{Own: s.world.needs(of, []*ledger.Task{of.account.Everything()})})
	return refused
}

// uncertain reports whether results of s cannot be kept: a test of it says that it needs a set-up,
// and the go command does not know whether that would do the same again.
func (s *setups) uncertain(of *suite) bool {
	return len(s.world.needs(of, []*ledger.Task{of.account.Everything()})) > 0
}
