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
