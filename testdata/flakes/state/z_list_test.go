package state

import "testing"

// TestListUsers is brittle: by itself it finds no users.
func TestListUsers(t *testing.T) {
	if len(List()) == 0 {
		t.Error("no users")
	}
}
