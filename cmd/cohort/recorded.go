package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"sync"
	"syscall"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

// recordedSource is a source that plays a record: whatever reads it does what it did in the run.
type recordedSource struct {
	verdict  record.Verdict
	order    string // the seed
	failedOn failedOn
	player   *player
	ended    func(runEnd) // is called where the run was ended before its tests had; nil: nobody asks
}

// newRecordedSource plays r. keep says which lines of stdout are played; nil: all.
func newRecordedSource(r *record.Reader, messages io.Writer, keep func(record.Line) bool) *recordedSource {
	p := &player{messages: messages, keep: keep}
	p.cond.L = &p.mu
	p.next, p.stop = iter.Pull2(r.Lines())
	return &recordedSource{verdict: r.Manifest.Verdict, order: r.Manifest.Seed, failedOn: machinesOf(r.Manifest.Verdict), player: p}
}

// First plays the first pass.
func (s *recordedSource) First(ctx context.Context) (*stream, error) {
	if _, _, err := s.player.begin(); err != nil {
		return nil, err
	}
	unplay := context.AfterFunc(ctx, s.player.leave)
	wait := func() error {
		unplay()
		_, more, err := s.player.begin()
		if !more {
			s.end()
		}
		if err != nil {
			return err
		}
		return s.status()
	}
	return &stream{
		Stdout: &side{player: s.player, side: record.Stdout}, Stderr: &side{player: s.player, side: record.Stderr}, Wait: wait,
	}, nil
}

// status is how the first pass ended.
func (s *recordedSource) status() error {
	switch v := s.verdict; {
	case v.Problem != "":
		return errors.New(v.Problem)
	case v.First != 0:
		return exitStatus{v.First}
	}
	return nil
}

// end tells what ended the run, if it ended early.
func (s *recordedSource) end() {
	v := s.verdict
	switch {
	case s.ended == nil:
	case v.Signal != 0:
		s.ended(runEnd{signal: syscall.Signal(v.Signal)})
	case v.Lost != "":
		s.ended(runEnd{lost: errors.New(v.Lost)})
	}
}

// CheckRerun says what it said in the run.
func (s *recordedSource) CheckRerun(error, *testjson.Execution) error {
	if s.verdict.Refused != "" {
		return errors.New(s.verdict.Refused)
	}
	return nil
}

// Reruns plays the attempts.
func (s *recordedSource) Reruns(context.Context, *testjson.Execution) iter.Seq2[attempt, error] {
	return func(yield func(attempt, error) bool) {
		a, more, err := s.player.begin()
		for more && err == nil {
			played := attempt{RunID: a.Number, Package: a.Package, Unit: a.Unit, Tests: a.Tests}
			played.Stdout, played.Stderr, err = s.player.collect()
			if err != nil {
				break
			}
			if a, more, err = s.player.begin(); !more {
				s.end()
			}
			if !yield(played, nil) {
				return
			}
		}
		if err == nil && s.verdict.Broken != "" {
			err = errors.New(s.verdict.Broken)
		}
		if err != nil {
			yield(attempt{}, err)
		}
	}
}

// Verdict says what came of the failed units.
func (s *recordedSource) Verdict(*testjson.Execution) report.Outcome { return s.hear(report.Outcome{}) }

// Explain does nothing: what was found out is in the record.
func (s *recordedSource) Explain() {}

func (s *recordedSource) seed() string { return s.order }

// Interrupt ends the streams.
func (s *recordedSource) Interrupt(os.Signal) { s.player.cancel() }

// Hurry has nothing to kill.
func (*recordedSource) Hurry() time.Duration { return 0 }

// Close prints the messages that came last.
func (s *recordedSource) Close() error {
	_, _, err := s.player.begin()
	s.player.stop()
	return err
}

// player reads the lines of a record for two readers, stdout and stderr, in the order in which they were
// printed: a side gets its next line when the other one has read all before it and asks for more.
type player struct {
	messages io.Writer // gets what cohort logged
	keep     func(record.Line) bool
	next     func() (record.Line, error, bool)
	stop     func()

	mu        sync.Mutex
	cond      sync.Cond
	head      *record.Line // the next line; nil: not read yet
	err       error
	ended     bool // there are no more lines
	cancelled bool
	left      bool    // nobody reads stdout any more
	busy      [2]bool // the side has lines that it may still work on
}

// peek returns the next line, nil if there are no more. Messages of cohort's own are printed where they
// stand. The caller holds p.mu.
func (p *player) peek() *record.Line {
	for p.head == nil && !p.ended {
		line, err, ok := p.next()
		switch {
		case !ok || err != nil:
			p.err, p.ended = err, true
		case line.Side == record.Log:
			// Best effort, as when it was logged.
			_, _ = p.messages.Write(whole(nil, line))
		case line.Side == record.Stdout && p.keep != nil && !p.keep(line):
		default:
			line.Text = bytes.Clone(line.Text)
			p.head = &line
		}
	}
	return p.head
}

// whole appends a line with its newline, if it had one.
func whole(out []byte, line record.Line) []byte {
	out = append(out, line.Text...)
	if !line.Open {
		out = append(out, '\n')
	}
	return out
}

// begin goes on to the next stream and returns what it is of; more is false if there is none. Where a
// stream begins already, it stays.
func (p *player) begin() (a record.Attempt, more bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		line := p.peek()
		if line == nil {
			return a, false, p.err
		}
		if line.Side == record.Begin {
			return line.Attempt, true, nil
		}
		p.head = nil
	}
}

// enter begins to read the lines of the stream at which begin has come. The caller holds p.mu.
func (p *player) enter() {
	if line := p.peek(); line != nil && line.Side == record.Begin {
		p.head = nil
	}
}

// collect returns all of the stream at which begin has come; stderr is nil if it has none.
func (p *player) collect() (stdout, stderr io.Reader, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.enter()
	var text [2][]byte
	for line := p.peek(); line != nil && line.Side != record.Begin; line = p.peek() {
		text[line.Side] = whole(text[line.Side], *line)
		p.head = nil
	}
	if text[record.Stderr] != nil {
		stderr = bytes.NewReader(text[record.Stderr])
	}
	return bytes.NewReader(text[record.Stdout]), stderr, p.err
}

// cancel ends the streams.
func (p *player) cancel() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancelled = true
	p.cond.Broadcast()
}

// leave ends stdout, of which enough was read. Then the go command was stopped, and its stderr read to its
// end.
func (p *player) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = true
	p.cond.Broadcast()
}

// side reads one side of the first pass.
type side struct {
	player *player
	side   record.Side
	rest   []byte
}

// Read returns lines once it is their turn.
func (s *side) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		var err error
		if s.rest, err = s.player.turn(s.side); err != nil {
			return 0, err
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// turn waits until lines of that side come next, and the other side has done with what came before.
func (p *player) turn(which record.Side) ([]byte, error) {
	const enough = 32 << 10 // to be given at once
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy[which] = false
	p.cond.Broadcast()
	for {
		line := p.peek()
		switch {
		case p.cancelled, p.left && which == record.Stdout:
			return nil, io.EOF
		case p.err != nil:
			return nil, p.err
		case line == nil || line.Side == record.Begin && line.Stream > 0:
			return nil, io.EOF
		case line.Side == record.Begin, p.left && line.Side != which:
			p.head = nil
			continue
		}
		if line.Side == which && (p.left || !p.busy[1-which]) {
			break
		}
		p.cond.Wait()
	}
	var out []byte
	for line := p.peek(); line != nil && line.Side == which && len(out) < enough; line = p.peek() {
		out = whole(out, *line)
		p.head = nil
	}
	p.busy[which] = true
	return out, nil
}
