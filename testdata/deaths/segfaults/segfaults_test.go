//go:build unix

// Package segfaults holds a test that sends SIGSEGV to its process, beside innocent ones.
package segfaults

import (
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
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	select {} // until the signal comes
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
