package plan

import (
	"slices"
	"testing"
	"time"
)

// quick returns packages of ten tests that do next to nothing.
func quick(n int) []simPackage { return trivial(n).packages }

// slow returns a package of n tests that take d each.
func slow(n int, d time.Duration) simPackage {
	return simPackage{startup: 3 * ms, units: repeat(n, d)}
}

// hidden returns a package of n tests of which a few take d, and the others nothing.
func hidden(n, few int, d time.Duration) simPackage {
	p := slow(n-few, 200*time.Microsecond)
	p.units = append(p.units, repeat(few, d)...)
	return p
}

// firstRun is a command with a pattern, whose packages are built one by one.
func firstRun(name string, packages ...simPackage) suite {
	s := spread(name, suite{packages: packages}, 60*ms)
	s.many = true
	return s
}

// waiting are first runs of few tests that wait.
func waiting() []suite {
	const d = 600 * ms
	mixed := []simPackage{slow(8, d), slow(20, 10*ms), slow(30, 100*ms), slow(6, 400*ms)}
	mixed = append(mixed, quick(1)...)
	twenty := append(quick(12), mixed...)
	twenty = append(twenty, slow(20, 10*ms), slow(20, 10*ms), slow(8, d))
	return []suite{
		firstRun("one package", slow(8, d)),
		firstRun("two packages", slow(6, d), slow(6, d)),
		firstRun("after 15 quick ones", append(quick(15), slow(8, d))...),
		firstRun("before 15 quick ones", append([]simPackage{slow(8, d)}, quick(15)...)...),
		firstRun("after 50 quick ones", append(quick(50), slow(8, d))...),
		firstRun("five packages", mixed...),
		firstRun("twenty packages", twenty...),
	}
}

// TestFirstRunOfSlowTests is that slow tests spread in a first run nearly as with a history:
// whatever is known of builds, and with the race detector too.
func TestFirstRunOfSlowTests(t *testing.T) {
	t.Parallel()
	for _, s := range waiting() {
		gate, race := s, s
		gate.name, gate.gate = s.name+", builds known", true
		race.name, race.end = s.name+", race detector", time.Second
		for _, s := range []suite{s, gate, race} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				for _, workers := range []int{2, 4, 8} {
					checkFirstRun(t, s, workers)
				}
			})
		}
	}
}

func checkFirstRun(t *testing.T, s suite, workers int) {
	t.Helper()
	const seeds = 10
	var first, again time.Duration
	for seed := range uint64(seeds) {
		first += simulate(s, workers, nothing(), seed).end / seeds
		again += simulate(s, workers, everything(), seed).end / seeds
	}
	t.Logf("%d workers: first run %v, with history %v", workers, first, again)
	if first > again*115/100 {
		t.Errorf("%d workers: the first run takes %v, and %v with history", workers, first, again)
	}
}

// TestFirstRunOfHiddenTests has few slow tests in a package of quick ones. They can be met late;
// but the run is nearer to the time of a scheduler that starts every test by itself than to that of
// one process.
func TestFirstRunOfHiddenTests(t *testing.T) {
	t.Parallel()
	p := hidden(100, 8, 600*ms)
	for _, s := range []suite{
		firstRun("one package", p),
		firstRun("after 15 quick ones", append(quick(15), p)...),
		firstRun("before 15 quick ones", append([]simPackage{p}, quick(15)...)...),
	} {
		for _, workers := range []int{2, 4, 8} {
			const seeds = 20
			var got, blind time.Duration
			for seed := range uint64(seeds) {
				got += simulate(s, workers, nothing(), seed).end / seeds
				blind += s.blindEnd(workers, seed) / seeds
			}
			alone := s.packages[slices.IndexFunc(s.packages, func(p simPackage) bool { return len(p.units) == 100 })]
			serial := alone.arrives + alone.total()
			t.Logf("%s, %d workers: %v, each test by itself %v, one process %v", s.name, workers, got, blind, serial)
			if got > (blind+serial)/2 {
				t.Errorf("%s, %d workers: %v; each test by itself %v, one process %v", s.name, workers, got, blind, serial)
			}
		}
	}
}

// TestLongEnds has packages that are bound by the processor. If their processes live on for a
// second there are fewer of them, and fewer still if workers wait for that; and the run does not
// take longer for it than the second.
func TestLongEnds(t *testing.T) {
	t.Parallel()
	run := func(end time.Duration, held bool, workers int) (took time.Duration, processes int) {
		var packages []simPackage
		for _, s := range recordedSuites(t) {
			p := s.packages[0]
			p.held = held
			packages = append(packages, p)
		}
		s := firstRun("recorded", packages...)
		s.end = end
		const seeds = 20
		for seed := range uint64(seeds) {
			r := simulate(s, workers, nothing(), seed)
			took += r.end / seeds
			processes += r.processes
		}
		t.Logf("%d workers, end %v, held %v: %v, %d processes in %d runs", workers, end, held, took, processes, seeds)
		return took, processes
	}
	for _, workers := range []int{2, 4} {
		short, many := run(0, false, workers)
		long, fewer := run(time.Second, false, workers)
		_, fewest := run(time.Second, true, workers)
		if long > short*104/100+time.Second {
			t.Errorf("%d workers: %v, and %v without the ends", workers, long, short)
		}
		if fewer > many*9/10 || fewest > many*7/10 {
			t.Errorf("%d workers: %d processes without ends, %d with them, %d if workers wait for them", workers, many, fewer, fewest)
		}
	}
}
