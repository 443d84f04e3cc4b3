package stock

import (
	"testing"
	"time"
)

// warehouse returns a stocked shelf after the wait that a real warehouse,
// somewhere on a network, would cost.
func warehouse(t *testing.T) *Shelf {
	t.Helper()
	time.Sleep(250 * time.Millisecond)
	s := NewShelf()
	s.Put("tea", 3)
	return s
}

func TestTake(t *testing.T) {
	s := warehouse(t)
	if err := s.Take("tea", 2); err != nil {
		t.Fatal(err)
	}
	if got := s.Left("tea"); got != 1 {
		t.Errorf("%d left, want 1", got)
	}
}

func TestTakeTooMuch(t *testing.T) {
	s := warehouse(t)
	if err := s.Take("tea", 4); err == nil {
		t.Error("took 4 of 3")
	}
	if got := s.Left("tea"); got != 3 {
		t.Errorf("%d left, want all 3", got)
	}
}

func TestTakeUnknown(t *testing.T) {
	if err := warehouse(t).Take("coffee", 1); err == nil {
		t.Error("took what was never there")
	}
}

func TestPut(t *testing.T) {
	s := warehouse(t)
	s.Put("tea", 2)
	if got := s.Left("tea"); got != 5 {
		t.Errorf("%d left, want 5", got)
	}
}
