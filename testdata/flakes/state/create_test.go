package state

import "testing"

// TestCreateUsers is the state-setter that TestListUsers needs.
func TestCreateUsers(t *testing.T) {
	before := len(List())
	Create("ann", "bob")
	if got := len(List()); got != before+2 {
		t.Errorf("%d users, want %d", got, before+2)
	}
}
