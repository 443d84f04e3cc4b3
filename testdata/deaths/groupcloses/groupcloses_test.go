//go:build unix

//cohort:group steps

// Package groupcloses holds a group with a member that closes the process output, and a loose test.
package groupcloses

import (
	"errors"
	"syscall"
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
	if err := errors.Join(syscall.Close(1), syscall.Close(2)); err != nil {
		t.Fatal(err)
	}
}

func TestStep4(t *testing.T) { witness.Ran(t) }

func TestStep5(t *testing.T) { witness.Ran(t) }
