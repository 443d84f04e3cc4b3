// Package broken has a test that always fails.
package broken

import "testing"

func TestTotal(t *testing.T) {
	if got := 2 + 2; got != 5 {
		t.Errorf("total is %d, want 5", got)
	}
}

func TestNothing(*testing.T) {}
