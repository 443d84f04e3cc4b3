// Package maintwice has a TestMain that runs the tests twice.
package maintwice

import (
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) {
	if code := m.Run(); code == 0 {
		m.Run()
	}
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
