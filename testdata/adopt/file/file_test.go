package file

import (
	"testing"

	"example.com/adopt/shared"
)

func TestOther(*testing.T) {}

func TestExport(t *testing.T) {
	if err := shared.File("out", "export"); err != nil {
		t.Error(err)
	}
}

func TestAnother(*testing.T) {}

// TestReport writes the file that TestExport writes.
func TestReport(t *testing.T) {
	if err := shared.File("out", "report"); err != nil {
		t.Error(err)
	}
}
