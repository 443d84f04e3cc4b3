// Package exitzero calls os.Exit(0) in its last test, which the testing
// package turns into a panic.
package exitzero

import (
	"os"
	"testing"
)

func TestBeforeExit(t *testing.T) {}

func TestExitsZero(t *testing.T) { os.Exit(0) }
