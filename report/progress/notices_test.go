package progress

import (
	"strings"
	"testing"
	"time"
)

// What is told when: each step is a time, what happens then, and the lines that are due.
func TestNotices(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Failures: true, Slow: 30 * time.Second, Heartbeat: time.Minute})
	last := began
	nothing := func(time.Time) {}
	for i, step := range []struct {
		at   float64
		do   func(now time.Time)
		want string
	}{
		{0, nothing, ""},
		{59, nothing, ""},
		{60, nothing, "still running: building, 1m0s; no test runs: the go command builds, or a package waits"},
		{61, func(now time.Time) { s.ProcessStarted(Process{Number: 1, Package: "m/p", Start: now}) }, ""},
		{62, func(now time.Time) {
			for _, name := range []string{"TestA", "TestB", "TestC", "TestD", "TestE"} {
				s.TestStarted(1, name, now)
			}
		}, ""},
		{63, func(now time.Time) {
			s.TestEnded(1, "TestA", "fail", now, time.Second)
			s.TestFailed(Failure{Package: "m/p", Test: "TestA", Elapsed: time.Second, Output: []string{"    a_test.go:1: no\n", "    why\n"}, At: now})
		}, ""},
		{63.9, nothing, ""},
		{64, nothing, "FAIL p.TestA (1.00s)\n    a_test.go:1: no\n    why"},
		{65, nothing, ""},
		{91, nothing, ""},
		{92, func(time.Time) { s.TestPaused(1, "TestB") }, "SLOW p.TestC runs for 30s\nSLOW p.TestD runs for 30s\nSLOW p.TestE runs for 30s"},
		{93, nothing, ""},
		{94, func(time.Time) { s.TestResumed(1, "TestB") }, "SLOW p.TestB runs for 32s"},
		{120, func(now time.Time) { last = now }, ""},
		{179, nothing, ""},
		{180, nothing, "still running: 1 test done, 1 failed, 3m0s; p.TestB 1m58s, p.TestC 1m58s, p.TestD 1m58s and 1 more"},
		{181, func(now time.Time) { s.TestFailed(Failure{Package: "m/p", Elapsed: -1, Attempt: 2, More: 3, At: now}) }, ""},
		{240, nothing, "FAIL p (re-run 2)\n    ... and 3 lines more"}, // in the place of a heartbeat
	} {
		now := at(step.at)
		step.do(now)
		lines := s.Notices(now, last, base)
		if len(lines) > 0 {
			last = now
		}
		if got := strings.Join(lines, "\n"); got != step.want {
			t.Errorf("step %d, at %vs: got\n%s\nwant\n%s", i, step.at, got, step.want)
		}
	}
}

func TestNoNotices(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began})
	s.ProcessStarted(Process{Number: 1, Package: "p", Start: began})
	s.TestStarted(1, "TestA", began)
	s.TestFailed(Failure{Package: "p", Test: "TestA", At: began})
	if got := s.Notices(at(1e6), began, base); got != nil {
		t.Errorf("got %q though nothing is to be told", got)
	}
	s = NewState(Config{Began: began, Failures: true, HideOutput: true})
	s.TestFailed(Failure{Package: "p", Test: "TestA", Output: []string{"secret\n"}, At: began})
	if got := strings.Join(s.Notices(at(2), began, base), "\n"); got != "FAIL p.TestA (0.00s)" {
		t.Errorf("got %q", got)
	}
}

// TestNoticesOfPreparations: while tests wait for something, that is what runs.
func TestNoticesOfPreparations(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began, Heartbeat: time.Minute})
	for _, tc := range []struct {
		titles []string
		want   string
	}{
		{[]string{"set-up db"}, "still running: building, 1m0s; set-up db"},
		{[]string{"set-up db of worker 0", "set-up db of worker 1", "x"}, "still running: building, 1m0s; set-up db of worker 0 and 2 more"},
		{nil, "still running: building, 1m0s; no test runs: the go command builds, or a package waits"},
	} {
		s.Prepares(tc.titles)
		if got := strings.Join(s.Notices(at(60), began, base), "\n"); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.titles, got, tc.want)
		}
	}
}
