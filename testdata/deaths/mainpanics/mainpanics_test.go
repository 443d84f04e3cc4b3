// Package mainpanics has a TestMain that panics.
package mainpanics

import (
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) {
	if !witness.Calm() {
		panic("TestMain panics")
	}
	m.Run()
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
