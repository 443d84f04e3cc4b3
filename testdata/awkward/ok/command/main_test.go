package main

import "testing"

func TestWords(t *testing.T) {
	if got := words(); got != 3 {
		t.Errorf("words() = %d, want 3", got)
	}
}
