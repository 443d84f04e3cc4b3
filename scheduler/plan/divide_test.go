package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestDivide(t *testing.T) {
	t.Parallel()
	ms := func(list ...int) []time.Duration {
		var all []time.Duration
		for _, n := range list {
			all = append(all, time.Duration(n)*time.Millisecond)
		}
		return all
	}
	for name, tc := range map[string]struct {
		d    Division
		want string
	}{
		"nothing":                        {Division{Workers: 4}, "[]"},
		"one subtest":                    {Division{Workers: 4, Costs: ms(5000)}, "[]"},
		"one worker":                     {Division{Workers: 1, Costs: ms(500, 500)}, "[]"},
		"too short":                      {Division{Workers: 4, Costs: ms(90, 90)}, "[]"},
		"two":                            {Division{Workers: 4, Costs: ms(100, 100)}, "[[0] [1]]"},
		"two for three workers' worth":   {Division{Workers: 4, Costs: ms(70, 70, 70, 70)}, "[[0 2] [1 3]]"},
		"the longest alone":              {Division{Workers: 3, Costs: ms(100, 900, 100, 100)}, "[[2] [0 3] [1]]"},
		"no more than workers":           {Division{Workers: 2, Costs: ms(300, 300, 300, 300)}, "[[0 2] [1 3]]"},
		"starts are dear":                {Division{Workers: 4, Costs: ms(300, 300), Startup: 110 * time.Millisecond}, "[]"},
		"the body is dear":               {Division{Workers: 4, Costs: ms(300, 300), Body: 400 * time.Millisecond}, "[]"},
		"the end is dear":                {Division{Workers: 4, Costs: ms(900, 900), End: time.Second}, "[]"},
		"no durations":                   {Division{Workers: 4, Costs: ms(0, 0, 0)}, "[]"},
		"the shortest part is the first": {Division{Workers: 2, Costs: ms(500, 200, 100)}, "[[1 2] [0]]"},
	} {
		if got := fmt.Sprint(Divide(tc.d)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestDivideAtRandom: every subtest is in one part, no part is empty, none is longer than the first
// by more than one subtest.
func TestDivideAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 9))
		d := Division{Workers: 1 + random.IntN(9)}
		for range random.IntN(40) {
			d.Costs = append(d.Costs, time.Duration(random.IntN(900))*time.Millisecond)
		}
		parts := Divide(d)
		if len(parts) == 1 || len(parts) > d.Workers {
			t.Fatalf("seed %d: %d parts", seed, len(parts))
		}
		var all []int
		loads := make([]time.Duration, len(parts))
		for p, part := range parts {
			if len(part) == 0 || !slices.IsSorted(part) {
				t.Errorf("seed %d: part %d is %v", seed, p, part)
			}
			all = append(all, part...)
			longest := time.Duration(0)
			for _, i := range part {
				loads[p] += max(d.Costs[i], testFloor)
				longest = max(longest, d.Costs[i], testFloor)
			}
			if loads[p] < loads[0] || loads[p]-longest > loads[0] {
				t.Errorf("seed %d: part %d takes %v, the first %v", seed, p, loads[p], loads[0])
			}
		}
		slices.Sort(all)
		for i, n := range all {
			if i != n || len(all) != len(d.Costs) {
				t.Fatalf("seed %d: %d subtests in parts %v", seed, len(d.Costs), parts)
			}
		}
	}
}
