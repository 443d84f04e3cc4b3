package export

import (
	"testing"

	"example.com/flakes/contend"
)

// TestServe fails if another process has the port.
func TestServe(t *testing.T) {
	if err := contend.Serve(); err != nil {
		t.Error(err)
	}
}

func TestNothing(*testing.T) {}
