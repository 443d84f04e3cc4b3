package plan

import (
	"fmt"
	"testing"
	"time"
)

// TestMost: what can be divided of a batch takes no longer than it may, and one more worker makes no
// difference to where it ends.
func TestMost(t *testing.T) {
	t.Parallel()
	seconds := func(all ...int) (units []Unit) {
		for i, s := range all {
			units = append(units, Unit{ID: i, Estimate: time.Duration(s) * time.Second, Known: true})
		}
		return units
	}
	ones := make([]int, 100)
	for i := range ones {
		ones[i] = 1
	}
	for name, tc := range map[string]struct {
		workers int
		most    time.Duration
		pkg     Package
		want    string // the first three batches
	}{
		"without a bound":    {2, 0, Package{Units: seconds(ones...)}, "[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37]"},
		"two seconds":        {2, 2 * time.Second, Package{Units: seconds(ones...)}, "[0 1] [2 3] [4 5]"},
		"more workers":       {9, 2 * time.Second, Package{Units: seconds(ones...)}, "[0 1] [2 3] [4 5]"},
		"a long unit":        {2, 2 * time.Second, Package{Units: seconds(1, 1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)}, "[3] [0 1] [2 4]"},
		"one process":        {2, 2 * time.Second, Package{Units: seconds(ones[:9]...), MaxBatches: 1}, "[0 1 2 3 4 5 6 7 8]"},
		"two processes":      {2, 2 * time.Second, Package{Units: seconds(ones[:9]...), MaxBatches: 2}, "[0 1 2 3 4] [5 6 7 8]"},
		"it starts so slow":  {2, 2 * time.Second, Package{Units: seconds(ones...), Startup: time.Second}, "[0 1 2] [3 4 5] [6 7 8]"},
		"a quarter of a one": {2, time.Second / 4, Package{Units: seconds(1, 1, 1)}, "[0] [1] [2]"},
	} {
		pl := New(Config{Workers: tc.workers, Most: tc.most})
		pl.SetSupply(SupplyIdle)
		pl.AddPackage(tc.pkg)
		got := ""
		for range 3 {
			if b, ok, _ := pl.Next(0, 1); ok {
				got += fmt.Sprint(" ", b.Units)
			}
		}
		if tc.most == 0 { // only the first is of interest
			got = got[:len(tc.want)+1]
		}
		if got != " "+tc.want {
			t.Errorf("%s:%s, want %s", name, got, tc.want)
		}
	}
}

// TestSetWorkers: with more workers the shares are smaller.
func TestSetWorkers(t *testing.T) {
	t.Parallel()
	pl := New(Config{Workers: 1})
	var units []Unit
	for i := range 400 {
		units = append(units, Unit{ID: i, Estimate: time.Second, Known: true})
	}
	pl.AddPackage(Package{Units: units})
	few, _, _ := pl.Next(0, 1)
	pl.SetWorkers(100)
	many, _, _ := pl.Next(0, 1)
	if len(few.Units) < 10*len(many.Units) || len(many.Units) == 0 {
		t.Errorf("%d tests of 400 for one worker, then %d for one of a hundred", len(few.Units), len(many.Units))
	}
}
