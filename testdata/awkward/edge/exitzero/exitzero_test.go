// Package exitzero hides its failure: TestMain exits 0 whatever m.Run says. go
// test calls the package ok and the test failed.
package exitzero

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	os.Exit(0)
}

func TestFailsInVain(t *testing.T) { t.Error("nobody will know") }

func TestPasses(t *testing.T) {}
