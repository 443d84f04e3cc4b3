package chain

import "testing"

var done int

// step is one of seven, each of which needs all before it.
func step(t *testing.T, n int) {
	t.Helper()
	if done != n {
		t.Errorf("step %d comes after %d", n, done)
	}
	done = n + 1
}

func TestStep0(t *testing.T) { step(t, 0) }
func TestStep1(t *testing.T) { step(t, 1) }
func TestStep2(t *testing.T) { step(t, 2) }
func TestStep3(t *testing.T) { step(t, 3) }
func TestStep4(t *testing.T) { step(t, 4) }
func TestStep5(t *testing.T) { step(t, 5) }
func TestStep6(t *testing.T) { step(t, 6) }
