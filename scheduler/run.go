package scheduler

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Run is one `go test -json` whose test binaries are run by cohort's workers.
type Run struct {
	// Stdout carries the events of the first pass, Stderr what the go command
	// prints beside them. Read both to their ends before Wait.
	Stdout, Stderr io.Reader

	cfg      *Config
	listener *gotest.Listener
	gocmd    *goCommand
	loader   *loader
	worker   *worker.Run
	world    *stage
	observer Observer

	took     sync.Map // time.Duration by import path: how long the processes of a package ran
	events   chan any
	done     chan struct{}           // closed by Close
	kill     chan struct{}           // closed to kill at once what Stop has signalled
	killOnce sync.Once               //
	stop     context.CancelCauseFunc // ends the test processes
	ctx      context.Context
	children sync.WaitGroup // the goroutines of suites and processes, and the loop

	core     *core         // the loop's alone
	attempts chan *Attempt // likewise: of the reruns; nil before and after them
	// explained is closed when all is known, nil before and after; likewise.
	explained chan struct{}
}

// Start starts the go command. The caller must Close the Run.
func Start(c *Config) (*Run, error) {
	listener, err := gotest.Listen()
	if err != nil {
		return nil, err
	}
	if p := c.GoTest.P; p > 0 { // go's own limit, which the -p of the command may exceed
		listener.Builds.Limit(p)
	}
	gocmd, err := startGo(c, listener.Env())
	if err != nil {
		return nil, errors.Join(err, listener.Close(), gocmd.removeWork())
	}
	r := &Run{
		Stdout: gocmd.stdout, Stderr: gocmd.stderr, cfg: c, listener: listener, gocmd: gocmd,
		observer: c.Observer, events: make(chan any), done: make(chan struct{}), kill: make(chan struct{}),
	}
	if r.observer == nil {
		r.observer = nobody{}
	}
	binaries := listener.Dir
	if gocmd.work != nil {
		// On the file system that they are on already, so that it takes no room.
		binaries = gocmd.work.Path
	}
	r.loader = &loader{cfg: c, dir: listener.Dir, binaries: binaries, env: gocmd.testEnv}
	r.worker = &worker.Run{
		ID: c.ID, Workers: c.Workers, Timeout: c.GoTest.Timeout, Exec: c.GoTest.Exec,
		Kill: r.kill, Runner: c.Runner, Now: time.Now,
	}
	if c.Runner == nil {
		r.worker.Runner = worker.Local{}
	}
	r.world = newStage(c, listener.Dir, r.kill, time.Now)
	r.core = newCore(c, listener.Dir, binaries, time.Now())
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	r.children.Add(1)
	go r.guard(r.loop) // ends with Close
	return r, nil
}

// Command returns the words of the go command that was started.
func (r *Run) Command() []string { return r.gocmd.cmd.Args }

// Built returns when the go command's tools were building, in order. It may be called at any time.
func (r *Run) Built() []gotest.Built { return r.listener.Builds.Built() }

// Wait waits for the go command, after its output has been read, and returns
// its error: nil, or an *exec.ExitError for a run that did not pass.
func (r *Run) Wait() error { return r.gocmd.wait() }

// Stopped reports whether the run was called off.
func (r *Run) Stopped() bool { return r.ctx.Err() != nil }

// Stop passes a signal on to the go command and to every test process; no
// other test is started. A second call kills them.
func (r *Run) Stop(sig os.Signal) {
	if r.ctx.Err() != nil {
		r.Kill()
		return
	}
	r.stop(testbin.Signal{Signal: sig})
	r.gocmd.interrupt()
}

// Hurry kills every test process at once. Unlike after Kill, the go command can still report how
// far they were, so read its output for a moment more.
func (r *Run) Hurry() {
	if r.ctx.Err() == nil {
		r.Stop(os.Kill)
	}
	r.killOnce.Do(func() { close(r.kill) })
}

// Kill ends the go command and every test process at once.
func (r *Run) Kill() {
	r.stop(testbin.Signal{Signal: os.Kill})
	r.killOnce.Do(func() { close(r.kill) })
	r.gocmd.kill()
}

// Close ends what still runs and removes the run's files. It is safe after
// every outcome, once.
func (r *Run) Close() error {
	r.stop(errors.New("the run is over"))
	r.EndWorld(false)
	close(r.done)
	r.children.Wait()
	r.world.Close()
	r.world.abandon() // nothing runs: this only frees what the context holds
	return errors.Join(r.listener.Close(), r.gocmd.removeWork())
}

// send hands the owner a message, unless the run is over.
func (r *Run) send(event any) {
	select {
	case r.events <- event:
	case <-r.done:
	}
}

// ask runs f in the owner's goroutine, once every suite that is settled has been closed, and
// waits for it.
func (r *Run) ask(f func()) {
	done := make(chan struct{})
	r.send(question(func() { f(); close(done) }))
	select {
	case <-done:
	case <-r.done:
	}
}

// Took returns how long at least one process of a package's first attempt ran; false if the package
// has not been closed. It may be called at any time.
func (r *Run) Took(path string) (time.Duration, bool) {
	d, ok := r.took.Load(path)
	if !ok {
		return 0, false
	}
	return d.(time.Duration), true
}

// TookAny reports whether Took knows any package. It may be called at any time.
func (r *Run) TookAny() bool {
	some := false
	r.took.Range(func(any, any) bool {
		some = true
		return false
	})
	return some
}

// Verdict returns what the run has come to so far.
func (r *Run) Verdict() Verdict {
	var v Verdict
	r.ask(func() { v = r.core.verdict() })
	return v
}

// CheckRerun reports why failures cannot be run again, given the packages that
// the go command has reported as failed: nil if the ledger explains them all.
func (r *Run) CheckRerun(failed []string) error {
	var err error
	r.ask(func() { err = r.core.checkRerun(failed) })
	return err
}

// MayRerun reports whether the policy of something that failed lets it run again. Call it after Wait.
func (r *Run) MayRerun() bool {
	var may bool
	r.ask(func() { may = newReruns(r.cfg, r.core.failures(), r.core.failed).most() > 0 })
	return may
}

// Rerun runs every failed unit again, each up to as many times as Config and its rules say until it
// passes, and yields the attempts as they end. Call it once, after Wait. If the
// consumer stops early, no other attempt is started.
func (r *Run) Rerun() iter.Seq[*Attempt] {
	return func(yield func(*Attempt) bool) {
		var out chan *Attempt
		r.ask(func() { out = r.startReruns() })
		if out == nil {
			return // the run is over
		}
		for a := range out {
			if !yield(a) {
				r.Stop(os.Interrupt)
				for range out { // let it end
				}
				return
			}
		}
	}
}

// Explain finds out whether the units that failed to the end also fail as go test would have run
// them, in at most a few short packages, see [Explained]. Tell is called with the import paths of
// the packages whose tests run once more, unless there are none. Call it once, after the reruns.
// It needs Config.Explain, and changes no verdict.
func (r *Run) Explain(tell func(packages []string)) {
	var packages []string
	var done chan struct{}
	r.ask(func() {
		if packages = r.core.explain(); len(packages) > 0 {
			done = make(chan struct{})
			r.explained = done
		}
	})
	if done == nil {
		return
	}
	tell(packages)
	select {
	case <-done:
	case <-r.done:
	}
}

// startReruns begins the phase. The channel that it returns holds all that can be sent, so that
// the owner never waits; it is closed when no attempt can follow.
func (r *Run) startReruns() chan *Attempt {
	r.core.rerun()
	r.attempts = make(chan *Attempt, r.core.reruns.most())
	return r.attempts
}

// MergeCoverage adds what the reruns have covered to the file of go test's -coverprofile. Call it
// after Rerun; without such a file it does nothing.
func (r *Run) MergeCoverage() error {
	name := r.cfg.GoTest.Profile(r.cfg.Dir)
	if name == "" {
		return nil
	}
	var suites []*suite
	r.ask(func() { suites = r.core.failures() })
	var errs []error
	for _, s := range suites {
		errs = append(errs, s.cover.mergeInto(name))
	}
	return errors.Join(errs...)
}
