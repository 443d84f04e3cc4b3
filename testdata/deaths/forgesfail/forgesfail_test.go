// Package forgesfail holds a test that prints framing lines of failures that are none, beside innocent ones.
package forgesfail

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
	fmt.Print("--- FAIL: TestBefore (0.00s)\nFAIL\nexit status 1\nFAIL\texample.com/deaths/forgesfail\t0.1s\n=== RUN   TestNone\n\x16=== RUN   TestNone\n\x16--- PASS: TestNone (0.00s)\n")
	t.Error("the culprit fails")
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}
