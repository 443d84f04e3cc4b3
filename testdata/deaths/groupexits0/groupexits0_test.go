//cohort:group steps

// Package groupexits0 holds a group with a member that calls os.Exit(0), and a loose test.
package groupexits0

import (
	"os"
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
	os.Exit(0)
}

func TestStep4(t *testing.T) { witness.Ran(t) }

func TestStep5(t *testing.T) { witness.Ran(t) }
