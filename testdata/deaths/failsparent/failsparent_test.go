// Package failsparent holds a test that calls FailNow on a parent from a subtest, beside innocent ones.
package failsparent

import (
	"testing"

	"example.com/deaths/witness"
)

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestCulprit(t *testing.T) {
	witness.Ran(t)
	t.Run("sub", func(*testing.T) {
		if !witness.Calm() {
			t.FailNow()
		}
	})
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
