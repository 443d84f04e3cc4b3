package broken

import (
	"os"
	"testing"
)

// TestSum fails as go test runs it too, with ADOPT_BROKEN=1.
func TestSum(t *testing.T) {
	if os.Getenv("ADOPT_BROKEN") != "" {
		t.Error("1 + 1 is not 3")
	}
}
