package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/procgroup"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Run is one `go test -json` whose test binaries are run by cohort's workers.
type Run struct {
	// Stdout carries the events of the first pass, Stderr what the go command
	// prints beside them. Read both to their ends before Wait.
	Stdout, Stderr io.Reader

	cfg      *Config
	listener *gotest.Listener
	work     string // a directory for the go command, or ""
	cmd      *exec.Cmd
	goEnded  atomic.Bool // its process group's number may be another's now
	events   chan any
	done     chan struct{}           // closed by Close
	kill     chan struct{}           // closed to kill at once what Stop has signalled
	killOnce sync.Once               //
	stop     context.CancelCauseFunc // ends the test processes
	ctx      context.Context
	children sync.WaitGroup // the goroutines of packages and processes, and the loop

	state // the loop's alone
}

// state is what the loop owns.
type state struct {
	pkgs      []*pkg // not finished, in order of arrival
	failed    []*pkg // finished, in order of their ends
	slots     []bool // which workers are busy
	running   int
	exclusive bool // a serial process runs
	processes int
	warnings  []grouping.Warning
	directive error  // the first wrong directive
	baselines []*pkg // that need a process without tests
	reruns    *reruns
	planning
}

// Start starts the go command. The caller must Close the Run.
func Start(c *Config) (*Run, error) {
	listener, err := gotest.Listen()
	if err != nil {
		return nil, err
	}
	r := &Run{
		cfg: c, listener: listener,
		events: make(chan any), done: make(chan struct{}), kill: make(chan struct{}),
		state: state{slots: make([]bool, c.Workers), planning: planning{
			planner: plan.New(plan.Config{Workers: c.Workers}), began: time.Now(), batches: make(map[int]*batch),
		}},
	}
	if c.GoTest.Many() {
		// While the go command may still be building others, a worker that has
		// nothing to do is no idle core: cheap packages are not worth a second
		// process. How many are to come only it knows.
		r.planner.Expect(c.Workers)
	}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	if err := r.startGo(); err != nil {
		return nil, errors.Join(err, r.removeFiles())
	}
	r.children.Add(1)
	go r.loop() // ends with Close
	return r, nil
}

func (r *Run) startGo() error {
	options := gotest.CommandOptions{Self: r.cfg.Self, Workers: r.cfg.Workers, Toolexec: r.cfg.Toolexec, Modes: r.cfg.modes()}
	if r.cfg.SeedChosen {
		options.Seed = fmt.Sprint(r.cfg.Seed)
	}
	words, err := r.cfg.GoTest.Command(options)
	if err != nil {
		return err
	}
	r.cmd = exec.Command(words[0], words[1:]...)
	r.cmd.Env = append(r.cfg.Env[:len(r.cfg.Env):len(r.cfg.Env)], r.listener.Env())
	if !r.cfg.GoTest.Work { // the user wants to look into it afterwards
		r.work = workDir(r.cfg.Env)
	}
	if r.work != "" {
		r.cmd.Env = append(r.cmd.Env, workEnv+r.work)
	}
	r.cmd.Dir = r.cfg.Dir
	procgroup.Own(r.cmd)
	if r.Stdout, err = r.cmd.StdoutPipe(); err != nil {
		return err
	}
	if r.Stderr, err = r.cmd.StderrPipe(); err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	return nil
}

// Command returns the words of the go command that was started.
func (r *Run) Command() []string { return r.cmd.Args }

// Wait waits for the go command, after its output has been read, and returns
// its error: nil, or an *exec.ExitError for a run that did not pass.
func (r *Run) Wait() error {
	err := r.cmd.Wait()
	r.goEnded.Store(true)
	return err
}

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
	// The go command ends as soon as the packages under way have their
	// results. It may have ended already, so the error says nothing.
	if !r.goEnded.Load() {
		_ = procgroup.Signal(r.cmd.Process, os.Interrupt)
	}
}

// Kill ends the go command and every test process at once.
func (r *Run) Kill() {
	r.stop(testbin.Signal{Signal: os.Kill})
	r.killOnce.Do(func() { close(r.kill) })
	if !r.goEnded.Load() {
		_ = procgroup.Kill(r.cmd.Process) // it may be gone already
	}
}

// Close ends what still runs and removes the run's files. It is safe after
// every outcome, once.
func (r *Run) Close() error {
	r.stop(errors.New("the run is over"))
	close(r.done)
	r.children.Wait()
	return r.removeFiles()
}

// send hands the owner a message, unless the run is over.
func (r *Run) send(event any) {
	select {
	case r.events <- event:
	case <-r.done:
	}
}

// do runs f in the owner's goroutine and waits for it.
func (r *Run) do(f func()) {
	done := make(chan struct{})
	r.send(func() { f(); close(done) })
	select {
	case <-done:
	case <-r.done:
	}
}

// loop is the owner of the run's state.
func (r *Run) loop() {
	defer r.children.Done()
	stopped := r.ctx.Done()
	for {
		select {
		case <-stopped:
			stopped = nil // once: dispatch drops what waits, reruns in their delay too
		case req := <-r.listener.Requests():
			r.arrive(req)
		case event := <-r.events:
			switch e := event.(type) {
			case *pkg:
				r.add(e)
			case ended:
				r.end(e)
			case gone:
				r.abandon(e.pkg)
			case *rerun:
				r.reruns.ready = append(r.reruns.ready, e)
			case func():
				e()
			default:
				panic(fmt.Sprintf("scheduler: unknown event %T", event))
			}
		case <-r.wake:
		case <-r.done:
			return
		}
		r.dispatch()
	}
}

// gone is the message that a package's exec-test has ended before its time.
type gone struct{ pkg *pkg }

// arrive lets a package be read in the background.
func (r *Run) arrive(req *gotest.Request) {
	r.processes++
	number := r.processes
	r.children.Add(1)
	go func() { // ends when the package has been read and the go command's side is over
		defer r.children.Done()
		m := newMerger(req, r.cfg.Strict, func() (*os.File, error) { return os.CreateTemp(r.listener.Dir, "out") })
		p := prepare(number, req, r.cfg, m)
		r.send(p)
		select {
		case <-req.Gone():
			r.send(gone{p})
		case <-r.done:
		}
	}()
}

// add takes a package that has been read.
func (r *Run) add(p *pkg) {
	p.ctx, p.stop = context.WithCancelCause(r.ctx)
	r.pkgs = append(r.pkgs, p)
	r.warnings = append(r.warnings, p.warnings...)
	if p.err != nil {
		if r.directive == nil {
			r.directive = p.err
		}
		p.merge.add(p.err.Error() + "\n")
		p.fail("its directives are wrong")
		p.cancel()
	} else {
		p.backUp(r.binaryDir())
		r.plan(p, p.tasks)
	}
	if r.cfg.SeedChosen && r.cfg.Shuffle && !p.whole && p.err == nil {
		p.merge.add(fmt.Sprintf("-test.shuffle %d\n", r.cfg.Seed))
	}
	r.finishIfDone(p)
}

var errExecTestGone = errors.New("its exec-test process is gone")

// abandon stops a package whose exec-test was killed, and its processes: the go
// command has reported it as failed, and nothing can be added to that.
func (r *Run) abandon(p *pkg) {
	if p.finished {
		return
	}
	p.lost = true
	p.fail("%v", errExecTestGone)
	p.cancel()
	p.stop(errExecTestGone)
	r.finishIfDone(p)
}
