// Package procs has a test that needs two processors.
package procs

import (
	"runtime"
	"testing"
)

// TestHandover fails where only one goroutine runs at a time.
func TestHandover(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		t.Error("the other side did not run meanwhile")
	}
}

func TestAlone(*testing.T) {}
