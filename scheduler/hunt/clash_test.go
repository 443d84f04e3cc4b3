package hunt

import (
	"fmt"
	"slices"
	"testing"
)

// TestClashers has the clashers of a company found, each harmful by itself, in few questions.
func TestClashers(t *testing.T) {
	t.Parallel()
	units := newWorld(64, 0, nil).bin.units
	for _, tt := range []struct {
		name      string
		harmful   []int
		together  bool // it takes all of them at the same time
		over      bool
		want      []int
		questions int // at most
	}{
		{"one", []int{40}, false, false, []int{40}, 8},
		{"the first", []int{0}, false, false, []int{0}, 8},
		{"the last", []int{63}, false, false, []int{63}, 8},
		{"three", []int{3, 40, 63}, false, false, []int{3, 40, 63}, 24},
		{"more than are looked for", []int{1, 2, 3, 4, 5, 6, 7, 8}, false, false, []int{1, 2, 3, 4, 5, 6}, 48},
		{"two together", []int{3, 40}, true, false, nil, 7},
		{"no time", []int{3}, false, true, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			shows := func(some []*unit) bool {
				asked++
				harmful := func(i int) bool { return slices.Contains(some, units[i]) }
				if tt.together {
					return !slices.ContainsFunc(tt.harmful, func(i int) bool { return !harmful(i) })
				}
				return slices.ContainsFunc(tt.harmful, harmful)
			}
			var got []int
			for _, u := range clashers(units, shows, func() bool { return tt.over }) {
				got = append(got, u.place)
			}
			if !slices.Equal(got, tt.want) || asked > tt.questions {
				t.Errorf("got %v after %d questions, want %v after at most %d", got, asked, tt.want, tt.questions)
			}
		})
	}
}

// TestDelays spreads the beginnings of trials over the whole course of the neighbours.
func TestDelays(t *testing.T) {
	t.Parallel()
	s := &station{longest: 100}
	var quarters [4]int
	for range 8 {
		quarters[s.delay()/25]++
	}
	if quarters != [4]int{2, 2, 2, 2} {
		t.Errorf("delays by quarters: %v", quarters)
	}
}

// TestNothingElseRan has a suspect that failed while one other test ran, and nothing else. That alone does
// not say that the two clash: it must pass with a test that never failed, if there is one.
func TestNothingElseRan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		any   bool  // it fails with whatever runs in parallel
		sound []int // tests that never failed
		want  Kind
	}{
		{"clash", false, []int{1, 2}, Clash},
		{"fails with all", true, []int{1, 2}, LoadDependent},
		{"nothing to compare with", true, nil, Clash},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(8, 1, func(p simulated, _ int) float64 {
				return chance(0.9, p.meets("T005") || tt.any && len(p.next) > 0)
			})
			units := w.bin.units
			s := &suspect{unit: units[3], rounds: tally{20, 9}, peers: units[5:6], workers: 4}
			s.failing = []situation{{task: s.task(), neighbours: []task{{bin: w.bin, units: units[5:6], count: 1}}}}
			for _, i := range tt.sound {
				s.sound = append(s.sound, units[i])
			}
			d := explain(w, s, nil)
			if d.kind != tt.want || d.kind == Clash && names(d.culprits) != "T005" {
				t.Errorf("got %s with %s, want %s", d.kind, names(d.culprits), tt.want)
			}
		})
	}
}

// TestMeetsSeldom has two tests that clash, but whose processes meet in few of the runs, as on a machine that
// is slow to start them. It is seen all the same which test makes the difference, and when it is whatever runs.
func TestMeetsSeldom(t *testing.T) {
	t.Parallel()
	for _, percent := range []int{15, 20, 25, 40, 60, 90} {
		for _, any := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d%%, any %t", percent, any), func(t *testing.T) {
				t.Parallel()
				want := "clash T005"
				if any {
					want = "load-dependent "
				}
				said := make(map[string]int)
				for seed := range *worlds {
					w := newWorld(8, uint64(seed), func(p simulated, _ int) float64 {
						return chance(float64(percent)/100, p.meets("T005") || any && len(p.next) > 0 || p.load == copies)
					})
					units := w.bin.units
					s := &suspect{unit: units[3], rounds: tally{100, percent}, peers: units[4:6], sound: units[:2], workers: 4}
					s.failing = []situation{{task: s.task(), neighbours: []task{{bin: w.bin, units: units[4:7], count: 1}}}}
					d := explain(w, s, nil)
					said[string(d.kind)+" "+names(d.culprits)]++
				}
				if t.Logf("%v", said); 20*said[want] < 19**worlds {
					t.Errorf("%v, want %q in 19 of 20", said, want)
				}
			})
		}
	}
}
