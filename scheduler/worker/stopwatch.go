package worker

import (
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// stopwatch measures how long each test and subtest of a process runs, the time that it waits in
// t.Parallel left out.
type stopwatch struct {
	now    func() time.Time
	first  time.Time // when the first test started, zero for none
	starts map[string]time.Time
	spent  map[string]time.Duration // before the last pause
	ended  []Timed
	// subtests reports whether a test's direct subtests are measured, nil for none. Each that has
	// ended is in subs; inside is what those of a test took.
	subtests func(test string) bool
	subs     []Timed
	inside   map[string]time.Duration
}

// Moment is an event of a process, and when it was read. Output has no time.
type Moment struct {
	testbin.Event
	At time.Time
	// Elapsed is how long a test that has ended ran, its pauses in t.Parallel left out.
	Elapsed time.Duration
}

// Timed is one execution of a top-level test: how it ended, and how long it ran.
type Timed struct {
	Test    string
	Result  testbin.Kind // KindPass, KindFail or KindSkip
	Elapsed time.Duration
	// Inside is what its direct subtests took together, of tests of which they are measured.
	Inside time.Duration
}

// event takes an event, and returns it with its time.
func (w *stopwatch) event(e testbin.Event) Moment {
	m := Moment{Event: e}
	if e.Kind == testbin.KindOutput || e.Kind == testbin.KindName {
		return m
	}
	m.At = w.now()
	switch e.Kind {
	case testbin.KindRun, testbin.KindCont:
		w.starts[e.Test] = m.At
		if w.first.IsZero() {
			w.first = m.At
		}
	case testbin.KindPause:
		w.pause(e.Test, m.At)
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		m.Elapsed = w.end(e, m.At)
	}
	return m
}

func (w *stopwatch) pause(test string, at time.Time) {
	if w.spent == nil {
		w.spent = make(map[string]time.Duration)
	}
	w.spent[test] += at.Sub(w.starts[test])
	delete(w.starts, test)
}

func (w *stopwatch) end(e testbin.Event, at time.Time) time.Duration {
	elapsed := w.running(at)(e.Test)
	delete(w.starts, e.Test)
	delete(w.spent, e.Test)
	root, sub, ok := strings.Cut(e.Test, "/")
	switch {
	case !ok:
		w.ended = append(w.ended, Timed{e.Test, e.Kind, elapsed, w.inside[root]})
		delete(w.inside, root)
	case w.subtests != nil && !strings.Contains(sub, "/") && w.subtests(root):
		w.within(root, Timed{Test: e.Test, Result: e.Kind, Elapsed: elapsed})
	}
	return elapsed
}

// maxSubs bounds the list of subtests of a process.
const maxSubs = 10_000

// within takes a direct subtest of a test.
func (w *stopwatch) within(root string, t Timed) {
	if w.inside == nil {
		w.inside = make(map[string]time.Duration)
	}
	w.inside[root] += t.Elapsed
	if len(w.subs) < maxSubs {
		w.subs = append(w.subs, t)
	}
}

// running returns how long each test that has not ended had run at a time.
func (w *stopwatch) running(at time.Time) func(test string) time.Duration {
	return func(test string) time.Duration {
		ran := w.spent[test]
		if start, ok := w.starts[test]; ok {
			ran += at.Sub(start)
		}
		return ran
	}
}
