// Package mainexits0 has a TestMain that exits 0 after a failure.
package mainexits0

import (
	"os"
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) {
	m.Run()
	os.Exit(0)
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestCulprit(t *testing.T) {
	witness.Ran(t)
	if !witness.Calm() {
		t.Error("the culprit fails")
	}
}
