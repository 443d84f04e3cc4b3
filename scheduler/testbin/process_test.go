package testbin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// child does what the test that started this process wants, and returns the
// exit code.
func child(name string) int {
	switch name {
	case "streams":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		in, err := io.ReadAll(os.Stdin)
		fmt.Printf("stdin: %q %v\n", in, err)
		return 0
	case "context":
		dir, err := os.Getwd()
		fmt.Printf("%q %s %v %s\n", os.Args[1:], dir, err, os.Getenv("TESTBIN_VALUE"))
		return 0
	case "exit7":
		return 7
	case "flood":
		for range floodSize / (1 << 20) {
			os.Stdout.Write(bytes.Repeat([]byte("0123456789abcde\n"), 1<<16))
		}
		return 0
	}
	return osChild(name)
}

const floodSize = 50 << 20

// spec returns what starts a child.
func spec(t *testing.T, name string) Spec {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Path: exe, Env: append(os.Environ(), childVar+"="+name)}
}

// lookout is a writer that calls then when it has got the text want.
type lookout struct {
	bytes.Buffer
	want string
	then func()
}

func (l *lookout) Write(b []byte) (int, error) {
	n, err := l.Buffer.Write(b)
	if l.then != nil && strings.Contains(l.String(), l.want) {
		l.then()
		l.then = nil
	}
	return n, err
}

func TestRunStreams(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	before := time.Now()
	e := Run(t.Context(), spec(t, "streams"), &out)
	if want := "to stdout\nto stderr\nstdin: \"\" <nil>\n"; out.String() != want {
		t.Errorf("output %q, want %q", out.String(), want)
	}
	if !e.OK() || e.Code != 0 || e.Signal != nil || e.Canceled {
		t.Errorf("%+v, want OK", e)
	}
	if e.Start.Before(before) || e.End.Before(e.Start) || e.User+e.System == 0 {
		t.Errorf("times: %+v", e)
	}
}

func TestRunContext(t *testing.T) {
	t.Parallel()
	s := spec(t, "context")
	s.Exec = []string{s.Path, "wrap"} // the child does not care that it is a wrapper
	s.Args = []string{"a b", ""}
	s.Dir = t.TempDir()
	s.Env = append(s.Env, "TESTBIN_VALUE=value")
	dir, err := filepath.EvalSymlinks(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := Run(t.Context(), s, &out)
	if want := fmt.Sprintf("%q %s <nil> value\n", []string{"wrap", s.Path, "a b", ""}, dir); !e.OK() || out.String() != want {
		t.Errorf("%+v, output %q, want %q", e, out.String(), want)
	}
}

func TestRunExitCode(t *testing.T) {
	t.Parallel()
	e := Run(t.Context(), spec(t, "exit7"), io.Discard)
	if e.OK() || e.Code != 7 || e.Err != nil || e.Signal != nil {
		t.Errorf("%+v, want code 7", e)
	}
}

func TestRunFlood(t *testing.T) {
	t.Parallel()
	total, largest := 0, 0
	e := Run(t.Context(), spec(t, "flood"), writerFunc(func(b []byte) (int, error) {
		total += len(b)
		largest = max(largest, len(b))
		return len(b), nil
	}))
	if !e.OK() || total != floodSize || largest > 32<<10 {
		t.Errorf("%+v, %d bytes in chunks of up to %d, want %d, %d", e, total, largest, floodSize, 32<<10)
	}
}

func TestRunWriterFails(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	calls := 0
	s := spec(t, "flood")
	e := Run(t.Context(), s, writerFunc(func([]byte) (int, error) { calls++; return 0, full }))
	if e.OK() || e.Code != 0 || !errors.Is(e.Err, full) || !strings.Contains(e.Err.Error(), s.Path) || calls != 1 {
		t.Errorf("%+v after %d writes", e, calls)
	}
}

func TestRunNotStarted(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	for _, tc := range []struct {
		ctx  context.Context
		edit func(*Spec)
		want error
	}{
		{t.Context(), func(s *Spec) { s.Path += ".none" }, fs.ErrNotExist},
		{t.Context(), func(s *Spec) { s.Dir = filepath.Join(t.TempDir(), "none") }, fs.ErrNotExist},
		{t.Context(), func(s *Spec) { s.Exec = []string{filepath.Join(t.TempDir(), "none")} }, fs.ErrNotExist},
		{ended, func(*Spec) {}, gone},
	} {
		s := spec(t, "exit7")
		tc.edit(&s)
		e := Run(tc.ctx, s, io.Discard)
		if e.OK() || e.Code != -1 || !errors.Is(e.Err, tc.want) || !strings.Contains(e.Err.Error(), s.Path) || !e.Start.IsZero() {
			t.Errorf("%+v, want %v", e, tc.want)
		}
		if e.Canceled != (tc.ctx == ended) {
			t.Errorf("Canceled = %v", e.Canceled)
		}
	}
}

// TestRunRestored: a binary that a test has deleted, or made one that cannot be started, at the last moment is
// started all the same.
func TestRunRestored(t *testing.T) {
	t.Parallel()
	s := spec(t, "exit7")
	self := s.Path
	for name, spoil := range map[string]func() error{
		"gone": func() error { return nil },
		"mode": func() error { return os.WriteFile(s.Path, nil, 0o400) },
	} {
		if name == "mode" && runtime.GOOS == "windows" {
			continue // there is none
		}
		s.Path = filepath.Join(t.TempDir(), name)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		restored := 0
		s.Restore = func(path string) {
			restored++
			_ = os.Remove(path)
			if err := Duplicate(self, path); err != nil {
				t.Error(err)
			}
		}
		if e := Run(t.Context(), s, io.Discard); e.Code != 7 || e.Err != nil || restored != 1 {
			t.Errorf("%s: %+v, restored %d times", name, e, restored)
		}
		s.Restore = func(string) { restored++ }
		s.Path += ".none"
		if e := Run(t.Context(), s, io.Discard); !errors.Is(e.Err, fs.ErrNotExist) || restored != 2 {
			t.Errorf("%s: %+v, restored %d times", name, e, restored)
		}
	}
}

// TestRunParser puts the parts together: a process and the parser of its stream.
func TestRunParser(t *testing.T) {
	t.Parallel()
	s := spec(t, "")
	s.Env = slices.DeleteFunc(s.Env, func(v string) bool { return strings.HasPrefix(v, childVar) })
	s.Args = []string{"-test.v=test2json", "-test.run=^TestParserElapsed$|^TestParserTally$"}
	rejected := 0
	p := NewParser(nil, func(e Event) {
		if e.Rejected {
			rejected++
		}
	})
	e := Run(t.Context(), s, p)
	p.Close()
	if n, ok := p.Final(); !e.OK() || n != 1 || !ok || len(p.Open()) != 0 || rejected > 0 {
		t.Errorf("%+v, closed %d times with %v, open %v", e, n, ok, p.Open())
	}
	if got, want := p.Seen(), []string{"TestParserElapsed", "TestParserTally"}; !slices.Equal(got, want) {
		t.Errorf("Seen() = %v, want %v", got, want)
	}
}

// Grace has ended just before Kill was closed: the process is dead, and its last output on the way.
func TestKillAfterGrace(t *testing.T) {
	t.Parallel()
	r := &running{exited: true, exit: Exit{Killed: true}}
	if r.hurry(); r.exit.IncompleteIO {
		t.Error("the output is cut off although it may still come")
	}
	r = &running{exited: true}
	if r.hurry(); !r.exit.IncompleteIO {
		t.Error("the output of a process that has ended is waited for")
	}
}
