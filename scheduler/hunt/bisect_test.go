package hunt

import (
	"math/bits"
	"slices"
	"testing"
)

// company makes units U0 to Un-1, in that order.
func company(n int) []*unit {
	return newWorld(n, 0, nil).bin.units
}

// TestCulprits finds every one, and every pair, in companies of many sizes.
func TestCulprits(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7, 64, 100} {
		before := company(n)
		for i := range n {
			questions := 0
			got := culprits(before, func(units []*unit) bool {
				questions++
				return slices.Contains(units, before[i])
			})
			if len(got) != 1 || got[0] != before[i] {
				t.Fatalf("of %d, %d is to blame: got %s", n, i, names(got))
			}
			if most := bits.Len(uint(n-1)) + 1; questions > most {
				t.Errorf("of %d, %d: %d questions, want at most %d", n, i, questions, most)
			}
			for j := range i {
				got := culprits(before, func(units []*unit) bool {
					a, b := slices.Index(units, before[j]), slices.Index(units, before[i])
					return a >= 0 && b > a
				})
				if !slices.Equal(got, []*unit{before[j], before[i]}) {
					t.Fatalf("of %d, %d and %d are to blame: got %s", n, j, i, names(got))
				}
			}
		}
	}
}

// TestCulpritsWithCleaner has a test that undoes what an earlier one does.
func TestCulpritsWithCleaner(t *testing.T) {
	t.Parallel()
	before := company(50)
	polluters, cleaner := []*unit{before[3], before[30]}, before[20]
	got := culprits(before, func(units []*unit) bool {
		dirty := false
		for _, u := range units {
			dirty = u != cleaner && (dirty || slices.Contains(polluters, u))
		}
		return dirty
	})
	if !slices.Equal(got, []*unit{before[30]}) {
		t.Errorf("got %s, want the polluter after the cleaner", names(got))
	}
}

// TestCulpritsDropsNeedless has one wrong answer, which adds a test.
func TestCulpritsDropsNeedless(t *testing.T) {
	t.Parallel()
	before := company(8)
	lied := false
	got := culprits(before, func(units []*unit) bool {
		if len(units) == 1 && !lied {
			lied = true
			return false
		}
		return slices.Contains(units, before[5])
	})
	if !slices.Equal(got, []*unit{before[5]}) {
		t.Errorf("got %s, want T005", names(got))
	}
}

// TestCulpritsTooMany gives up where five are needed together.
func TestCulpritsTooMany(t *testing.T) {
	t.Parallel()
	before := company(20)
	got := culprits(before, func(units []*unit) bool {
		for _, u := range before[10:15] {
			if !slices.Contains(units, u) {
				return false
			}
		}
		return true
	})
	if got != nil {
		t.Errorf("got %s, want none", names(got))
	}
}
