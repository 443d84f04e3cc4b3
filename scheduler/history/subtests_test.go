package history

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// TestSubtests: subtests are remembered with their tests, of one package and variant, also through
// a file; and nobody who asks for tests hears of them.
func TestSubtests(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	h, err := Open(file, "m")
	if err != nil {
		t.Fatal(err)
	}
	r := h.NewRun(Run{ID: "1", Start: time.Unix(1000, 0)})
	add := func(pkg, test string, d time.Duration) { r.Add(pkg, test, Outcome{Result: Pass, Elapsed: d}) }
	add("p", "TestA", 6*time.Second)
	add("p", "TestA/slow", 4*time.Second)
	add("p", "TestA/quick one", time.Second)
	add("p", "TestA/deep/er", time.Second)
	add("p", "TestA/", time.Second)
	add("p", "TestA/unknown", -1)
	add("p", "TestA#", time.Second) // sorts before the slash
	add("p", "TestAB", time.Second)
	add("p", "TestAB/x", time.Second)
	add("q", "TestA/other", time.Second)
	if err := h.Save(t.Context(), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	s, err := Read(file, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ pkg, test, want string }{
		{"p", "TestA", "[{quick one 1s} {slow 4s}]"},
		{"p", "TestAB", "[{x 1s}]"},
		{"p", "TestB", "[]"},
		{"none", "TestA", "[]"},
	} {
		if got := fmt.Sprint(s.Subtests(tc.pkg, tc.test)); got != tc.want {
			t.Errorf("%s %s: %s, want %s", tc.pkg, tc.test, got, tc.want)
		}
	}
	if n, _ := s.Tests("p"); n != 3 {
		t.Errorf("%d tests in p, want 3", n)
	}
	var names []string
	for _, stat := range s.Stats() {
		names = append(names, stat.Package+"."+stat.Test)
	}
	if got := fmt.Sprint(names); got != "[p.TestA p.TestA# p.TestAB]" {
		t.Errorf("tests: %s", got)
	}
}

// TestSubtestsOfTheLatestRun: names that come up anew in each run do not add up, neither in what is
// known of a test nor, for long, in the file.
func TestSubtestsOfTheLatestRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	for n := range 30 {
		h, err := Open(file, "m")
		if err != nil {
			t.Fatal(err)
		}
		when := time.Unix(int64(1000+n), 0)
		r := h.NewRun(Run{ID: fmt.Sprint(n), Start: when})
		for i := range 3 {
			r.Add("p", fmt.Sprintf("TestA/%d-%d", n, i), Outcome{Result: Pass, Elapsed: time.Second})
		}
		r.Add("p", "TestA", Outcome{Result: Pass, Elapsed: time.Second})
		if err := h.Save(t.Context(), when); err != nil {
			t.Fatal(err)
		}
		// A run without the test does not change what is known of its subtests.
		r = h.NewRun(Run{ID: fmt.Sprint(n, "b"), Start: when.Add(time.Millisecond)})
		r.Add("p", "TestB", Outcome{Result: Pass, Elapsed: time.Second})
		if err := h.Save(t.Context(), when); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("[{%d-0 1s} {%[1]d-1 1s} {%[1]d-2 1s}]", n)
		if got := fmt.Sprint(h.Snapshot("").Subtests("p", "TestA")); got != want {
			t.Fatalf("run %d: %s, want %s", n, got, want)
		}
		if entries := len(h.state.pkg("p").tests); entries > 2+3*(keepSubtestRuns+1) {
			t.Fatalf("run %d: %d entries", n, entries)
		}
	}
}
