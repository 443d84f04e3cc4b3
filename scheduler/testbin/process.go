package testbin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"time"
)

// Spec says what Run starts and for how long it may take.
type Spec struct {
	// Path is the test binary, an absolute path.
	Path string
	// Restore is called with Path if that is not there or has not the right mode, and it is started once more
	// then: tests may delete it, or change that, at any time. Nil does nothing.
	Restore func(path string)
	// Args are its arguments, without the program name.
	Args []string
	// Exec is the command that runs the binary, as go test's -exec: its words
	// come before Path. Nil runs the binary itself.
	Exec []string
	// Dir is the working directory. Empty means this process's.
	Dir string
	// Env is the whole environment. Nil means this process's.
	Env []string
	// KillAfter is when a process that still runs gets SIGQUIT, so that a Go
	// program prints its goroutines and exits (where there is no such signal it
	// is killed). The go command takes the test timeout, at which the binary
	// ends itself, plus a minute or WaitDelay, whichever is longer. 0 is never.
	KillAfter time.Duration
	// WaitDelay is how long after the end of the process its output may stay
	// open (a child holds it), and how long after SIGQUIT the process may live.
	// The go command takes a tenth of the test timeout, at least 5 s. 0 is
	// without limit, as go has it under -timeout=0.
	WaitDelay time.Duration
	// Grace is how long after the signal that follows the end of the context the
	// process and its children may live, and output may stay open. 0 kills at
	// once.
	Grace time.Duration
	// Quit, once closed, ends the process as KillAfter does, but with a WaitDelay of at most 5 s, and
	// its children with it: nobody waits for what they print. Nil never does.
	Quit <-chan struct{}
	// Kill, once closed, ends the Grace at once (a second Ctrl-C). Nil never
	// does. It has no effect while the context lives.
	Kill <-chan struct{}
	// Limits are for how long top-level tests may run, 0 for any time; "" is for those without an
	// entry. Run does not heed them: who starts it reads its output and closes Quit. They are for
	// those who run the process elsewhere.
	Limits map[string]time.Duration
	// Tests are the top-level tests that it runs, each as often as it does; nil if they are not known.
	// Run does not heed them: they are for those who have to say what failed of a process that ran
	// nowhere.
	Tests []string
	// Part reports that it runs only a part of its only test. Locks are what its tests hold, and Serial
	// that nothing else may run meanwhile. Run does not heed them: they are for those who have to tell
	// which processes must not run at the same time.
	Part   bool
	Locks  []string
	Serial bool
	// Given are the names of variables in Env that the process needs wherever it runs: set-ups have made
	// them. Run does not heed them.
	Given []string
	// Needs are the set-ups that its worker must have, nil for none. Run does not heed them: they are for
	// those who run them where they run the process.
	Needs *Needs
	// Unit is how long the longest part of it will take that cannot be divided, by past runs; 0 if that
	// is not known. Run does not heed it: it is for those who choose where the process runs.
	Unit time.Duration
}

// Needs say which set-ups of its worker a process needs, and for whose attempt.
type Needs struct {
	// Setups are their numbers.
	Setups []int
	// Attempt is 0 for the first, Package an import path, Unit a group or a test, "" for more than that.
	Attempt       int
	Package, Unit string
}

// Exit says how a process ended.
type Exit struct {
	// Code is the exit code, or -1 for a process that a signal ended or that
	// was not started.
	Code int
	// Signal is the signal that ended the process, or nil.
	Signal os.Signal
	// TimedOut reports that KillAfter passed while the process ran.
	TimedOut bool
	// Quit reports that Spec.Quit was closed while the process ran.
	Quit bool
	// Canceled reports that the context ended before process and output did.
	Canceled bool
	// Killed reports that Run killed the process: it outlived KillAfter and
	// WaitDelay, or Grace.
	Killed bool
	// IncompleteIO reports that output was still open WaitDelay after the end
	// of the process (or Grace after the end of the context), and was cut off.
	IncompleteIO bool
	// Err is a process that could not be started or waited for, naming its
	// path, or an error of the writer that took its output. It is nil for every
	// process that ran and ended, in whatever way.
	Err error
	// Start and End are when the process was started and when it had ended.
	// Both are zero if it was not started.
	Start, End time.Time
	// User and System are the CPU time of the process and of those children
	// that it waited for.
	User, System time.Duration
	// MaxRSS is the peak of its resident memory in bytes; 0 if not known.
	MaxRSS int64
	// Machine is the name of the machine that it ran on, if that need not be this one; else "".
	Machine string
	// Lost reports that no machine has run the process to its end, though several have had it.
	Lost bool
}

// OK reports whether the process exited 0 by itself with all of its output.
func (e Exit) OK() bool {
	return e.Err == nil && e.Code == 0 && !e.TimedOut && !e.Killed && !e.IncompleteIO
}

// Signal is a cause to cancel a context with, see context.WithCancelCause: Run
// hands that signal to the process group. Any other cause means SIGTERM.
type Signal struct{ os.Signal }

// Error names the signal.
func (s Signal) Error() string { return "received signal: " + s.String() }

// busyPause is the pause before a binary that is still open for writing
// somewhere is started again. The writer is a process between fork and exec,
// which takes well under a millisecond.
const busyPause = time.Millisecond

// busyLimit is how long a binary may stay busy. Between fork and exec a process
// may wait for a processor, or to be paged in, on a machine that does far too
// much: the seconds that this takes are well below. What is open for longer is
// held by a program that writes to it, and would be for ever.
const busyLimit = 10 * time.Second

// Run runs one process, copies its standard output and standard error, which are
// the same pipe, to out, and returns when the process has ended and its output is
// closed or cut off. Standard input is the null device, as in the go command. Out
// is written to from one other goroutine, never after Run has returned. If it panics, Run does, and
// the process is killed.
//
// The process leads its own process group (on Windows, a job). When ctx ends, the
// group gets a signal, see Signal, and Grace later it is killed. When the process
// has ended and its output is done, what is left of the group is killed too.
//
// Children that have left the group are out of reach. They are only cut off.
func Run(ctx context.Context, s Spec, out io.Writer) Exit {
	once := func() (*running, error) { return startOnce(s) }
	r, err := start(ctx, once)
	if s.Restore != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
		s.Restore(s.Path)
		r, err = start(ctx, once)
	}
	if err != nil {
		return Exit{Code: -1, Canceled: ctx.Err() != nil, Err: fmt.Errorf("start %s: %w", s.Path, err)}
	}
	return r.wait(ctx, out)
}

// running is a started process.
//
// It does not use exec.CommandContext with Cancel and WaitDelay: after the
// process has exited, exec no longer watches the context, so that Ctrl-C would
// wait as long as a left-over child holds the output (without limit under
// -timeout=0), and exec has one WaitDelay for three waits that differ here. The
// pipe is plain, and one loop decides.
type running struct {
	spec  Spec
	cmd   *exec.Cmd
	group group
	pipe  *os.File // read end of its output
	exit  Exit

	exited, closed bool             // process has ended; output is at its end
	quit           <-chan struct{}  // Quit, nil once it has been taken
	alarm          <-chan time.Time // KillAfter
	limit          <-chan time.Time // when the current wait is over
}

// start starts a process with once. It retries while the binary is busy: a fork in this
// process at the wrong moment keeps the binary open for writing until its exec
// (go.dev/issue/22315; the retry can go when that is fixed). The go command does
// so too, but without an end.
func start(ctx context.Context, once func() (*running, error)) (*running, error) {
	for began := time.Now(); ; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r, err := once()
		if !isBusy(err) {
			return r, err
		}
		if time.Since(began) >= busyLimit {
			return nil, fmt.Errorf("another program has had it open for writing for %v: %w", busyLimit, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(busyPause):
		}
	}
}

func startOnce(s Spec) (*running, error) {
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	argv := slices.Concat(s.Exec, []string{s.Path}, s.Args)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	cmd.Stdout, cmd.Stderr = pw, pw
	r := &running{spec: s, cmd: cmd, pipe: pr, quit: s.Quit}
	r.exit.Start = time.Now()
	r.alarm = after(s.KillAfter)
	r.group, err = startGroup(cmd)
	if cerr := pw.Close(); err == nil && cerr != nil {
		r.group.kill()
		err = errors.Join(cerr, cmd.Wait())
	}
	if err != nil {
		return nil, errors.Join(err, pr.Close())
	}
	return r, nil
}

// wait waits until the process and its output are done.
func (r *running) wait(ctx context.Context, out io.Writer) Exit {
	// Both goroutines end with the process and its output, or after the kill
	// below; the loop receives from both.
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	copied := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				copied <- &writerPanic{p, debug.Stack()}
			}
		}()
		copied <- drain(out, r.pipe)
	}()

	over := func(err error) {
		if p, ok := errors.AsType[*writerPanic](err); ok {
			r.group.kill()
			panic(p)
		}
		r.closed = true
		r.noteErr("copy output of", err)
	}
	done := ctx.Done()
	var hurry <-chan struct{}
	for !r.exited || !r.closed {
		select {
		case err := <-ended:
			r.noteExit(err)
		case err := <-copied:
			over(err)
		case <-done:
			done, hurry = nil, r.spec.Kill
			r.cancel(context.Cause(ctx))
		case <-hurry:
			hurry = nil
			r.hurry()
		case <-r.alarm:
			r.timeout()
		case <-r.quit:
			r.quit = nil
			r.quitNow()
		case <-r.limit:
			select {
			case err := <-copied: // in time, and this goroutine is late
				over(err)
			default:
			}
			if !r.exited || !r.closed {
				r.cutOff()
			}
		}
	}
	r.group.kill()
	r.noteErr("release", r.group.close())
	if !r.exit.IncompleteIO {
		r.noteErr("close output of", r.pipe.Close())
	}
	return r.exit
}

// writerPanic is a panic of out.Write. It is the caller's of Run, who may have to tidy up: in the
// goroutine that reads the output nobody could.
type writerPanic struct {
	value any
	stack []byte
}

func (p *writerPanic) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// drain copies all of pipe to out, until pipe is closed at either end. When out
// fails it reads on, so that the process does not see a broken pipe, and returns
// out's error.
func drain(out io.Writer, pipe *os.File) error {
	buf := make([]byte, 32<<10) // half of what a Linux pipe holds, as io.Copy
	var failed error
	for {
		n, err := pipe.Read(buf)
		if n > 0 && failed == nil {
			_, failed = out.Write(buf[:n])
		}
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			return failed
		}
		if err != nil {
			return errors.Join(failed, err)
		}
	}
}

// cancel begins the grace time.
func (r *running) cancel(cause error) {
	r.exit.Canceled = true
	var sig os.Signal = terminate
	var s Signal
	if errors.As(cause, &s) && s.Signal != nil {
		sig = s.Signal
	}
	r.group.signal(sig)
	r.limit = time.After(r.spec.Grace)
}

// timeout is KillAfter.
func (r *running) timeout() {
	if r.exited {
		return
	}
	r.exit.TimedOut = true
	r.trace(r.spec.WaitDelay)
}

// quitDelay is how long a process may live after Spec.Quit, time to print its goroutines. The go
// command gives 5 s at least.
const quitDelay = 5 * time.Second

// quitNow is Spec.Quit.
func (r *running) quitNow() {
	if r.exited || r.exit.TimedOut {
		return
	}
	r.exit.Quit = true
	r.trace(min(cmp.Or(r.spec.WaitDelay, quitDelay), quitDelay))
}

// trace asks the process for its goroutines, after which it ends, and gives it a time for that.
func (r *running) trace(delay time.Duration) {
	if r.exit.Canceled {
		return // it is being ended
	}
	if !r.group.trace() {
		r.exit.Killed = true
		r.group.kill()
	}
	r.limit = after(delay)
}

// hurry is the end of the grace time before its time, unless it is over: what was killed has its
// own delay.
func (r *running) hurry() {
	if !r.exit.Killed {
		r.cutOff()
	}
}

// cutOff is the end of patience with the process, or with who holds its output.
func (r *running) cutOff() {
	r.limit = nil
	if r.exited {
		r.exit.IncompleteIO = true
		r.noteErr("close output of", r.pipe.Close()) // ends drain
		return
	}
	r.exit.Killed = true
	r.group.kill()
	// The pipe closes with its last holder, which may have left the group.
	r.limit = time.After(killDelay)
}

// killDelay is how long the output of a killed process group may stay open. It
// is time for the kernel to take the processes down and for the last bytes in
// the pipe (64 KiB) to be copied, on a busy machine.
const killDelay = time.Second

// noteExit records how the process ended.
func (r *running) noteExit(err error) {
	r.exited = true
	r.exit.End = time.Now()
	state := r.cmd.ProcessState
	if state == nil {
		r.exit.Code = -1
		r.noteErr("wait for", err)
		return
	}
	r.exit.Code = state.ExitCode()
	r.exit.User, r.exit.System = state.UserTime(), state.SystemTime()
	r.exit.Signal, r.exit.MaxRSS = endSignal(state), maxRSS(state)
	if r.exit.Quit {
		r.group.kill() // what is left of it holds the output
	}
	if r.limit == nil {
		r.limit = after(r.spec.WaitDelay)
	}
}

// noteErr adds err to the exit's error.
func (r *running) noteErr(what string, err error) {
	if err != nil {
		r.exit.Err = errors.Join(r.exit.Err, fmt.Errorf("%s %s: %w", what, r.spec.Path, err))
	}
}

// after is time.After, but never for d == 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}
