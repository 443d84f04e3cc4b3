// Package mainrefuses has a TestMain that exits 2 before any test.
package mainrefuses

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Fprintln(os.Stderr, "cannot set up")
	os.Exit(2)
}

func TestNever(t *testing.T) {}

func TestNeverEither(t *testing.T) {}
