// Package mainexits3 has a TestMain that exits 3 after all tests have passed.
package mainexits3

import (
	"os"
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) {
	m.Run()
	if !witness.Calm() {
		os.Exit(3)
	}
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
