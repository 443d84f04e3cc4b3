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
	if !strings.Contains(e.Test, "/") {
		w.ended = append(w.ended, Timed{e.Test, e.Kind, elapsed})
	}
	return elapsed
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
