//go:build unix

// Package closesstdout holds a test that closes the process output, beside innocent ones.
package closesstdout

import (
	"errors"
	"syscall"
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
	if err := errors.Join(syscall.Close(1), syscall.Close(2)); err != nil {
		t.Fatal(err)
	}
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
