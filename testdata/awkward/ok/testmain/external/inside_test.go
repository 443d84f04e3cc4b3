package external

import "testing"

func TestInside(t *testing.T) {
	if Answer != 42 {
		t.Errorf("Answer = %d, want 42", Answer)
	}
}
