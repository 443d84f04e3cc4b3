// Package panics holds a test that panics, beside innocent ones.
package panics

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
	panic("the culprit panics")
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
