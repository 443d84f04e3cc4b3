package gotest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// open returns a Listener that the test's end closes, and checks that nothing
// of it is left.
func open(t *testing.T) *Listener {
	t.Helper()
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-l.done: // the test has closed it
		default:
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Stat(l.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", l.Dir, err)
		}
	})
	return l
}

// outcome is what the go command sees of an exec-test.
type outcome struct {
	code           int
	stdout, stderr bytes.Buffer
}

// execTestIn runs exec-test in a goroutine.
func execTestIn(l *Listener, args ...string) <-chan *outcome {
	ended := make(chan *outcome, 1)
	go func() { // ends with exec-test
		o := new(outcome)
		o.code = ExecTest(args, []string{"A=1", l.Env(), "B=\xff"}, &o.stdout, &o.stderr, nil)
		ended <- o
	}()
	return ended
}

// dial connects to the listener as exec-test does.
func dial(t *testing.T, l *Listener) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", l.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() }) //nolint:errcheck // it may be closed
	return conn.(*net.UnixConn)
}

// greet sends a good hello.
func greet(t *testing.T, l *Listener, conn *net.UnixConn) {
	t.Helper()
	if err := reentry.WriteFrame(conn, reentry.FrameHello, reentry.Hello{Token: l.token, Args: []string{"binary"}}.Encode()); err != nil {
		t.Fatal(err)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	l := open(t)
	ended := execTestIn(l, "-timeout=5s", "/bin/x.test", "-test.v", "\xfe arg")
	r := <-l.Requests()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if r.Dir != dir || r.Binary != "/bin/x.test" || !slices.Equal(r.Args, []string{"-test.v", "\xfe arg"}) {
		t.Errorf("Dir %q, Binary %q, Args %q", r.Dir, r.Binary, r.Args)
	}
	if !slices.Equal(r.Env, []string{"A=1", "B=\xff"}) {
		t.Errorf("Env %q: the listener's own variable is not the tests'", r.Env)
	}
	if n, err := io.WriteString(r, "hello\n"); n != 6 || err != nil {
		t.Errorf("Write: %d, %v", n, err)
	}
	select {
	case <-r.Gone():
		t.Error("gone before Exit")
	default:
	}
	if err := r.Exit(3); err != nil {
		t.Error(err)
	}
	if err := r.Exit(0); err != nil { // does not count
		t.Error(err)
	}
	if n, err := io.WriteString(r, "late"); n != 4 || err != nil {
		t.Errorf("Write after Exit: %d, %v", n, err)
	}
	o := <-ended
	if o.code != 3 || o.stdout.String() != "hello\n" || o.stderr.Len() > 0 {
		t.Errorf("exit status %d, stdout %q, stderr %q", o.code, &o.stdout, &o.stderr)
	}
	<-r.Gone()
}

// TestOutputOfAnySize sends lines around every limit, in one and many writes.
func TestOutputOfAnySize(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, size := range []int{0, 1, maxOutputFrame - 1, maxOutputFrame, maxOutputFrame + 1, 9 << 20} {
		want := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
		ended := execTestIn(l, "x")
		r := <-l.Requests()
		if n, err := r.Write(want); n != size || err != nil {
			t.Errorf("%d bytes: %d, %v", size, n, err)
		}
		for _, c := range []string{"a", "", "b"} {
			if _, err := io.WriteString(r, c); err != nil {
				t.Error(err)
			}
		}
		if err := r.Exit(0); err != nil {
			t.Error(err)
		}
		if o := <-ended; o.code != 0 || o.stdout.String() != string(want)+"ab" {
			t.Errorf("%d bytes: exit status %d, %d bytes", size, o.code, o.stdout.Len())
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, code := range []int{0, 1, 2, 7, 255} {
		ended := execTestIn(l, "x")
		if err := (<-l.Requests()).Exit(code); err != nil {
			t.Error(err)
		}
		if o := <-ended; o.code != code {
			t.Errorf("exit status %d, want %d", o.code, code)
		}
	}
}

// TestManyAtOnce has the writers of many requests at work together.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	const n = 40
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			o := <-execTestIn(l, fmt.Sprint(i))
			if want := strings.Repeat(fmt.Sprint(i, "\n"), 1000); o.code != i || o.stdout.String() != want {
				t.Errorf("%d: exit status %d, %d bytes of output, %q", i, o.code, o.stdout.Len(), &o.stderr)
			}
		})
	}
	for range n {
		r := <-l.Requests()
		wg.Go(func() {
			var code int
			if _, err := fmt.Sscan(r.Binary, &code); err != nil {
				t.Error(err)
			}
			var writers sync.WaitGroup
			for range 10 {
				writers.Go(func() {
					for range 100 {
						if _, err := io.WriteString(r, r.Binary+"\n"); err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			if err := r.Exit(code); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestPeerGone has exec-test killed while output is on its way to it.
func TestPeerGone(t *testing.T) {
	t.Parallel()
	l := open(t)
	conn := dial(t, l)
	greet(t, l, conn)
	r := <-l.Requests()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-r.Gone()
	big := make([]byte, 1<<20)
	if n, err := r.Write(big); n != len(big) || err != nil {
		t.Errorf("Write to a lost peer: %d, %v; it is to drop what it gets", n, err)
	}
	if r.Exit(0) == nil {
		t.Error("Exit reports that a lost peer has its output")
	}
	if r.Exit(0) == nil {
		t.Error("Exit forgets the error")
	}
}

// TestPeerDoesNotRead has Close end a write that nobody takes.
func TestPeerDoesNotRead(t *testing.T) {
	t.Parallel()
	l := open(t)
	greet(t, l, dial(t, l))
	r := <-l.Requests()
	written := make(chan error)
	go func() { // ends when Close cuts the connection
		_, _ = r.Write(make([]byte, 64<<20))
		written <- r.Exit(0)
	}()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if <-written == nil {
		t.Error("Exit reports that all output was taken")
	}
}

// TestCohortGone has cohort end while exec-test waits.
func TestCohortGone(t *testing.T) {
	t.Parallel()
	l := open(t)
	ended := execTestIn(l, "x")
	r := <-l.Requests()
	if _, err := io.WriteString(r, "begun\n"); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	o := <-ended
	if o.code != 1 || o.stdout.String() != "begun\n" || !strings.Contains(o.stderr.String(), "cohort is gone") {
		t.Errorf("exit status %d, stdout %q, stderr %q", o.code, &o.stdout, &o.stderr)
	}
	<-r.Gone()
}

// TestCloseWithOpenRequests has Close come before anybody has taken them.
func TestCloseWithOpenRequests(t *testing.T) {
	t.Parallel()
	l := open(t)
	var ended []<-chan *outcome
	for range 5 {
		ended = append(ended, execTestIn(l, "x"))
	}
	<-l.Requests() // one is there
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, e := range ended {
		if o := <-e; o.code != 1 || o.stderr.Len() == 0 {
			t.Errorf("exit status %d, stderr %q", o.code, &o.stderr)
		}
	}
}

func TestExecTestErrors(t *testing.T) {
	t.Parallel()
	l := open(t)
	gone := ExecEnv + "=x@" + filepath.Join(t.TempDir(), "s")
	for _, tc := range []struct {
		name string
		env  string
		args []string
		want string
	}{
		{"no binary", l.Env(), nil, "no test binary"},
		{"only flags", l.Env(), []string{"-timeout=1s"}, "no test binary"},
		{"no variable", "A=1", []string{"x"}, "is not set"},
		{"odd variable", ExecEnv + "=x", []string{"x"}, "is not set"},
		{"no socket", gone, []string{"x"}, "reach cohort"},
		{"wrong token", ExecEnv + "=wrong@" + l.path, []string{"x"}, "cohort is gone"},
	} {
		var stdout, stderr bytes.Buffer
		code := ExecTest(tc.args, []string{tc.env}, &stdout, &stderr, nil)
		if code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want %q in it", tc.name, code, &stdout, &stderr, tc.want)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestExecTestCannotWrite(t *testing.T) {
	t.Parallel()
	l := open(t)
	ended := make(chan *outcome)
	go func() { // ends with exec-test
		o := new(outcome)
		o.code = ExecTest([]string{"x"}, []string{l.Env()}, failingWriter{}, &o.stderr, nil)
		ended <- o
	}()
	r := <-l.Requests()
	_, _ = io.WriteString(r, "x")
	if o := <-ended; o.code != 1 || !strings.Contains(o.stderr.String(), "disk full") {
		t.Errorf("exit status %d, stderr %q", o.code, &o.stderr)
	}
	<-r.Gone()
}

// TestBadHello has strangers at the socket: each is cut off, and none is a
// request.
func TestBadHello(t *testing.T) {
	t.Parallel()
	l := open(t)
	frame := func(kind byte, payload []byte) string {
		var b bytes.Buffer
		if err := reentry.WriteFrame(&b, kind, payload); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	hello := func(h reentry.Hello) string { return frame(reentry.FrameHello, h.Encode()) }
	good := reentry.Hello{Token: l.token, Args: []string{"x"}}
	for name, stream := range map[string]string{
		"garbage":     "GET / HTTP/1.1\r\n\r\n",
		"too large":   "H\xff\xff\xff\xff",
		"malformed":   frame(reentry.FrameHello, []byte("\x02hi")),
		"no token":    hello(reentry.Hello{Args: []string{"x"}}),
		"wrong token": hello(reentry.Hello{Token: "x", Args: []string{"x"}}),
		"part":        hello(reentry.Hello{Token: l.token[:len(l.token)-1], Args: []string{"x"}}),
		"no binary":   hello(reentry.Hello{Token: l.token}),
		"no hello":    frame(reentry.FrameExit, good.Encode()),
		"cut off":     hello(good)[:9],
		"nothing":     "",
	} {
		conn := dial(t, l)
		if _, err := io.WriteString(conn, stream); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := conn.CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
			t.Errorf("%s: %v", name, err)
		}
		// A reset counts as an end: cohort closed without having read everything.
		if got, err := io.ReadAll(conn); len(got) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: the answer is %q, %v", name, got, err)
		}
	}
	select {
	case r := <-l.Requests():
		t.Errorf("a request: %+v", r)
	default:
	}
}

func TestListenerIsPrivate(t *testing.T) {
	t.Parallel()
	l := open(t)
	info, err := os.Stat(l.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v", l.Dir, info.Mode())
	}
	other := open(t)
	if l.token == other.token || l.Dir == other.Dir {
		t.Error("two listeners share a token or a directory")
	}
}

// TestLongTempDir is not parallel: it sets TMPDIR.
func TestLongTempDir(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the directory for temporary files is set otherwise")
	}
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", maxSocketPath))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", deep)
	l := open(t)
	if len(l.path) > maxSocketPath {
		t.Errorf("the socket's path has %d bytes", len(l.path))
	}
	if left, err := os.ReadDir(deep); err != nil || len(left) > 0 {
		t.Errorf("left in TMPDIR: %v, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(deep, "missing"))
	if _, err := Listen(); err == nil {
		t.Error("no error without a directory for temporary files")
	}
}

// TestListenerLeavesNoGoroutine is not parallel: it counts goroutines.
func TestListenerLeavesNoGoroutine(t *testing.T) {
	useListener(t) // os/signal starts one goroutine, for good
	before := runtime.NumGoroutine()
	useListener(t)
	// All are waited for, but one that only has to return after its last word
	// may need the processor once more, which a busy machine gives it late.
	for end := time.Now().Add(time.Minute); time.Now().Before(end); runtime.Gosched() {
		if runtime.NumGoroutine() <= before {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

// useListener opens a listener, has requests answered and left open, and closes it.
func useListener(t *testing.T) {
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	var ended []<-chan *outcome
	for i := range 6 {
		ended = append(ended, execTestIn(l, "x"))
		r := <-l.Requests()
		if _, err := io.WriteString(r, "x"); err != nil {
			t.Error(err)
		}
		if i%2 == 0 {
			if err := r.Exit(0); err != nil {
				t.Error(err)
			}
		}
	}
	silent := dial(t, l)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, e := range ended {
		<-e
	}
	if err := silent.Close(); err != nil {
		t.Error(err)
	}
}
