package port

import (
	"testing"

	"example.com/adopt/shared"
)

func TestServe(t *testing.T) {
	if err := shared.Port(); err != nil {
		t.Error(err)
	}
}

func TestOther(*testing.T) {}

func TestAnother(*testing.T) {}

// TestAdmin listens where TestServe does.
func TestAdmin(t *testing.T) {
	if err := shared.Port(); err != nil {
		t.Error(err)
	}
}
