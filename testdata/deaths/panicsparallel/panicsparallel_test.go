// Package panicsparallel holds a test that panics in parallel with others, beside innocent ones.
package panicsparallel

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
	if witness.Calm() {
		return
	}
	t.Parallel()
	panic("the culprit panics")
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
