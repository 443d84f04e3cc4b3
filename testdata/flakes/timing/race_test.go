// Package timing has tests that fail by chance.
package timing

import (
	"math/rand/v2"
	"testing"
)

// late reports whether a race was lost this time.
func late(percent int) bool { return rand.IntN(100) < percent }

func TestRace50(t *testing.T) {
	if late(50) {
		t.Error("the answer came too late")
	}
}

func TestRace5(t *testing.T) {
	if late(5) {
		t.Error("the answer came too late")
	}
}

func TestInTime(t *testing.T) {
	if late(0) {
		t.Error("the answer came too late")
	}
}
