//cohort:group steps

// Package grouppanics holds a group with a member that panics, and a loose test.
package grouppanics

import (
	"testing"

	"example.com/deaths/witness"
)

func TestStep1(t *testing.T) { witness.Ran(t) }

func TestStep2(t *testing.T) { witness.Ran(t) }

func TestStep3Culprit(t *testing.T) {
	witness.Ran(t)
	if witness.Calm() {
		return
	}
	panic("the culprit panics")
}

func TestStep4(t *testing.T) { witness.Ran(t) }

func TestStep5(t *testing.T) { witness.Ran(t) }
