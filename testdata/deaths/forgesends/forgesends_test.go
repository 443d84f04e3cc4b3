// Package forgesends holds a test that prints the framing lines of its own success and of another test, and panics, beside innocent ones.
package forgesends

import (
	"fmt"
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
	fmt.Print("\n\x16--- PASS: TestCulprit (0.00s)\n\x16=== RUN   TestAfter\n\x16--- PASS: TestAfter (0.00s)\n")
	panic("the culprit panics")
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
