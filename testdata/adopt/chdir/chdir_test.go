package chdir

import (
	"os"
	"testing"
)

func TestGolden(t *testing.T) {
	if _, err := os.ReadFile("testdata/golden.txt"); err != nil {
		t.Error(err)
	}
}

func TestOther(*testing.T) {}

func TestAnother(*testing.T) {}

// TestElsewhere does not go back.
func TestElsewhere(t *testing.T) {
	if err := os.Chdir(os.TempDir()); err != nil {
		t.Error(err)
	}
}
