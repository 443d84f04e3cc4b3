package covered

import "testing"

func TestNegative(t *testing.T) {
	if got := Size(-1); got != "negative" {
		t.Errorf("Size(-1) = %q", got)
	}
}

func TestSmall(t *testing.T) {
	for n := range 10 {
		if got := Size(n); got != "small" {
			t.Errorf("Size(%d) = %q", n, got)
		}
	}
}

func TestLarge(t *testing.T) {
	if got := Size(500); got != "large" {
		t.Errorf("Size(500) = %q", got)
	}
}

func TestSum(t *testing.T) {
	if got := Sum(1, 2, 3); got != 6 {
		t.Errorf("Sum(1, 2, 3) = %d", got)
	}
}

func TestSumParallel(t *testing.T) {
	for n := range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if got := Sum(n, n); got != 2*n {
				t.Errorf("Sum(%d, %d) = %d", n, n, got)
			}
		})
	}
}
