//go:build unix

// Package outlives holds a test that ends when that of package waits has died.
package outlives

import (
	"io"
	"os"
	"testing"
)

// TestOutlives reads from the pipe DEATHS_HELD to its end.
func TestOutlives(t *testing.T) {
	file, err := os.Open(os.Getenv("DEATHS_HELD")) // waits for the writer
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(file); err != nil {
		t.Fatal(err)
	}
}
