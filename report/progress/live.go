package progress

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"
)

// LiveConfig is what a Live needs beside what its State tells.
type LiveConfig struct {
	Config
	Style Style
	// Name shortens a package path.
	Name func(pkg string) string
	// Expect returns what past runs tell of a package; nil: nothing.
	Expect func(pkg string) Package
}

// Live tells what a run is doing. Its methods may be called concurrently and do not block on
// anything but a terminal.
type Live struct {
	cfg    LiveConfig
	screen *Screen

	mu      sync.Mutex
	state   *State
	numbers int // of processes that NewProcess has named, counted down from 0

	stop context.CancelFunc // nil: it does not run
	done chan struct{}
}

// NewLive returns a Live of a run that begins now, whose output goes through screen.
func NewLive(cfg LiveConfig, screen *Screen) *Live {
	cfg.Began = time.Now()
	return &Live{cfg: cfg, screen: screen, state: NewState(cfg.Config)}
}

const (
	// drawEvery is how often a status changes: often enough that it lives.
	drawEvery = 100 * time.Millisecond
	// lookEvery is how often it is looked whether there is something to tell, without a status.
	lookEvery = 500 * time.Millisecond
)

// Prepares says what is being prepared for tests that wait for it, or put away after them: nothing, or
// some titles.
func (l *Live) Prepares(titles []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Prepares(titles)
}

// Start begins to tell. What is told goes to out, which writes through the Screen. It ends
// with Stop.
func (l *Live) Start(out io.Writer) {
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	every := lookEvery
	if l.cfg.Style != Off {
		every = drawEvery
	}
	go func() { // ends with Stop
		defer close(l.done)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticker.C:
				l.tell(now, out)
			}
		}
	}()
}

// Stop ends the telling and takes the status away. It may be called twice.
func (l *Live) Stop() {
	if l.stop == nil {
		return
	}
	l.stop()
	<-l.done
	l.screen.Status(nil)
}

// tell prints what is due, and the status.
func (l *Live) tell(now time.Time, out io.Writer) {
	last := l.screen.Last()
	columns, lines := l.screen.Size()
	l.mu.Lock()
	notices := l.state.Notices(now, last, l.cfg.Name)
	var status []string
	if l.cfg.Style != Off {
		status = l.state.View(now).Lines(l.cfg.Style, columns, lines, l.cfg.Name)
	}
	l.mu.Unlock()
	if len(notices) > 0 {
		text := strings.Join(notices, "\n") + "\n"
		if l.screen.Midline() {
			text = "\n" + text
		}
		// Best effort, as for what go test writes to stderr.
		_, _ = io.WriteString(out, text)
	}
	l.screen.Status(status)
}

func (l *Live) with(f func(*State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l.state)
}

// SetWorkers is [State.SetWorkers].
func (l *Live) SetWorkers(n int) { l.with(func(s *State) { s.SetWorkers(n) }) }

// PackageStarted adds a package of which only past runs can tell more.
func (l *Live) PackageStarted(path string) {
	p := Package{Path: path}
	if l.cfg.Expect != nil {
		p = l.cfg.Expect(path)
	}
	l.PackageFound(p)
}

// PackageFound is [State.PackageFound].
func (l *Live) PackageFound(p Package) { l.with(func(s *State) { s.PackageFound(p) }) }

// ProcessStarted is [State.ProcessStarted].
func (l *Live) ProcessStarted(p Process) { l.with(func(s *State) { s.ProcessStarted(p) }) }

// NewProcess adds a process that has no number, and gives it one.
func (l *Live) NewProcess(p Process) (number int) {
	l.with(func(s *State) {
		l.numbers-- // the others count upwards
		p.Number = l.numbers
		s.ProcessStarted(p)
	})
	return p.Number
}

// TestStarted is [State.TestStarted].
func (l *Live) TestStarted(process int, test string, at time.Time) {
	l.with(func(s *State) { s.TestStarted(process, test, at) })
}

// TestPaused is [State.TestPaused].
func (l *Live) TestPaused(process int, test string) {
	l.with(func(s *State) { s.TestPaused(process, test) })
}

// TestResumed is [State.TestResumed].
func (l *Live) TestResumed(process int, test string) {
	l.with(func(s *State) { s.TestResumed(process, test) })
}

// TestEnded is [State.TestEnded].
func (l *Live) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	l.with(func(s *State) { s.TestEnded(process, test, result, at, elapsed) })
}

// ProcessEnded is [State.ProcessEnded].
func (l *Live) ProcessEnded(e ProcessEnd) { l.with(func(s *State) { s.ProcessEnded(e) }) }

// PackageEnded is [State.PackageEnded].
func (l *Live) PackageEnded(path string, passed bool, at time.Time) {
	l.with(func(s *State) { s.PackageEnded(path, passed, at) })
}

// TestFailed is [State.TestFailed], now.
func (l *Live) TestFailed(f Failure) {
	f.At = time.Now()
	l.with(func(s *State) { s.TestFailed(f) })
}

// Running returns the tests that run at a time, the longest first.
func (l *Live) Running(now time.Time) (list []RunningTest) {
	l.with(func(s *State) { list = s.View(now).Running })
	return list
}

// Slow is [State.Slow], and Slowest [State.Slowest].
func (l *Live) Slow() (list []TimedTest) {
	l.with(func(s *State) { list = s.Slow() })
	return list
}

// Slowest is [State.Slowest].
func (l *Live) Slowest() (list []TimedTest) {
	l.with(func(s *State) { list = s.Slowest() })
	return list
}

// Bound is what bounded the run until a time, see [Timeline.Bound].
func (l *Live) Bound(until time.Time, builds []Build) (sentence string) {
	l.with(func(s *State) {
		t := Timeline{Spans: s.spans, Builds: builds, Began: s.cfg.Began, Ended: until, Workers: s.most, Name: l.cfg.Name}
		t.Subtests = func(pkg, test string) []time.Duration { return s.subtests[testKey{pkg, test}] }
		sentence = t.Bound()
	})
	return sentence
}
