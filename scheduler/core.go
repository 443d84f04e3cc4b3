package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// core is the state of a run and decides what happens next. It is for one goroutine and acts on
// nothing: a message changes its state, and then [core.advance], the one door, returns what is to
// be done.
type core struct {
	cfg   *Config
	dir   string    // for the files of processes
	kept  string    // for binaries that are kept
	began time.Time // of the planner's clock

	pool    pool
	queue   *queue
	open    []*suite // not settled, in order of arrival
	settled []*suite // in the order in which they were
	closing int      // settled, and not closed yet
	reruns  *reruns  // nil in the first pass
	// explanation is nil until the reruns are over.
	explanation *explanation
	failed      map[int]*job
	processes   int // numbers given so far
	stopped     bool
	// interrupted are the tests that the end of the run kept from ending, or from starting.
	interrupted interrupted
	setups      *setups

	warnings  []grouping.Warning
	directive error // the first wrong directive
	questions []func()
	todo      todo
}

// todo is what advance wants done, in this order.
type todo struct {
	// cancel ends the processes of suites whose exec-test is gone.
	cancel []*suite
	// attempts are reruns that have ended, over says that there are no more.
	attempts []*Attempt
	over     bool
	// explained says that all is known of failures that can be.
	explained bool
	close     []*closing
	// refuse are jobs whose tests are to be reported as skipped.
	refuse []*job
	// commands are those of set-ups and tear-downs. stands says that no more of them will come.
	commands []world.Action
	stands   bool
	start    []*job
	// answer are questions whose time has come.
	answer []func()
	// wake is when to call advance again, zero for not before the next message.
	wake time.Time
}

func newCore(c *Config, dir, kept string, began time.Time) *core {
	pool := newPool(c.Workers, c.Locks)
	return &core{
		cfg: c, dir: dir, kept: kept, began: began,
		pool: pool, queue: newQueue(c, pool.locks), failed: make(map[int]*job), setups: newSetups(c),
	}
}

// number returns the next number of a process or suite.
func (c *core) number() int {
	c.processes++
	return c.processes
}

// arrived takes a suite that has been loaded.
func (c *core) arrived(s *suite) {
	c.open = append(c.open, s)
	c.warnings = append(c.warnings, s.warnings...)
	if c.directive == nil {
		c.directive = s.err
	}
}

// gone takes that the exec-test of a suite has ended before its time: the go command has reported
// the package as failed, and nothing can be added to that.
func (c *core) gone(s *suite) {
	if s.account.State() == ledger.Closed {
		return
	}
	s.lost = true
	s.account.Fail("its exec-test process is gone")
	s.account.Drop()
	c.pool.locks.Forget(baselineClaim(s).Key)
	c.todo.cancel = append(c.todo.cancel, s)
}

// building takes whether compilers and linkers keep the cores busy.
func (c *core) building(full bool) { c.queue.building(full) }

// ended takes the result of a process; a is nil unless it was a rerun.
func (c *core) ended(j *job, r *worker.Result, a *Attempt, now time.Time) {
	c.setups.state.End(j.uses)
	c.testsOver(j, c.ran(j, r, now))
	switch {
	case !j.Kind.Early():
	case c.cfg.away():
		j.suite.busy.ran(r.Exit.Start, r.Exit.End)
	default:
		j.suite.busy.end(now)
	}
	switch j.Kind {
	case ledger.First:
		c.endedFirst(j, r)
	case ledger.Baseline:
		j.suite.account.BookBaseline(r.Err == nil && r.Exit.OK())
	case ledger.Attempt:
		c.reruns.ended(j, r, a)
		c.todo.attempts = append(c.todo.attempts, a)
	case ledger.Probe:
		c.explanation.ended(j, r)
	}
}

// resize has so many processes run at a time from now on.
func (c *core) resize(workers int) {
	c.pool.resize(workers)
	c.queue.planner.SetWorkers(workers)
}

// ran tells the planner when a process ran that has ended, and returns when its worker was free.
func (c *core) ran(j *job, r *worker.Result, now time.Time) time.Time {
	if !c.cfg.away() || j.Kind != ledger.First || j.freed || r.Exit.Start.IsZero() || r.Exit.End.IsZero() {
		return now
	}
	c.queue.ran(j, r.Exit.Start.Sub(c.began), r.First.Sub(c.began))
	return r.Exit.End
}

// testsOver takes that a process runs no test any more: its worker is free. The process may linger.
func (c *core) testsOver(j *job, now time.Time) {
	if j.freed {
		return
	}
	j.freed = true
	c.pool.release(j.Slot)
	if j.Kind == ledger.First {
		c.queue.ended(j, now.Sub(c.began))
	}
}

func (c *core) endedFirst(j *job, r *worker.Result) {
	j.suite.busy.sum += r.Exit.End.Sub(r.Exit.Start)
	if c.stopped || !j.suite.lost { // or else the go command has reported the package
		c.interrupted.add(j, r)
	}
	j.suite.shown.add(r, c.cfg.quarantined(j.suite.path))
	a := j.suite.account
	a.Book(ledger.Report{
		Process: j.Number, Settlement: r.Settlement, Subtests: r.Transcript.Failed,
		Code: r.Exit.Code, End: r.Exit.End, Err: r.Err, Shown: j.shown(r),
	})
	j.suite.told(j, r)
	j.overdue = r.Overdue
	if !r.Clean() || r.Err != nil || j.blamed() {
		c.failed[j.Number], j.machine, j.lost = j, r.Exit.Machine, r.Exit.Lost
		j.suite.said.Merge(j.said)
	}
	if r.Transcript.HasCoverage {
		j.suite.files.coverage, j.suite.files.hasCoverage = r.Transcript.Coverage, true
	}
}

// wasClosed takes that a suite has been closed.
func (c *core) wasClosed(m closed) {
	c.closing--
	m.suite.lost = m.lost
	for _, reason := range m.failures {
		m.suite.account.Fail(reason)
	}
}

// stop takes that the run is called off.
func (c *core) stop() {
	c.stopped = true
	c.setups.state.Halt()
	for _, s := range c.open {
		s.account.Drop()
	}
	if c.reruns != nil {
		c.reruns.queue.CallOff()
	}
	if c.explanation != nil {
		c.explanation.inquiry.CallOff()
	}
}

// explain begins to find out about what failed to the end, and returns the packages that are
// looked into.
func (c *core) explain() []string {
	if c.stopped {
		return nil
	}
	c.pool.locks.ForgetAll()
	c.explanation = newExplanation(c.cfg, slices.DeleteFunc(c.failures(), c.setups.refuses), c.failed, c.reruns)
	return c.explanation.packages()
}

// rerun begins the phase after the first pass.
func (c *core) rerun() {
	c.pool.locks.ForgetAll() // what waits now has other keys
	c.reruns = newReruns(c.cfg, c.failures(), c.failed)
	if c.stopped {
		c.reruns.queue.CallOff()
	}
}

// failures returns the suites that have failed, in the order in which they were settled.
func (c *core) failures() []*suite {
	return slices.DeleteFunc(slices.Clone(c.settled), func(s *suite) bool { return s.account.Passed() })
}

// ask keeps a question until every suite that is settled has been closed.
func (c *core) ask(f func()) { c.questions = append(c.questions, f) }

// advance settles what can be settled, gives idle workers what they run, and returns what is to be
// done. Call it after each message, and at the time that it returned.
func (c *core) advance(now time.Time) todo {
	if c.stopped {
		for _, s := range c.open { // that have arrived since
			s.account.Drop()
		}
	}
	for _, s := range slices.Clone(c.open) {
		c.queue.add(s, s.account.Take())
		if s.account.Settled() {
			c.settle(s)
		}
	}
	c.admit(now)
	c.fill(now)
	c.todo.commands, c.todo.stands = c.setups.state.Next(), c.setups.state.Over()
	if c.reruns != nil && c.reruns.queue.Over() {
		c.todo.over = true
	}
	c.todo.explained = c.explanation != nil && c.explanation.inquiry.Over()
	if c.closing == 0 {
		c.todo.answer, c.questions = c.questions, nil
	}
	c.check()
	out := c.todo
	c.todo = todo{}
	return out
}

// calledOff is why a package fails that the end of the run kept from its end.
const calledOff = "the run was stopped"

// settle closes the account of a suite of which nothing waits or runs.
func (c *core) settle(s *suite) {
	c.open = slices.DeleteFunc(c.open, func(other *suite) bool { return other == s })
	c.settled = append(c.settled, s)
	c.closing++
	a := s.account
	var notStarted []ledger.Planned
	joined := a.Joined(c.stopped)
	s.shown.joined(joined)
	if c.stopped {
		a.Fail(calledOff)
		notStarted = a.NotStarted()
		c.interrupted.joined(s.path, joined)
		c.interrupted.notStarted(s.path, notStarted)
	}
	a.Close()
	c.todo.close = append(c.todo.close, &closing{
		notStarted: notStarted, joined: joined, record: c.cfg.Recorder,
		suite: s, passed: a.Passed(), failures: slices.Concat(a.Failures(), a.Refusals()), solo: a.Solo(), code: a.Code(),
		keep: c.cfg.keeps() && !c.stopped, cacheable: c.cfg.cacheable() && !c.setups.uncertain(s), dir: c.kept,
	})
}

// fill gives batches to idle workers while there are both.
func (c *core) fill(now time.Time) {
	for !c.stopped {
		slots := c.pool.free()
		if len(slots) == 0 {
			return
		}
		j := c.next(now)
		if j == nil {
			return
		}
		c.start(j, c.setups.slot(slots, j), now)
	}
}

// next decides what an idle worker does now.
func (c *core) next(now time.Time) *job {
	if c.explanation != nil {
		return c.explanation.next(c.pool.locks)
	}
	if c.reruns != nil {
		if at, ok := c.reruns.queue.Due(now); ok {
			c.todo.wake = at
		}
		return c.reruns.next(now, c.pool.locks)
	}
	for _, s := range c.open {
		if s.account.NeedsBaseline() && c.pool.locks.Ask(baselineClaim(s)) {
			return newBaseline(c.cfg, s, c.number(), c.dir)
		}
	}
	j, wake := c.queue.next(now.Sub(c.began), c.pool.idle())
	if wake > 0 {
		c.todo.wake = c.began.Add(wake)
	}
	return j
}

// start gives a job a worker.
func (c *core) start(j *job, slot int, now time.Time) {
	j.Slot = slot
	c.pool.take(slot, j.claim)
	if j.Kind == ledger.Baseline {
		j.suite.account.StartBaseline()
	}
	c.enter(j, now)
}

// launch books that a job starts.
func (c *core) launch(j *job, now time.Time) {
	j.place(c.cfg, c.number(), j.Slot, c.dir)
	if !c.stopped && !j.idle() { // else it ends before its process starts, or before a test does
		j.uses, j.Needs = c.setups.here(j), c.setups.elsewhere(j)
	}
	c.setups.state.Begin(j.uses)
	if j.Kind.Early() && !c.cfg.away() {
		j.suite.busy.start(now)
	}
	if j.Kind == ledger.First {
		if c.cfg.away() {
			c.queue.hold(j) // until it has ended: see ran
		} else {
			c.queue.begins(j, now.Sub(c.began))
		}
		j.suite.account.Start(j.tasks)
	}
	c.todo.start = append(c.todo.start, j)
}

// check panics if the state is one that cannot be.
func (c *core) check() {
	c.pool.check()
	c.setups.state.Check()
	for _, s := range c.open {
		s.account.Check()
	}
	if c.reruns != nil {
		c.reruns.queue.Check()
	}
	if c.closing < 0 || c.closing > len(c.settled) {
		panic(fmt.Sprintf("scheduler: %d of %d settled suites are being closed", c.closing, len(c.settled)))
	}
}
