// Package panicscleanup holds a test that panics in a cleanup, beside innocent ones.
package panicscleanup

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
	t.Cleanup(func() { panic("the culprit panics in a cleanup") })
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
