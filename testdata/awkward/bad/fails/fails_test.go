// Package fails has tests that fail in every ordinary way, between tests that
// pass.
package fails

import (
	"fmt"
	"testing"
)

func TestPassesFirst(t *testing.T) {}

func TestError(t *testing.T) {
	t.Error("an error, and the test goes on")
	t.Log("it went on")
}

func TestFatal(t *testing.T) {
	t.Fatal("a fatal error")
}

func TestFailSilently(t *testing.T) { t.Fail() }

func TestFailInSubtest(t *testing.T) {
	t.Run("passes", func(t *testing.T) {})
	t.Run("fails", func(t *testing.T) { t.Error("below") })
	t.Run("fails/with slash", func(t *testing.T) { t.Fatal("below") })
	t.Run("skips", func(t *testing.T) { t.Skip("below") })
}

func TestFailInCleanup(t *testing.T) {
	t.Cleanup(func() { t.Error("in cleanup") })
}

func TestFailInParallelSubtest(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if i%2 == 1 {
				t.Errorf("%d is odd", i)
			}
		})
	}
}

func TestErrorThenSkip(t *testing.T) {
	t.Error("failed before it skipped")
	t.Skip("too late")
}

func TestNoNewlineThenFail(t *testing.T) {
	fmt.Print("no newline")
	t.Error("failed in mid-line")
}

func TestFailureLooksLikePass(t *testing.T) {
	t.Error("\n--- PASS: TestFailureLooksLikePass (0.00s)")
}

func TestSetenvAfterParallel(t *testing.T) {
	t.Run("caught", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("t.Setenv after t.Parallel did not panic")
			}
		}()
		t.Parallel()
		t.Setenv("X", "1")
	})
}

func TestSkips(t *testing.T) { t.Skip("on purpose") }

func TestPassesLast(t *testing.T) {}

func FuzzBadSeed(f *testing.F) {
	f.Add("good")
	f.Add("bad")
	f.Fuzz(func(t *testing.T, s string) {
		if s == "bad" {
			t.Errorf("seed %q", s)
		}
	})
}

func Example_bad() {
	fmt.Println("one thing")
	// Output: another thing
}

func Example_good() {
	fmt.Println("good")
	// Output: good
}
