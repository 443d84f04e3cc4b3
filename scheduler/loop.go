package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/artifact"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// The messages to the owner, beside *suite for one that has been loaded, and closed.
type (
	// gone: the exec-test of a suite has ended before its time.
	gone struct{ suite *suite }
	// testsOver: a process runs no test any more, though it has not ended.
	testsOver struct{ job *job }
	// ended: a process has ended. The attempt is nil unless it was a rerun.
	ended struct {
		job     *job
		result  *worker.Result
		attempt *Attempt
		// away reports that the process was refused where it was to run.
		away bool
	}
	// question: run this when nothing is being closed.
	question func()
	// prepared: tests are being built, and some of them will run.
	prepared struct{}
	// abandoned: nothing more is to be torn down.
	abandoned struct{}
	// done: a command of a set-up or a tear-down has ended.
	done struct {
		action world.Action
		ok     bool
	}
)

// loop is the owner of the run's state: it takes a message, applies it, and does what the core
// then wants done.
func (r *Run) loop() {
	defer r.children.Done()
	stopped, begun, crew := r.ctx.Done(), r.listener.Builds.Begun(), r.cfg.Crew
	var wake <-chan time.Time
	for {
		select {
		case <-stopped:
			stopped = nil // once
			r.core.stop()
		case <-begun:
			begun = nil // once
			r.prepare()
		case n := <-crew:
			r.core.resize(n)
		case req := <-r.listener.Requests():
			r.arrive(req)
		case event := <-r.events:
			r.apply(event)
		case <-wake:
		case <-r.done:
			return
		}
		wake = r.settle()
	}
}

// prepare lets the set-ups of the run start while tests are being built. If the user leaves tests out,
// they wait until the source has told that some remain; what it does not tell is known when the first
// package is built, and then they start with its first process.
func (r *Run) prepare() {
	if r.cfg.World == nil || len(r.cfg.World.Run) == 0 {
		return
	}
	if !r.cfg.leavesOut() {
		r.core.setups.early = true
		return
	}
	r.spawn(func() { // ends with go list, or with the run
		if r.cfg.anySelected(r.ctx) {
			r.send(prepared{})
		}
	})
}

// settle does what the core wants done, until it wants no more, and returns when to ask it again,
// nil for not before the next message.
func (r *Run) settle() <-chan time.Time {
	for {
		r.core.building(r.listener.Builds.Full())
		todo := r.core.advance(time.Now())
		r.act(todo)
		switch {
		case len(todo.answer) > 0: // an answer may have changed the state
		case todo.wake.IsZero():
			return nil
		default:
			return time.After(time.Until(todo.wake))
		}
	}
}

// apply hands a message to the core.
func (r *Run) apply(event any) {
	switch e := event.(type) {
	case *suite:
		r.core.arrived(e)
	case gone:
		r.core.gone(e.suite)
	case testsOver:
		r.core.testsOver(e.job, time.Now())
	case ended:
		if e.away {
			r.core.turnedAway(e.job, time.Now())
		}
		if e.job.broken != nil {
			r.core.wasRefused(e.job, e.result, e.attempt, time.Now())
			return
		}
		r.core.ended(e.job, e.result, e.attempt, time.Now())
	case prepared:
		r.core.setups.early = true
	case abandoned:
		r.core.setups.state.Abandon()
	case done:
		r.core.setups.state.Ended(e.action, e.ok)
	case closed:
		r.core.wasClosed(e)
	case question:
		r.core.ask(e)
	default:
		panic(fmt.Sprintf("scheduler: unknown event %T", event))
	}
}

// act does what the core wants done. Nothing here waits: what may take time has a goroutine, whose
// end is a message.
func (r *Run) act(t todo) {
	for _, s := range t.cancel {
		s.stop(errors.New("its exec-test process is gone"))
	}
	for _, a := range t.attempts {
		r.attempts <- a // there is room for all
	}
	if t.over && r.attempts != nil {
		close(r.attempts)
		r.attempts = nil
	}
	if t.explained && r.explained != nil {
		close(r.explained)
		r.explained = nil
	}
	if t.stands && r.world.stands != nil {
		close(r.world.stands)
		r.world.stands = nil
	}
	for _, c := range t.close {
		c.variables = r.world.Names()
		r.took.Store(c.suite.path, c.suite.busy.took()) // before the go command hears of the end
		r.spawn(func() {                                // ends with what it does
			done := c.do()
			r.observer.PackageEnded(c.suite.path, done.passed, time.Now())
			c.suite.stop(nil) // nothing of it runs: this only frees what the context holds
			r.send(done)
		})
	}
	for _, a := range t.commands {
		r.spawn(func() { r.send(r.runCommand(a)) }) // ends with the command
	}
	for _, j := range t.refuse {
		r.spawn(func() { r.send(j.reportRefused(r.listener.Dir)) }) // ends when the go command has been told
	}
	for _, j := range t.start {
		r.spawn(func() { r.send(r.runJob(j)) }) // ends with the process
	}
	for _, f := range t.answer {
		f()
	}
}

// arrive lets a suite be loaded in the background.
func (r *Run) arrive(req *gotest.Request) {
	number := r.core.number()
	r.spawn(func() { // ends when the suite has been loaded and the go command's side is over
		s := r.loader.load(number, req)
		s.ctx, s.stop = context.WithCancelCause(r.ctx)
		r.observer.PackageFound(s.found(r.cfg))
		r.send(s)
		select {
		case <-req.Gone():
			r.send(gone{s})
		case <-r.done:
		}
	})
}

// runJob runs the process of a job.
func (r *Run) runJob(j *job) ended {
	ctx := r.ctx
	if j.Kind.Early() {
		ctx = j.suite.ctx
	}
	if j.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.limit)
		defer cancel()
	}
	var made []string
	made, j.Given = r.world.environ(j)
	j.Binary.Env = slices.Concat(j.Binary.Env, made)
	j.Locks, j.Serial = j.claim.Need.Names, j.claim.Need.Serial
	lingers := j.suite.lingers(r.cfg)
	watch := spectator{r.observer, j.Number}
	since := func() time.Duration { return time.Since(r.core.began) }
	claims := artifact.NewClaims(j.Files.Artifacts)
	j.Watch = func(m worker.Moment) {
		claims.Event(m.Event)
		j.progress.note(m.Event, since)
		j.hear(m)
		watch.event(m)
		if lingers && m.Kind == testbin.KindFinal {
			r.send(testsOver{j})
		}
	}
	j.Runs = func(test string, since time.Time) { r.observer.TestRuns(j.Number, test, since) }
	r.observer.ProcessStarted(j.started(r.cfg, time.Now()))
	j.suite.file.restore(j.Binary.Program)
	e := ended{job: j}
	if j.Kind == ledger.Attempt {
		e.attempt = j.attempt
		e.result = runAttempt(ctx, r.worker, j, e.attempt, attemptName(r.listener.Dir, j))
	} else {
		e.result = r.worker.Do(ctx, &j.Job)
	}
	if errors.As(e.result.Err, &j.broken) {
		e := j.reportRefused(r.listener.Dir)
		e.away = true
		return e
	}
	j.heard(e.result)
	j.keepArtifacts(r.cfg.Artifacts, claims, e.result)
	if e.result.Err != nil && j.Kind.ForGo() {
		j.suite.out.Add("cohort: " + e.result.Err.Error() + "\n")
	}
	watch.over(e.result, time.Now())
	r.observer.ProcessEnded(j.endedProcess(e.result, time.Now()))
	j.remember(r.cfg.Recorder, e.result)
	return e
}
