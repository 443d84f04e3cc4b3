//go:build unix

package testbin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// soon is a delay that a test waits for in vain: it ends with a kill.
const soon = 20 * time.Millisecond

// osChild are the children that need signals. Those that hang say "ready" first.
func osChild(name string) int {
	switch name {
	case "killself":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			fmt.Println(err)
		}
		return hang()
	case "signals":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
		fmt.Println("ready")
		fmt.Println("got", <-c)
		return 5
	case "hang":
		fmt.Println("ready")
		return hang()
	case "stubborn":
		ignoreAll()
		fmt.Println("ready")
		return hang()
	case "holder", "silent", "stubborn-family":
		return parent(name)
	case "grandchild":
		return grandchild()
	}
	fmt.Println("no such child:", name)
	return 99
}

func ignoreAll() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT) }

// hang blocks for ever, on a pipe, so that the runtime sees no deadlock.
func hang() int {
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return 98
	}
	_, err = r.Read(make([]byte, 1))
	fmt.Println("unexpected end of hang:", err, w.Name())
	return 97
}

// lifeVar names the fifo that a grandchild holds open as long as it lives.
const lifeVar = "TESTBIN_LIFE"

// parent starts a grandchild that ignores signals and holds the output ("silent"
// does not). It exits 0 when that is ready, or hangs ("stubborn-family").
func parent(name string) int {
	exe, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return 96
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVar+"=grandchild")
	if name != "silent" {
		cmd.Stdout = os.Stdout
	}
	ready, err1 := cmd.StderrPipe()
	_, err2 := cmd.StdinPipe() // its end tells the grandchild that this process is gone
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		fmt.Println(err)
		return 95
	}
	if _, err := io.ReadFull(ready, make([]byte, 1)); err != nil {
		fmt.Println("grandchild:", err)
		return 94
	}
	if name == "stubborn-family" {
		ignoreAll()
		fmt.Println("ready")
		return hang()
	}
	return 0
}

func grandchild() int {
	ignoreAll()
	life, err := os.OpenFile(os.Getenv(lifeVar), os.O_WRONLY, 0)
	if err != nil {
		fmt.Println(err)
		return 93
	}
	fmt.Fprint(os.Stderr, "r")
	_, err = io.ReadAll(os.Stdin)
	fmt.Println("orphaned", err)
	code := hang()
	fmt.Println(life.Close())
	return code
}

// family returns the spec of a child that has a grandchild, and a function that
// returns when the grandchild is dead.
func family(t *testing.T, name string) (Spec, func()) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "life")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	dead := make(chan error, 1)
	go func() { // ends when the grandchild, the only writer, is dead
		_, err := os.ReadFile(fifo)
		dead <- err
	}()
	s := spec(t, name)
	s.Env = append(s.Env, lifeVar+"="+fifo)
	return s, func() {
		if err := <-dead; err != nil {
			t.Error(err)
		}
	}
}

func TestRunSignalDeath(t *testing.T) {
	t.Parallel()
	e := Run(t.Context(), spec(t, "killself"), io.Discard)
	if e.OK() || e.Code != -1 || e.Signal != syscall.SIGKILL || e.Killed || e.Err != nil {
		t.Errorf("%+v, want death by SIGKILL", e)
	}
	if e.MaxRSS < 1<<20 {
		t.Errorf("MaxRSS = %d bytes", e.MaxRSS)
	}
}

func TestRunCancel(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cause error
		want  string
	}{
		{Signal{os.Interrupt}, "got interrupt"},
		{fmt.Errorf("stop: %w", Signal{syscall.SIGINT}), "got interrupt"},
		{nil, "got terminated"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			out := &lookout{want: "ready", then: func() { cancel(tc.cause) }}
			s := spec(t, "signals")
			s.Grace = time.Hour
			e := Run(ctx, s, out)
			if !strings.Contains(out.String(), tc.want) || e.Code != 5 || !e.Canceled || e.Killed || e.Err != nil {
				t.Errorf("%+v, output %q, want %q", e, out, tc.want)
			}
		})
	}
}

// TestRunGrace ends a process and its child that both ignore signals, after the
// grace time or when hurried.
func TestRunGrace(t *testing.T) {
	t.Parallel()
	hurry := make(chan struct{})
	close(hurry)
	for name, edit := range map[string]func(*Spec){
		"none":  func(*Spec) {},
		"short": func(s *Spec) { s.Grace = soon },
		"hurry": func(s *Spec) { s.Grace, s.Kill = time.Hour, hurry },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s, dead := family(t, "stubborn-family")
			edit(&s)
			e := Run(ctx, s, &lookout{want: "ready", then: cancel})
			dead()
			if !e.Canceled || !e.Killed || e.Signal != syscall.SIGKILL || e.IncompleteIO || e.Err != nil {
				t.Errorf("%+v, want killed after cancel", e)
			}
		})
	}
}

// TestRunHeldOutput has a child that has exited and left a process behind that
// holds the output.
func TestRunHeldOutput(t *testing.T) {
	t.Parallel()
	s, dead := family(t, "holder")
	s.WaitDelay = soon
	e := Run(t.Context(), s, io.Discard)
	dead()
	if e.OK() || e.Code != 0 || !e.IncompleteIO || e.Killed || e.Err != nil {
		t.Errorf("%+v, want incomplete output", e)
	}
}

// TestRunHeldOutputCancel is the same without WaitDelay: the context must still
// be able to end the wait.
func TestRunHeldOutputCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, dead := family(t, "holder")
	s.Grace = soon
	e := Run(ctx, s, &lookout{want: "orphaned", then: cancel})
	dead()
	// It was killed, and the output complete, if cancel came before it was known that the child had exited.
	if e.Code != 0 || !e.Canceled || !e.IncompleteIO && !e.Killed || e.Err != nil {
		t.Errorf("%+v, want canceled with incomplete output", e)
	}
}

// TestRunLeftOver has a child that has exited and left a process behind that
// does not hold the output: it is killed.
func TestRunLeftOver(t *testing.T) {
	t.Parallel()
	s, dead := family(t, "silent")
	e := Run(t.Context(), s, io.Discard)
	dead()
	if !e.OK() {
		t.Errorf("%+v, want OK", e)
	}
}

// TestRunKillAfter lets the alarm go off when the child is ready.
func TestRunKillAfter(t *testing.T) {
	t.Parallel()
	for name, stubborn := range map[string]bool{"hang": false, "stubborn": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(t, name)
			s.KillAfter, s.WaitDelay = time.Hour, time.Hour
			if stubborn {
				s.WaitDelay = soon
			}
			r, err := startOnce(s)
			if err != nil {
				t.Fatal(err)
			}
			alarm := make(chan time.Time, 1)
			r.alarm = alarm
			out := &lookout{want: "ready", then: func() { alarm <- time.Time{} }}
			e := r.wait(t.Context(), out)
			if !e.TimedOut || e.Killed != stubborn || e.IncompleteIO || e.Err != nil {
				t.Errorf("%+v", e)
			}
			if dump := strings.Contains(out.String(), "SIGQUIT: quit"); dump == stubborn {
				t.Errorf("output %q", out)
			}
		})
	}
}

// TestRunQuit tells a process to end when the child is ready: it prints its goroutines, or is killed
// when it does not.
func TestRunQuit(t *testing.T) {
	t.Parallel()
	for name, stubborn := range map[string]bool{"hang": false, "stubborn": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(t, name)
			s.WaitDelay = time.Hour
			if stubborn {
				s.WaitDelay = soon
			}
			quit := make(chan struct{})
			s.Quit = quit
			out := &lookout{want: "ready", then: func() { close(quit) }}
			e := Run(t.Context(), s, out)
			if !e.Quit || e.TimedOut || e.Killed != stubborn || e.IncompleteIO || e.Err != nil || e.OK() {
				t.Errorf("%+v", e)
			}
			trace := slices.ContainsFunc(strings.SplitAfter(out.String(), "\n"), func(line string) bool { return IsTrace([]byte(line)) })
			if trace == stubborn {
				t.Errorf("output %q", out)
			}
		})
	}
}

func TestRunKillAfterReal(t *testing.T) {
	t.Parallel()
	s := spec(t, "hang")
	s.KillAfter, s.WaitDelay = soon, time.Hour
	if e := Run(t.Context(), s, io.Discard); !e.TimedOut || e.OK() || e.Err != nil {
		t.Errorf("%+v, want timed out", e)
	}
}

// TestStartBusy starts a program that is open for writing until the first try.
func TestStartBusy(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	f, err := os.OpenFile(script, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("#!/bin/sh\necho started\n"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	r, err := start(t.Context(), func() (*running, error) {
		tries++
		r, err := startOnce(Spec{Path: script})
		if tries == 1 {
			if !isBusy(err) {
				t.Skipf("this system starts a program that is open for writing (%v)", err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if e := r.wait(t.Context(), &out); !e.OK() || out.String() != "started\n" || tries < 2 {
		t.Errorf("%+v after %d tries, output %q", e, tries, out.String())
	}
}

// TestStartBusyForever has a program that somebody keeps open for writing.
func TestStartBusyForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		_, err := start(t.Context(), func() (*running, error) {
			tries++
			return nil, &fs.PathError{Op: "fork/exec", Path: "p.test", Err: syscall.ETXTBSY}
		})
		if !errors.Is(err, syscall.ETXTBSY) || !strings.Contains(err.Error(), "open for writing") || tries < 2 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

// TestStartBusyCanceled has a run end while a program is busy.
func TestStartBusyCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("over")
		_, err := start(ctx, func() (*running, error) {
			cancel(over)
			return nil, syscall.ETXTBSY
		})
		if !errors.Is(err, over) {
			t.Errorf("%v, want %v", err, over)
		}
	})
}

// panicking is a writer with a mistake.
type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic("a mistake") }

// TestWriterPanics: a mistake of the one who reads the output is a panic of Run, which its caller can
// catch, and not the end of the program.
func TestWriterPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		err, ok := recover().(error)
		if !ok || !strings.Contains(err.Error(), "a mistake") || !strings.Contains(err.Error(), "panicking.Write") {
			t.Errorf("recovered %v", err)
		}
	}()
	Run(t.Context(), Spec{Path: "/bin/sh", Args: []string{"-c", "echo hello; sleep 600"}}, panicking{})
}
