package total

import "testing"

var sum int

func TestA(*testing.T) { sum++ }
func TestB(*testing.T) { sum++ }
func TestC(*testing.T) { sum++ }
func TestD(*testing.T) { sum++ }
func TestE(*testing.T) { sum++ }
func TestF(*testing.T) { sum++ }

// TestTotal needs all of them, which is more than anybody wants to read as a list.
func TestTotal(t *testing.T) {
	if sum != 6 {
		t.Errorf("the sum is %d", sum)
	}
}
