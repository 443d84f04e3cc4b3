package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// bridge serves the engine of a run to the cohort that started it, over stdin and stdout.
type bridge struct {
	queue  queueFlags
	node   string
	terms  remote.Terms
	limits limits
}

func newBridge() (*flagTable, runner) {
	b := &bridge{terms: remote.DefaultTerms()}
	t := newTable("bridge")
	b.queue.bind(t)
	t.text(&b.node, usage.Flag{Name: "node", Takes: "NAME", Help: "what this machine is called: letters, digits, _ and -"})
	for _, f := range []struct {
		name string
		to   *time.Duration
	}{{"ack-wait", &b.terms.AckWait}, {"leader-ttl", &b.terms.LeaderTTL}, {"node-ttl", &b.terms.NodeTTL}} {
		t.add((*durationValue)(f.to), usage.Flag{Name: f.name, Takes: "DURATION", Hidden: true, Help: "for tests: shorter times"})
	}
	for _, f := range []struct {
		name string
		to   *int64
	}{{"max-work", &b.limits.work}, {"max-results", &b.limits.results}, {"max-output", &b.limits.output}} {
		t.set.Int64Var(f.to, f.name, 0, "")
		t.command.Flags = append(t.command.Flags, usage.Flag{Name: f.name, Kind: usage.Number, Hidden: true, Help: "for tests: bytes that a stream may hold"})
	}
	return t, b
}

func (b *bridge) problems() []string {
	all := b.queue.problems()
	if b.node == "" {
		return append(all, "--node is missing: the name of this machine")
	}
	if err := remote.CheckID(b.node); err != nil {
		all = append(all, fmt.Sprintf("--node=%s: %v", b.node, err))
	}
	return all
}

// run serves until stdin ends. A signal does not end it: Ctrl-C reaches all programs of a terminal,
// and cohort has something to say to the other machines then.
func (b *bridge) run(ctx context.Context, c *command) error {
	ctx = context.WithoutCancel(ctx)
	conn := newStdio(c.stdin, c.stdout)
	reach, cancel := context.WithTimeout(ctx, b.queue.wait)
	defer cancel()
	defer context.AfterFunc(conn.gone, cancel)() // nobody waits for the server any more
	l, err := dial(reach, &b.queue, b.node)
	if err != nil {
		return refuse(conn, err)
	}
	e, err := open(l, b.queue.runID, b.node, b.terms, b.limits)
	if err != nil {
		l.shut()
		return refuse(conn, err)
	}
	return errors.Join(remote.Serve(ctx, e, conn), e.Close())
}

// refuse says to cohort what is wrong with its flags. Somebody who has started the program by hand
// reads it on the terminal.
func (b *bridge) refuse(c *command, err error) error {
	wrong, ok := errors.AsType[*usage.Error](err)
	in, file := c.stdin.(*os.File)
	if !ok || file && term.IsTerminal(int(in.Fd())) {
		return err
	}
	if remote.Refuse(newStdio(c.stdin, c.stdout), errors.New(strings.Join(wrong.Problems, "; "))) != nil {
		return err // nobody listens
	}
	return exitStatus{exitError}
}

// refuse says to cohort why it cannot be served. A user hears it from cohort, or from here if
// nobody listens.
func refuse(conn io.ReadWriteCloser, why error) error {
	if err := remote.Refuse(conn, why); err != nil {
		return errors.Join(why, err)
	}
	return exitStatus{exitError}
}

// stdio is a pipe to the program that started this one. stdin is read in a goroutine, so that a
// read can be given up and its end is noticed while nobody reads: a read of stdin cannot be
// interrupted.
type stdio struct {
	out    io.Writer
	pieces chan []byte
	rest   []byte
	gone   context.Context // ends with stdin
	closed chan struct{}
	shut   sync.Once
}

// How much of stdin is read ahead: at least the peer's first message.
const piece, piecesAhead = 64 << 10, 4

// newStdio begins to read. The goroutine ends with stdin, or with the process.
func newStdio(in io.Reader, out io.Writer) *stdio {
	gone, cancel := context.WithCancel(context.Background())
	s := &stdio{out: out, pieces: make(chan []byte, piecesAhead), gone: gone, closed: make(chan struct{})}
	go func() {
		defer cancel()
		defer close(s.pieces)
		for {
			buffer := make([]byte, piece)
			n, err := in.Read(buffer)
			if n > 0 {
				select {
				case s.pieces <- buffer[:n]:
				case <-s.closed:
					return
				}
			}
			if err != nil {
				return // whatever it is, nothing more comes
			}
		}
	}()
	return s
}

// Read implements io.Reader, for one goroutine.
func (s *stdio) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		select {
		case next, ok := <-s.pieces:
			if !ok {
				return 0, io.EOF
			}
			s.rest = next
		case <-s.closed:
			return 0, io.ErrClosedPipe
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Write implements io.Writer.
func (s *stdio) Write(p []byte) (int, error) { return s.out.Write(p) }

// Close ends reads. It may be called more than once.
func (s *stdio) Close() error {
	s.shut.Do(func() { close(s.closed) })
	return nil
}
