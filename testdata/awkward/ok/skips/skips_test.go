// Package skips has tests that skip in every place where they can.
package skips

import "testing"

func TestSkip(t *testing.T) { t.Skip("at the top") }

func TestSkipNow(t *testing.T) { t.SkipNow() }

func TestSkipf(t *testing.T) { t.Skipf("reason with %d lines\nand a second", 2) }

func TestSkipInSubtest(t *testing.T) {
	t.Run("skipped", func(t *testing.T) { t.Skip("below") })
	t.Run("passed", func(t *testing.T) {})
}

func TestSkipAfterSubtest(t *testing.T) {
	t.Run("passed", func(t *testing.T) {})
	t.Skip("after a subtest")
}

func TestSkipInCleanup(t *testing.T) {
	t.Cleanup(func() { t.Skip("in cleanup") })
}

func TestSkipParallel(t *testing.T) {
	t.Parallel()
	t.Skip("in parallel")
}

func TestShort(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped by -short")
	}
}

func FuzzSkipAtTop(f *testing.F) { f.Skip("no fuzzing today") }
