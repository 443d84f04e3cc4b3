package startup

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Rate = 20
	os.Exit(m.Run())
}

// TestRate is a victim in a package with a TestMain.
func TestRate(t *testing.T) {
	if Rate != 20 {
		t.Errorf("rate is %d, want 20", Rate)
	}
}

func TestPositive(t *testing.T) {
	if Rate <= 0 {
		t.Errorf("rate is %d", Rate)
	}
}

// TestOverride is its polluter.
func TestOverride(t *testing.T) {
	Rate = 7
}
