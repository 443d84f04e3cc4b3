//cohort:group steps

// Package groupgoexits holds a group with a member that calls runtime.Goexit, and a loose test.
package groupgoexits

import (
	"runtime"
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
	runtime.Goexit()
}

func TestStep4(t *testing.T) { witness.Ran(t) }

func TestStep5(t *testing.T) { witness.Ran(t) }
