package hunt

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/grouping"
)

// world is a package whose tests behave as a model says: the decisions of a
// hunt are tested on it without a process.
type world struct {
	bin    *binary
	random *rand.Rand
	// fails is the chance that the unit at that place of the process fails.
	fails func(p simulated, at int) float64
}

// simulated is one process of a world.
type simulated struct {
	units []*unit // in the order in which they run; under count 2 twice
	procs int
	load  load
	next  []*unit // what runs in parallel with it, where that is known: load others
}

// meets reports whether a test of that name may run in parallel with the process.
func (p simulated) meets(name string) bool {
	return p.load == rounds || slices.ContainsFunc(p.next, func(u *unit) bool { return u.name == name })
}

// name returns the name of the unit that runs at that place.
func (p simulated) name(at int) string { return p.units[at].name }

// ran reports whether a test of that name runs before a place.
func (p simulated) ran(name string, at int) bool {
	return slices.ContainsFunc(p.units[:at], func(u *unit) bool { return u.name == name })
}

// newWorld has n tests, T000 and so on, in source order.
func newWorld(n int, seed uint64, fails func(p simulated, at int) float64) *world {
	list := &grouping.Package{ImportPath: "example.com/world"}
	for i := range n {
		list.Tests = append(list.Tests, grouping.Test{Name: fmt.Sprintf("T%03d", i), File: "world_test.go", Line: 10 * (i + 1)})
	}
	units, _, err := grouping.Units(list, grouping.Options{})
	if err != nil {
		panic(err)
	}
	return &world{bin: newBinary(list, units), random: rand.New(rand.NewPCG(seed, 1)), fails: fails}
}

// process is a process that runs a task. Its order is found once: to seed it anew for each run and each
// question took half of the time of the simulations.
func (w *world) process(t task, l load, neighbours ...task) simulated {
	p := simulated{procs: t.procs, load: l}
	for _, n := range neighbours {
		p.next = append(p.next, n.units...)
	}
	order := t.order.sorted(t.bin, t.units)
	for range t.count {
		p.units = append(p.units, order...)
	}
	return p
}

// results runs a process and returns the results of each unit by its place, in turn.
func (w *world) results(p simulated) [][]bool {
	results := make([][]bool, len(w.bin.units))
	for i, u := range p.units {
		results[u.place] = append(results[u.place], w.random.Float64() < w.fails(p, i))
	}
	return results
}

// run makes a world a prober.
func (w *world) run(victim *unit, c condition, n int) tally {
	if c.load == shared { // it is like the rounds: anything may run in parallel
		c.load = rounds
	}
	t, p := tally{runs: n}, w.process(c.task, c.load, c.neighbours...)
	for range n {
		results := w.results(p)[victim.place]
		failed := slices.Contains(results, true)
		if c.second {
			failed = !results[0] && results[1]
		}
		if failed {
			t.failed++
		}
	}
	return t
}

// hurry is what a prober needs.
func (w *world) hurry() bool { return false }

// hunt runs rounds and explains what failed, by name.
func (w *world) hunt(runs, workers int) map[string]*diagnosis {
	records := make(map[*unit]*record)
	other := task{bin: w.bin, units: w.bin.units, count: 1}
	for i := range runs {
		for _, t := range planRound([]*binary{w.bin}, i, w.random.Int64N(1<<30), workers) {
			p := w.process(t, rounds)
			results := w.results(p)
			for at, u := range p.units[:len(t.units)] {
				r := records[u]
				if r == nil {
					r = &record{unit: u}
					records[u] = r
				}
				s := situation{task: t, neighbours: []task{other}, company: at}
				if t.count > 1 {
					s.company = len(t.units) - 1
				}
				r.book(s, slices.Contains(results[u.place], true), func() string { return "" })
			}
		}
	}
	found := make(map[string]*diagnosis)
	var peers []*unit
	for _, u := range w.bin.units {
		if records[u].rounds.failed > 0 {
			peers = append(peers, u)
		}
	}
	for _, u := range w.bin.units {
		if r := records[u]; r.rounds.failed > 0 {
			s := &suspect{unit: u, rounds: r.rounds, failing: r.failing, passing: r.passing, peers: peers, workers: workers}
			found[u.name] = explain(w, s, survey(w, s))
		}
	}
	return found
}

// specimen is one way to fail.
type specimen struct {
	name     string
	victim   string
	kind     Kind
	reason   reason
	culprits string
	// fails is the chance for the victim; it is asked of no other test.
	fails func(p simulated, at int) float64
	// runs is how many rounds it takes to find it, 0 for 40.
	runs int
}

// chance is p where the condition holds.
func chance(p float64, holds bool) float64 {
	if holds {
		return p
	}
	return 0
}

func specimens() []specimen {
	return []specimen{
		{name: "broken", victim: "T030", kind: Broken, fails: func(simulated, int) float64 { return 1 }},
		{name: "random 95%", victim: "T030", kind: Random, fails: func(simulated, int) float64 { return 0.95 }, runs: 120},
		{name: "random 50%", victim: "T030", kind: Random, fails: func(simulated, int) float64 { return 0.5 }},
		{name: "random 20%", victim: "T030", kind: Random, fails: func(simulated, int) float64 { return 0.2 }},
		{name: "random 5%", victim: "T030", kind: Random, fails: func(simulated, int) float64 { return 0.05 }, runs: 120},
		{
			name: "polluter after it", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T050",
			fails: func(p simulated, at int) float64 { return chance(1, p.ran("T050", at)) },
		},
		{
			name: "polluter before it", victim: "T050", kind: OrderDependent, reason: polluter, culprits: "T010",
			fails: func(p simulated, at int) float64 { return chance(1, p.ran("T010", at)) },
		},
		{
			name: "polluter with 60%", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T050",
			fails: func(p simulated, at int) float64 { return chance(0.6, p.ran("T050", at)) },
		},
		{
			name: "polluter beside a race of 5%", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T050",
			fails: func(p simulated, at int) float64 { return max(0.05, chance(1, p.ran("T050", at))) },
		},
		{
			name: "two polluters together", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T020 and T050",
			fails: func(p simulated, at int) float64 { return chance(1, p.ran("T020", at) && p.ran("T050", at)) },
		},
		{
			name: "either of two polluters", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T020 or T050",
			fails: func(p simulated, at int) float64 { return chance(1, p.ran("T020", at) || p.ran("T050", at)) },
		},
		{
			name: "polluter and cleaner", victim: "T010", kind: OrderDependent, reason: polluter, culprits: "T050",
			fails: func(p simulated, at int) float64 {
				last := ""
				for _, u := range p.units[:at] {
					if u.name == "T050" || u.name == "T020" {
						last = u.name
					}
				}
				return chance(1, last == "T050")
			},
		},
		{
			name: "setter", victim: "T050", kind: OrderDependent, reason: setter, culprits: "T010",
			fails: func(p simulated, at int) float64 { return chance(1, !p.ran("T010", at)) },
		},
		{
			name: "either of two setters", victim: "T050", kind: OrderDependent, reason: setter, culprits: "T010 or T030",
			fails: func(p simulated, at int) float64 { return chance(1, !p.ran("T010", at) && !p.ran("T030", at)) },
		},
		{
			name: "not repeatable", victim: "T030", kind: NotRepeatable,
			fails: func(p simulated, at int) float64 { return chance(1, p.ran("T030", at)) },
		},
		{
			name: "GOMAXPROCS=1", victim: "T030", kind: LoadDependent, reason: oneProc,
			fails: func(p simulated, _ int) float64 { return chance(1, p.procs == 1) },
		},
		{
			name: "own copies", victim: "T030", kind: LoadDependent, reason: ownCopies,
			fails: func(p simulated, _ int) float64 { return chance(0.5, p.load == copies || p.load == rounds) },
		},
		{
			name: "others", victim: "T030", kind: LoadDependent, reason: byOthers,
			fails: func(p simulated, _ int) float64 { return chance(0.3, p.load == others || p.load == rounds) },
		},
		{
			name: "a busy machine", victim: "T030", kind: LoadDependent, reason: byBusy,
			fails: func(p simulated, _ int) float64 { return chance(0.7, p.load >= copies) },
		},
		{
			name: "clash", victim: "T030", kind: Clash, culprits: "T050",
			fails: func(p simulated, _ int) float64 { return chance(0.6, p.meets("T050")) },
		},
		{
			name: "clash with two, and itself", victim: "T030", kind: Clash, culprits: "T010 and T050",
			fails: func(p simulated, _ int) float64 {
				return chance(0.8, p.meets("T050") || p.meets("T010") || p.load == copies)
			},
		},
		{
			name: "the rounds alone", victim: "T030", kind: LoadDependent, reason: eliminated,
			fails: func(p simulated, _ int) float64 { return chance(0.3, p.load == rounds) },
		},
	}
}

// outcomeOf says what a hunt has made of a specimen: "" for the right name.
func (s specimen) outcomeOf(found map[string]*diagnosis) string {
	d := found[s.victim]
	switch {
	case d == nil:
		return "not found"
	case len(found) > 1:
		return "a clean test is accused"
	case d.kind != s.kind || d.reason != s.reason:
		return fmt.Sprintf("%s (%d)", d.kind, d.reason)
	case s.culprits == "":
		return ""
	}
	blamed := names(d.culprits)
	if blamed == s.culprits || s.culprits == "T020 or T050" && (blamed == "T020" || blamed == "T050") ||
		s.culprits == "T010 or T030" && (blamed == "T010" || blamed == "T030") ||
		s.culprits == "T020 and T050" && blamed == "T050 and T020" ||
		s.culprits == "T010 and T050" && blamed == "T050 and T010" {
		return ""
	}
	return "blames " + blamed
}

// worlds is a test flag, not state: nothing writes it but the command line.
var worlds = flag.Int("worlds", 20, "simulated hunts for each way to fail")

// TestNamesSpecimens hunts in many worlds for each specimen, and wants the
// right name in at least 19 of 20.
func TestNamesSpecimens(t *testing.T) {
	t.Parallel()
	for _, s := range specimens() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			wrong := make(map[string]int)
			right := 0
			for seed := range *worlds {
				w := newWorld(64, uint64(seed), func(p simulated, at int) float64 {
					if p.name(at) != s.victim {
						return 0
					}
					return s.fails(p, at)
				})
				runs := s.runs
				if runs == 0 {
					runs = 40
				}
				if said := s.outcomeOf(w.hunt(runs, 4)); said != "" {
					wrong[said]++
				} else {
					right++
				}
			}
			t.Logf("%d of %d right; wrong: %v", right, *worlds, wrong)
			if 20*right < 19**worlds {
				t.Errorf("%d of %d hunts have named it right, want 19 of 20; wrong: %v", right, *worlds, wrong)
			}
		})
	}
}
