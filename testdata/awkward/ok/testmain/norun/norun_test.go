// Package norun has a TestMain that exits 0 and never runs a test, as the
// tests of packages do that need a service nobody started.
package norun

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("no database here, nothing to do")
	os.Exit(0)
}

func TestNever(t *testing.T) { t.Fatal("this must not run") }

func TestNeverEither(t *testing.T) { t.Fatal("this must not run") }
