package scheduler

import (
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// found describes a suite for an Observer.
func (s *suite) found(c *Config) FoundPackage {
	f := FoundPackage{Path: s.path, Binary: s.binary.Program, BuildID: s.file.buildID, TestMain: s.list != nil && s.list.TestMain}
	known := true
	for _, u := range s.account.Units() {
		names := u.Def.Names()
		f.Tests = append(f.Tests, names...)
		f.Units = append(f.Units, FoundUnit{Name: u.Def.Name(), Tests: names, Group: u.Def.Declared, Serial: u.Def.Serial, Locks: u.Def.Locks, Labels: u.Def.Labels})
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
	parts := 0
	if j.Part != nil {
		parts = len(j.tasks[0].Unit.Parts)
	}
	return StartedProcess{
		Parts: parts, Number: j.Number, Worker: j.Slot, Package: j.suite.path, Tests: j.Names(), Group: j.Group, Attempt: j.Attempt,
		Kind: j.Kind.String(), Seed: j.Shuffle, Command: j.reproduce(c), Start: at,
		Locks: j.claim.Need.Names, Serial: j.claim.Need.Serial,
	}
}

// endedProcess describes the end of a process for an Observer.
func (j *job) endedProcess(r *worker.Result, now time.Time) EndedProcess {
	e := EndedProcess{Number: j.Number, End: r.Exit.End, Exit: r.Exit.Code, CPU: r.Exit.User + r.Exit.System, MaxRSS: r.Exit.MaxRSS, Machine: r.Exit.Machine}
	if e.End.IsZero() {
		e.End = now // it was not started
	}
	if r.Exit.Signal != nil {
		e.Signal = r.Exit.Signal.String()
	}
	if len(j.Tests) == 1 {
		for _, t := range r.Subtests {
			e.Subtests = append(e.Subtests, t.Elapsed)
		}
	}
	return e
}

// spectator hands the tests of one process on to an Observer.
type spectator struct {
	to     Observer
	number int
}

// event takes one event of the process.
func (s spectator) event(m worker.Moment) {
	if m.At.IsZero() || m.Test == "" || strings.Contains(m.Test, "/") {
		return
	}
	switch m.Kind {
	case testbin.KindRun:
		s.to.TestStarted(s.number, m.Test, m.At)
	case testbin.KindCont:
		s.to.TestResumed(s.number, m.Test)
	case testbin.KindPause:
		s.to.TestPaused(s.number, m.Test)
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		s.to.TestEnded(s.number, m.Test, resultName(m.Kind), m.At, m.Elapsed)
	}
}

// resultName is the word for a result.
func resultName(kind testbin.Kind) string {
	switch kind {
	case testbin.KindPass:
		return "pass"
	case testbin.KindSkip:
		return "skip"
	}
	return "fail"
}

// over takes what the ledger made of the tests that had not ended.
func (s spectator) over(r *worker.Result, now time.Time) {
	told := make(map[string]bool)
	end := func(tests []testbin.OpenTest, result string) {
		for _, t := range tests {
			if !strings.Contains(t.Name, "/") && !told[t.Name] {
				told[t.Name] = true
				s.to.TestEnded(s.number, t.Name, result, now, r.Ran(t.Name))
			}
		}
	}
	end(r.Broken, "fail")
	end(r.Open, "skip")
}
