// Package overflows holds a test that overflows its stack, beside innocent ones.
package overflows

import (
	"runtime/debug"
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
	debug.SetMaxStack(1 << 20)
	t.Log(deeper(1))
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

// deeper never returns.
func deeper(n int) int { return deeper(n+1) + n }
