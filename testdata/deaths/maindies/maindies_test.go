// Package maindies has a TestMain, so that it is one process, and a test that dies.
package maindies

import (
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) { m.Run() }

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestCulprit(t *testing.T) {
	witness.Ran(t)
	if !witness.Calm() {
		panic("the culprit panics")
	}
}

func TestLast(t *testing.T) { witness.Ran(t) }
