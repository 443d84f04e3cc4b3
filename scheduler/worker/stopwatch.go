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

// Timed is one execution of a top-level test: how it ended, and how long it ran.
type Timed struct {
	Test    string
	Result  testbin.Kind // KindPass, KindFail or KindSkip
	Elapsed time.Duration
}

func (w *stopwatch) event(e testbin.Event) {
	if e.Kind == testbin.KindOutput || e.Kind == testbin.KindName {
		return
	}
	switch e.Kind {
	case testbin.KindRun, testbin.KindCont:
		now := w.now()
		w.starts[e.Test] = now
		if w.first.IsZero() {
			w.first = now
		}
	case testbin.KindPause:
		w.pause(e.Test)
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		w.end(e.Test, e.Kind)
	}
}

func (w *stopwatch) pause(test string) {
	if w.spent == nil {
		w.spent = make(map[string]time.Duration)
	}
	w.spent[test] += w.now().Sub(w.starts[test])
	delete(w.starts, test)
}

func (w *stopwatch) end(test string, result testbin.Kind) {
	elapsed := w.spent[test]
	if start, ok := w.starts[test]; ok {
		elapsed += w.now().Sub(start)
	}
	delete(w.starts, test)
	delete(w.spent, test)
	if !strings.Contains(test, "/") {
		w.ended = append(w.ended, Timed{test, result, elapsed})
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
