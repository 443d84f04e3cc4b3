// Package mainforges has a TestMain that prints that a test starts, and dies.
package mainforges

import (
	"fmt"
	"os"
	"testing"

	"example.com/deaths/witness"
)

func TestMain(m *testing.M) {
	if !witness.Calm() {
		fmt.Print("\x16=== RUN   TestAfter\n")
		os.Exit(1)
	}
	m.Run()
}

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestAfter(t *testing.T) { witness.Ran(t) }
