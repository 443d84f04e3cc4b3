package gotest

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// maxSocketPath is the longest path that a Unix socket address holds on every
// system (104 bytes on macOS and the BSDs, one of them the final zero).
const maxSocketPath = 103

// Listener receives the test binaries that the go command wants run.
type Listener struct {
	// Dir is a private directory (mode 0700) for this run's files. Close
	// removes it.
	Dir string
	// Builds gives the go command's build tools their turns.
	Builds *Builds

	scratch  *scratch.Dir // of Dir
	token    string
	path     string
	socket   net.Listener
	requests chan *Request
	done     chan struct{}
	conns    sync.WaitGroup
}

// Listen makes the private directory and the socket in it. The caller owns the
// Listener and must Close it.
func Listen() (*Listener, error) {
	dir, err := privateDir()
	if err != nil {
		return nil, err
	}
	l := &Listener{
		Dir:      dir.Path,
		scratch:  dir,
		Builds:   newBuilds(),
		token:    rand.Text(),
		path:     filepath.Join(dir.Path, "s"),
		requests: make(chan *Request),
		done:     make(chan struct{}),
	}
	l.socket, err = net.Listen("unix", l.path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open socket for go test: %w", err), dir.Remove())
	}
	l.conns.Add(1)
	go l.accept() // ends when Close closes the socket
	return l, nil
}

// privateDir makes a directory whose socket has a short enough path.
func privateDir() (*scratch.Dir, error) {
	dir, err := scratch.Make("", "")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	if len(filepath.Join(dir.Path, "s")) <= maxSocketPath {
		return dir, nil
	}
	if err := dir.Remove(); err != nil {
		return nil, err
	}
	// A deep TMPDIR: sockets need a short one.
	dir, err = scratch.Make("/tmp", "")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory (TMPDIR is too long for a socket): %w", err)
	}
	return dir, nil
}

// Env returns the variable by which exec-test finds the listener.
func (l *Listener) Env() string { return ExecEnv + "=" + l.token + "@" + l.path }

// Requests yields each binary that the go command wants run. It is never closed.
func (l *Listener) Requests() <-chan *Request { return l.requests }

// Close ends the listener and every request that is still open, and removes
// the private directory.
func (l *Listener) Close() error {
	close(l.done)
	err := l.socket.Close()
	l.conns.Wait()
	if rmErr := l.scratch.Remove(); rmErr != nil {
		err = errors.Join(err, fmt.Errorf("remove temporary directory: %w", rmErr))
	}
	return err
}

func (l *Listener) accept() {
	defer l.conns.Done()
	for {
		conn, err := l.socket.Accept()
		if err != nil {
			select {
			case <-l.done:
				return
			default:
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// A passing lack of file descriptors, say: exec-test waits in the
			// queue meanwhile.
			select {
			case <-l.done:
				return
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		l.conns.Add(1)
		go func() { // ends when exec-test or the Listener closes the connection
			defer l.conns.Done()
			l.serve(conn.(*net.UnixConn))
		}()
	}
}

// serve reads one connection, of exec-test or exec-tool, until it ends.
func (l *Listener) serve(conn *net.UnixConn) {
	defer conn.Close() //nolint:errcheck // its peer is gone, or is told by the close
	stop := make(chan struct{})
	defer close(stop)
	l.conns.Add(1)
	go func() { // ends with serve or with the Listener
		defer l.conns.Done()
		select {
		case <-l.done:
			conn.Close() //nolint:errcheck // unblocks the reads below
		case <-stop:
		}
	}()
	if checkPeer(conn) != nil {
		return
	}
	kind, payload, _, err := reentry.ReadFrame(conn, nil)
	if err != nil {
		return // not ours: the closed connection is its answer
	}
	switch kind {
	case reentry.FrameHello:
		if h, err := reentry.DecodeHello(payload); err == nil && len(h.Args) > 0 && l.knows(h.Token) {
			l.serveTest(conn, h)
		}
	case reentry.FrameBuild:
		if b, err := reentry.DecodeBuild(payload); err == nil && l.knows(b.Token) {
			l.Builds.serve(conn, b.Tool)
		}
	}
}

// serveTest hands on what an exec-test wants run, and returns when that has ended.
func (l *Listener) serveTest(conn *net.UnixConn, h reentry.Hello) {
	r := &Request{Dir: h.Dir, Binary: h.Args[0], Args: h.Args[1:], Env: h.Env, conn: conn, gone: make(chan struct{})}
	defer close(r.gone)
	select {
	case l.requests <- r:
	case <-l.done:
		return
	}
	// exec-test says nothing more.
	_, _ = io.Copy(io.Discard, conn)
}

// knows reports whether token is this run's.
func (l *Listener) knows(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(l.token)) == 1
}

// Request is one test binary that the go command wants run, and the line back
// to it. Write and Exit may be called from any goroutine.
type Request struct {
	// Dir is the package's directory, in which the binary is to run.
	Dir string
	// Binary is the path of the test binary, Args are its arguments, Env is
	// its whole environment. The binary is removed once Exit has been called.
	Binary string
	Args   []string
	Env    []string

	conn *net.UnixConn
	gone chan struct{}

	mu     sync.Mutex
	closed bool
	err    error
}

// Gone is closed when the exec-test process has ended or was cut off.
func (r *Request) Gone() <-chan struct{} { return r.gone }

// maxOutputFrame keeps one frame within what a socket takes in one go.
const maxOutputFrame = 128 << 10

// Write sends p to the go command as the binary's output. After the first
// error, which Exit returns too, it drops what it is given, so that the tests
// are not held up.
func (r *Request) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for rest := p; len(rest) > 0 && r.err == nil && !r.closed; {
		part := rest[:min(len(rest), maxOutputFrame)]
		rest = rest[len(part):]
		r.err = reentry.WriteFrame(r.conn, reentry.FrameOutput, part)
	}
	return len(p), nil
}

// Exit ends the binary's run with an exit status. Only the first call counts.
// It reports whether all output has reached exec-test's socket.
func (r *Request) Exit(code int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.err
	}
	r.closed = true
	if r.err == nil {
		r.err = reentry.WriteFrame(r.conn, reentry.FrameExit, []byte(strconv.Itoa(code)))
	}
	return r.err
}
