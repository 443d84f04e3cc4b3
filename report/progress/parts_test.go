package progress

import (
	"slices"
	"testing"
	"time"
)

// TestParts: a test that several processes run together is one test, which ends with its last part
// and fails if one of them does.
func TestParts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		results []string
		want    string
	}{
		"all pass":       {[]string{"pass", "pass", "pass"}, "1/2 0 failed 0/1 pkgs"},
		"the first fail": {[]string{"fail", "pass", "skip"}, "1/2 1 failed 0/1 pkgs"},
		"the last fails": {[]string{"skip", "pass", "fail"}, "1/2 1 failed 0/1 pkgs"},
		"two of three":   {[]string{"fail", "pass"}, "0/2 0 failed 0/1 pkgs"},
	} {
		s := NewState(Config{Began: began, Workers: 3, Slowest: 2})
		s.PackageFound(Package{Path: "m/p", Tests: 2})
		for n := range tc.results {
			s.ProcessStarted(Process{Number: n, Package: "m/p", Tests: []string{"TestA"}, Parts: 3, Start: at(0)})
			s.TestStarted(n, "TestA", at(0))
		}
		s.TestStarted(7, "TestA", at(0)) // of no process
		if got := brief(s.View(at(1))); got != "0/2 0 failed 0/1 pkgs p.TestA@1s" {
			t.Errorf("%s: while they run: %s", name, got)
		}
		for n, result := range tc.results {
			s.TestEnded(n, "TestA", result, at(1), time.Second)
			s.ProcessEnded(ProcessEnd{Number: n, End: at(1)})
		}
		if got := brief(s.View(at(1))); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		var want []TimedTest
		if len(tc.results) == 3 {
			want = []TimedTest{{"m/p", "TestA", 3 * time.Second}}
		}
		if got := s.Slowest(); !slices.Equal(got, want) {
			t.Errorf("%s: slowest %v, want %v", name, got, want)
		}
	}
}

// TestBoundBySubtests: a long test says what would come of its parts, if it has any to speak of.
func TestBoundBySubtests(t *testing.T) {
	t.Parallel()
	seconds := func(n int, each float64) (all []time.Duration) {
		for range n {
			all = append(all, time.Duration(each*float64(time.Second)))
		}
		return all
	}
	long := Span{Package: "m/e2e", Name: "TestA", Tests: 1, Start: at(1), End: at(30)}
	const anyhow = "longest: e2e TestA 29s of 30s: split it, or nothing gets faster"
	for name, tc := range map[string]struct {
		change   func(*Span)
		workers  int
		subtests []time.Duration
		want     string
	}{
		"a table":            {nil, 4, seconds(28, 1), "longest: e2e TestA 29s of 30s: with //cohort:split, if its subtests do not need each other, about 9.0s"},
		"parallel subtests":  {nil, 4, seconds(58, 1), "longest: e2e TestA 29s of 30s: with //cohort:split, if its subtests do not need each other, about 8.5s"},
		"no subtests":        {nil, 4, nil, anyhow},
		"one subtest":        {nil, 4, seconds(1, 29), anyhow},
		"one long subtest":   {nil, 4, append(seconds(2, 1), seconds(1, 27)...), anyhow},
		"its own body":       {nil, 4, seconds(10, 1), anyhow},
		"one worker":         {nil, 1, seconds(28, 1), anyhow},
		"a group":            {func(s *Span) { s.Name, s.Tests = "checkout", 3 }, 4, seconds(28, 1), "longest: e2e checkout 29s of 30s: split it, or nothing gets faster"},
		"it is split":        {func(s *Span) { s.Parts = 3 }, 4, seconds(28, 1), "longest: e2e TestA, one of its 3 parts 29s of 30s"},
		"others run as well": {nil, 2, seconds(28, 1), "longest: e2e TestA 29s of 30s: with //cohort:split, if its subtests do not need each other, about 21s"},
	} {
		span := long
		if tc.change != nil {
			tc.change(&span)
		}
		spans := []Span{span}
		if tc.workers == 2 {
			spans = append(spans, Span{Package: "m/e2e", Name: "TestB", Tests: 1, Worker: 1, Start: at(1), End: at(12)})
		}
		timeline := Timeline{
			Spans: spans, Began: began, Ended: at(30), Workers: tc.workers, Name: base,
			Subtests: func(pkg, test string) []time.Duration { return tc.subtests },
		}
		if got := timeline.Bound(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestSubtestsAreKept: what a Live says of a run knows the subtests of a test that had a process of
// its own.
func TestSubtestsAreKept(t *testing.T) {
	t.Parallel()
	s := NewState(Config{Began: began})
	for n, tests := range [][]string{{"TestA"}, {"TestB", "TestC"}} {
		s.ProcessStarted(Process{Number: n, Package: "m/p", Tests: tests, Start: at(0)})
		s.ProcessEnded(ProcessEnd{Number: n, End: at(1), Subtests: []time.Duration{time.Second}})
	}
	if len(s.subtests) != 1 || len(s.subtests[testKey{"m/p", "TestA"}]) != 1 {
		t.Errorf("%v", s.subtests)
	}
}
