package world

import "testing"

// TestBreak: what has failed elsewhere is not started here, and what else there is goes on.
func TestBreak(t *testing.T) {
	t.Parallel()
	s := NewState(0, 2)
	s.Break(3, 0)
	s.Break(4, 0) // the first counts
	if answer, p := s.Ask(Need{Worker: 1, Own: []int{0, 1}}); answer != Refused || p != (Part{3, 0}) || !s.Broken() {
		t.Errorf("%v, %v", answer, p)
	}
	if answer, _ := s.Ask(Need{Worker: 1, Own: []int{1}}); answer != Wait || len(s.Next()) != 1 {
		t.Errorf("another set-up: %v", answer)
	}
}
