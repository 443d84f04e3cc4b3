package scheduler

import (
	"slices"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// runCommand runs a set-up or a tear-down.
func (r *Run) runCommand(a world.Action) done {
	if begins := r.world.Begins(a); begins.Command != "" {
		r.world.tell(begins)
	}
	if !a.TearDown {
		out := r.world.SetUp(r.ctx, a)
		r.world.tell(out)
		return done{a, out.Err == nil}
	}
	out, ok := r.world.TearDown(r.world.last, a.Part)
	if ok && out.Command != "" {
		r.world.tell(out)
	}
	return done{a, out.Err == nil}
}

// reportRefused reports the tests of a job that is not to run. What it writes is in dir.
func (j *job) reportRefused(dir string) ended {
	if j.Kind == ledger.Attempt {
		return ended{job: j, attempt: j.attempt, result: refuseAttempt(j, j.attempt, attemptName(dir, j))}
	}
	e := ended{job: j, result: &worker.Result{Err: j.broken, Transcript: ledger.NewTranscript(j.Owed)}}
	if j.Kind == ledger.First {
		out := j.suite.out.Process(j.inParts(stream.ProcessOptions{}))
		out.Settle(ledger.Settlement{Skipped: j.skipped()}, "", nil)
		out.Close()
	}
	return e
}

// EndWorld tears down what set-ups have built, unless keep says that it is to stay, and returns what
// stands then. Call it when no test is to run any more; after the first call it changes nothing. It
// needs no World.
func (r *Run) EndWorld(keep bool) []world.Remains {
	over := make(chan struct{})
	r.ask(func() {
		r.core.setups.state.Close(keep)
		r.world.stands = over
	})
	select {
	case <-over:
	case <-r.done:
		return nil
	}
	var left []world.Part
	r.ask(func() { left = r.core.setups.state.Left() })
	return r.world.Remains(left)
}

// Abandon ends tear-downs that run, and lets no other one start. It may be called at any time.
func (r *Run) Abandon() {
	r.send(abandoned{})
	r.world.abandon()
}

// emergency tears down whatever stands, in a program that is about to die of a mistake of its own.
func (r *Run) emergency() {
	r.Kill()
	for _, out := range r.world.Emergency(r.world.last) {
		r.world.tell(out)
	}
}

// guard runs f. If it panics, what set-ups have built is torn down before the program dies.
func (r *Run) guard(f func()) {
	if r.cfg.World == nil {
		f()
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.emergency()
			panic(p)
		}
	}()
	f()
}

// spawn runs f in a goroutine for which Close waits.
func (r *Run) spawn(f func()) { r.children.Go(func() { r.guard(f) }) }

// skipped returns the tests of a job as skipped for that reason.
func (j *job) skipped() []ledger.Planned {
	tests := slices.Clone(j.Tests)
	for i := range tests {
		tests[i].Why = j.broken.Error()
	}
	return tests
}
