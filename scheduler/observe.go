package scheduler

import (
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// found describes a suite for an Observer.
func (s *suite) found(c *Config) FoundPackage {
	f := FoundPackage{Path: s.path, Binary: s.binary.Program, TestMain: s.list != nil && s.list.TestMain}
	known := true
	for _, u := range s.account.Units() {
		names := u.Def.Names()
		f.Tests = append(f.Tests, names...)
		f.Units = append(f.Units, FoundUnit{Name: u.Def.Name(), Tests: names, Group: u.Def.Declared, Serial: u.Def.Serial})
		for _, name := range names {
			d, ok := c.Past.Estimate(s.path, name)
			known = known && ok
			f.Estimate += d
		}
	}
	if !known {
		f.Estimate = 0
	}
	return f
}

// started describes a job for an Observer.
func (j *job) started(c *Config, at time.Time) StartedProcess {
	return StartedProcess{
		Number: j.Number, Worker: j.Slot, Package: j.suite.path, Tests: j.Names(), Group: j.Group, Attempt: j.Attempt,
		Kind: j.Kind.String(), Seed: j.Shuffle, Command: j.reproduce(c), Start: at,
	}
}

// endedProcess describes the end of a process for an Observer.
func endedProcess(number int, r *worker.Result, now time.Time) EndedProcess {
	e := EndedProcess{Number: number, End: r.Exit.End, Exit: r.Exit.Code, CPU: r.Exit.User + r.Exit.System, MaxRSS: r.Exit.MaxRSS}
	if e.End.IsZero() {
		e.End = now // it was not started
	}
	if r.Exit.Signal != nil {
		e.Signal = r.Exit.Signal.String()
	}
	return e
}

// spectator hands the tests of one process on to an Observer.
type spectator struct {
	to     Observer
	number int
	now    func() time.Time
	// began is when a test started or went on, spent how long it ran before its last pause.
	began map[string]time.Time
	spent map[string]time.Duration
}

func newSpectator(to Observer, number int, now func() time.Time) *spectator {
	return &spectator{to: to, number: number, now: now, began: make(map[string]time.Time), spent: make(map[string]time.Duration)}
}

// event takes one event of the process.
func (s *spectator) event(e testbin.Event) {
	if e.Kind == testbin.KindOutput || e.Kind == testbin.KindName || e.Test == "" || strings.Contains(e.Test, "/") {
		return
	}
	now := s.now()
	switch e.Kind {
	case testbin.KindRun:
		s.began[e.Test] = now
		s.to.TestStarted(s.number, e.Test, now)
	case testbin.KindCont:
		s.began[e.Test] = now
		s.to.TestResumed(s.number, e.Test)
	case testbin.KindPause:
		s.spent[e.Test] += s.ran(e.Test, now)
		s.to.TestPaused(s.number, e.Test)
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		result := map[testbin.Kind]string{testbin.KindPass: "pass", testbin.KindFail: "fail", testbin.KindSkip: "skip"}[e.Kind]
		s.end(e.Test, result, now)
	}
}

// ran returns how long a test has run since it last began.
func (s *spectator) ran(test string, now time.Time) time.Duration {
	began, ok := s.began[test]
	delete(s.began, test)
	if !ok {
		return 0
	}
	return now.Sub(began)
}

func (s *spectator) end(test, result string, now time.Time) {
	elapsed := s.spent[test] + s.ran(test, now)
	delete(s.spent, test)
	s.to.TestEnded(s.number, test, result, now, elapsed)
}

// over takes what the ledger made of the tests that had not ended.
func (s *spectator) over(l ledger.Settlement) {
	now := s.now()
	names := make([]string, 0, len(l.Broken))
	for _, list := range []struct {
		tests  []testbin.OpenTest
		result string
	}{{l.Broken, "fail"}, {l.Open, "skip"}} {
		for _, t := range list.tests {
			if !strings.Contains(t.Name, "/") && !slices.Contains(names, t.Name) {
				names = append(names, t.Name)
				s.end(t.Name, list.result, now)
			}
		}
	}
}
