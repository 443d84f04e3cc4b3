package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// lockedSuite is packages of tests that take 50 ms on the mean, of which a share needs one of the
// names. As the scheduler does, the tests of a package that need other locks are a package of
// their own.
func lockedSuite(rnd *rand.Rand, packages, tests int, share float64, names int) suite {
	var s suite
	for range packages {
		parts := make(map[string]*simPackage)
		var order []string
		for range tests {
			name := ""
			if rnd.Float64() < share {
				name = fmt.Sprint("n", rnd.IntN(names))
			}
			if parts[name] == nil {
				parts[name] = &simPackage{startup: 4 * ms}
				if name != "" {
					parts[name].locks = []string{name}
				}
				order = append(order, name)
			}
			takes := time.Duration((1 + rnd.ExpFloat64()*49) * float64(ms))
			parts[name].units = append(parts[name].units, simUnit{takes: takes, tests: 1})
		}
		for _, name := range order {
			s.packages = append(s.packages, *parts[name])
		}
	}
	return s
}

// TestLockedEfficiency is how near to the bound runs come whose tests hold locks, as the mean of
// some orders: with history, and without.
func TestLockedEfficiency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		packages, tests int
		share           float64
		names           int
		capacity        map[string]int
		known, first    float64
	}{
		{"one package, a tenth holds one name", 1, 200, 0.1, 1, nil, 0.93, 0.88},
		{"one package, half holds one name", 1, 200, 0.5, 1, nil, 0.97, 0.90},
		{"one package, half holds one of eight", 1, 200, 0.5, 8, nil, 0.85, 0.84},
		{"ten packages, a fifth holds one name", 10, 40, 0.2, 1, nil, 0.95, 0.94},
		{"ten packages, half holds one name of capacity 4", 10, 40, 0.5, 1, map[string]int{"n0": 4}, 0.85, 0.84},
		{"ten packages, all hold one of sixteen", 10, 40, 1, 16, nil, 0.95, 0.90},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, workers := range []int{2, 4, 8} {
				for _, k := range []knowledge{everything(), nothing()} {
					sum, worst := 0.0, 1.0
					const seeds = 6
					for seed := range uint64(seeds) {
						s := lockedSuite(rand.New(rand.NewPCG(seed, 7)), tt.packages, tt.tests, tt.share, tt.names)
						s.capacity, s.many = tt.capacity, false
						e := float64(s.bound(workers)) / float64(simulate(s, workers, k, seed).end)
						sum += e / seeds
						worst = min(worst, e)
					}
					t.Logf("%d workers, %s: %.3f of the bound, worst %.3f", workers, k.name, sum, worst)
					want := tt.first
					if k.startup {
						want = tt.known
					}
					if sum < want {
						t.Errorf("%d workers, %s: %.3f of the bound, want %.2f", workers, k.name, sum, want)
					}
				}
			}
		})
	}
}

// TestNothingWaitsForEver: a package that needs two locks comes to run though packages that need one
// of them keep coming, so that never both are free by themselves.
func TestNothingWaitsForEver(t *testing.T) {
	t.Parallel()
	s := suite{packages: []simPackage{{startup: ms, arrives: 10 * ms, locks: []string{"a", "b"}, units: repeat(1, 5*ms)}}}
	for i := range 200 {
		one := simPackage{startup: ms, arrives: time.Duration(i) * 10 * ms, units: repeat(1, 25*ms), locks: []string{string(rune('a' + i%2))}}
		s.packages = append(s.packages, one)
	}
	for _, k := range []knowledge{everything(), nothing()} {
		r := simulate(s, 3, k, 1)
		passed := 0
		for _, l := range r.log {
			if l.batch.Package == 0 {
				break
			}
			if l.start > s.packages[0].arrives {
				passed++
			}
		}
		if passed > patience {
			t.Errorf("%s: %d processes that need one of its locks started before the package that waited", k.name, passed)
		}
		if passed < patience/2 {
			t.Errorf("%s: the package waited for %d processes: the suite shows nothing", k.name, passed)
		}
	}
}
