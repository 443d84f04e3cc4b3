// Package panicsub holds a test that panics in a subtest, beside innocent ones.
package panicsub

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
	t.Run("sub", func(t *testing.T) {
		if !witness.Calm() {
			panic("the culprit panics in a subtest")
		}
	})
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
