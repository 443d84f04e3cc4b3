package repeat

import "testing"

// TestRegister does not tidy up: it fails the second time.
func TestRegister(t *testing.T) {
	if err := Register("metrics"); err != nil {
		t.Error(err)
	}
}

func TestUnknown(t *testing.T) {
	if names["traces"] {
		t.Error("traces is registered")
	}
}
