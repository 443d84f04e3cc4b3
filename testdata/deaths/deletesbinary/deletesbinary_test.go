//go:build unix

// Package deletesbinary holds a test that deletes the program of its own process, and fails, beside innocent ones.
package deletesbinary

import (
	"os"
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
	if err := os.Remove(os.Args[0]); err != nil {
		t.Fatal(err)
	}
	t.Error("the binary is gone")
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
