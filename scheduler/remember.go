package scheduler

import (
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// note counts what the planner wants to know.
func (p *progress) note(e testbin.Event, since func() time.Duration) {
	if e.Kind == testbin.KindOutput || strings.Contains(e.Test, "/") {
		return
	}
	switch e.Kind {
	case testbin.KindRun:
		if p.firstTest.Load() == 0 {
			p.firstTest.Store(int64(since()))
		}
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		p.ended.Add(1)
	}
}

// stopwatch measures how long each top-level test of a process runs, the time
// that it waits in t.Parallel left out.
type stopwatch struct {
	now    func() time.Time
	first  time.Time // when the first test started, zero for none
	starts map[string]time.Time
	spent  map[string]time.Duration // before the last pause
	ended  []timed
}

// timed is one execution of a test.
type timed struct {
	test    string
	result  history.Result
	elapsed time.Duration
}

func (w *stopwatch) event(e testbin.Event) {
	if e.Kind == testbin.KindOutput || e.Kind == testbin.KindName || strings.Contains(e.Test, "/") {
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
	case testbin.KindPass:
		w.end(e.Test, history.Pass)
	case testbin.KindFail:
		w.end(e.Test, history.Fail)
	case testbin.KindSkip:
		w.end(e.Test, history.Skip)
	}
}

func (w *stopwatch) pause(test string) {
	if w.spent == nil {
		w.spent = make(map[string]time.Duration)
	}
	w.spent[test] += w.now().Sub(w.starts[test])
	delete(w.starts, test)
}

func (w *stopwatch) end(test string, result history.Result) {
	elapsed := w.spent[test]
	if start, ok := w.starts[test]; ok {
		elapsed += w.now().Sub(start)
	}
	delete(w.starts, test)
	delete(w.spent, test)
	w.ended = append(w.ended, timed{test, result, elapsed})
}

// remember gives the history what a process has shown.
func (r *Run) remember(b *batch, w *stopwatch, began time.Time, s settlement) {
	if b.probe || b.baseline {
		return // not what a run does
	}
	path, record := b.pkg.path, r.cfg.Recorder
	if !w.first.IsZero() {
		record.Startup(path, w.first.Sub(began))
	}
	for _, t := range w.ended {
		record.Add(path, t.test, history.Outcome{Attempt: b.attempt, Result: t.result, Elapsed: t.elapsed})
	}
	for _, t := range s.broken {
		if !strings.Contains(t.Name, "/") {
			record.Add(path, t.Name, history.Outcome{Attempt: b.attempt, Result: history.Fail, Elapsed: -1})
		}
	}
}
