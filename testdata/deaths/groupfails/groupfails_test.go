//cohort:group steps

// Package groupfails holds a group with a member that fails, and a loose test.
package groupfails

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
	t.Error("the culprit fails")
}

func TestStep4(t *testing.T) { witness.Ran(t) }

func TestStep5(t *testing.T) { witness.Ran(t) }
