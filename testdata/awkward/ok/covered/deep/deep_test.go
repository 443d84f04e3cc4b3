package deep

import "testing"

func TestLimit(t *testing.T) {
	if got := Limit(2_000_000); got != 100 {
		t.Errorf("Limit = %d, want 100", got)
	}
}
