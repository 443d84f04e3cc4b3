package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// randomSuite has everything a suite can have.
func randomSuite(rnd *rand.Rand) suite {
	s := suite{capacity: map[string]int{"a": 2, "b": rnd.IntN(3)}}
	for range 1 + rnd.IntN(12) {
		p := simPackage{startup: time.Duration(1+rnd.IntN(80)) * ms, arrives: time.Duration(rnd.IntN(500)) * ms, max: rnd.IntN(2) * rnd.IntN(6)}
		if rnd.IntN(3) == 0 {
			for _, i := range rnd.Perm(4)[:1+rnd.IntN(2)] {
				p.locks = append(p.locks, string(rune('a'+i)))
			}
		}
		for range rnd.IntN(40) {
			u := simUnit{takes: time.Duration(rnd.ExpFloat64() * float64(50*ms)), tests: rnd.IntN(4)}
			u.group, u.serial = rnd.IntN(8) == 0, rnd.IntN(12) == 0
			p.units = append(p.units, u)
		}
		s.packages = append(s.packages, p)
	}
	return s
}

// partial knows half of the durations.
func partial() knowledge {
	return knowledge{"partial", func(d time.Duration, rnd *rand.Rand) (time.Duration, bool) { return d, rnd.IntN(2) == 0 }, false}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s, workers := randomSuite(rnd), 1+rnd.IntN(9)
		k := []knowledge{everything(), noisy(0.5), partial(), nothing()}[seed%4]
		r := simulate(s, workers, k, seed)
		if problem := checkLog(s, workers, r.log, seed); problem != "" {
			t.Errorf("seed %d, %d workers, %s: %s", seed, workers, k.name, problem)
		}
		if again := simulate(s, workers, k, seed); fmt.Sprint(again.log) != fmt.Sprint(r.log) {
			t.Errorf("seed %d: the same run gives other batches", seed)
		}
	}
}

// checkLog returns what is wrong with a run, or "".
func checkLog(s suite, workers int, log []logged, seed uint64) string {
	ran := make(map[[2]int]int)
	for i, l := range log {
		p := s.packages[l.batch.Package]
		places := order(s, seed)[l.batch.Package]
		for k, id := range l.batch.Units {
			u := p.units[id]
			ran[[2]int{l.batch.Package, id}]++
			if (u.group || u.serial) && len(l.batch.Units) > 1 {
				return fmt.Sprintf("a unit that asked for its own process shares it: %+v", l.batch)
			}
			if u.serial != l.batch.Serial {
				return fmt.Sprintf("serial is wrong: %+v", l.batch)
			}
			if k > 0 && places[id] < places[l.batch.Units[k-1]] {
				return fmt.Sprintf("order is not kept: %+v", l.batch)
			}
		}
		if l.start < p.arrives {
			return "a package ran before it arrived"
		}
		held := make(map[string]int)
		for _, other := range log[:i+1] {
			if other.start <= l.start && l.start < other.end {
				for _, name := range s.packages[other.batch.Package].locks {
					held[name]++
				}
			}
		}
		for name, n := range held {
			if n > max(s.capacity[name], 1) && l.start < l.end {
				return fmt.Sprintf("%d processes hold %s when %+v starts", n, name, l)
			}
		}
		for _, other := range log[:i] {
			overlap := other.start < l.end && l.start < other.end
			if overlap && (other.worker == l.worker || other.batch.Serial || l.batch.Serial) {
				return fmt.Sprintf("%+v overlaps %+v", l, other)
			}
		}
		if l.worker >= workers {
			return "too many workers"
		}
	}
	for i, p := range s.packages {
		for id := range p.units {
			if n := ran[[2]int{i, id}]; n != 1 {
				return fmt.Sprintf("unit %d of package %d ran %d times", id, i, n)
			}
		}
		if problem := checkMax(i, p, log); problem != "" {
			return problem
		}
	}
	return ""
}

// checkMax compares the processes of a package with what it allows: units that need their own come
// on top.
func checkMax(id int, p simPackage, log []logged) string {
	alone, batches, loose := 0, 0, 0
	for _, u := range p.units {
		if u.group || u.serial {
			alone++
		} else {
			loose = 1
		}
	}
	for _, l := range log {
		if l.batch.Package == id {
			batches++
		}
	}
	if p.max > 0 && batches > max(p.max, alone+loose) {
		return fmt.Sprintf("package %d ran in %d processes, %d allowed, %d units alone", id, batches, p.max, alone)
	}
	return ""
}

// order returns each unit's position per package: the permutations that simulate makes of seed.
func order(s suite, seed uint64) [][]int {
	rnd := rand.New(rand.NewPCG(seed, 99))
	rnd.Perm(len(s.packages))
	places := make([][]int, len(s.packages))
	k := []knowledge{everything(), noisy(0.5), partial(), nothing()}[seed%4]
	for i, p := range s.packages {
		places[i] = make([]int, len(p.units))
		for place, id := range rnd.Perm(len(p.units)) {
			places[i][id] = place
			k.estimate(p.units[id].takes, rnd)
		}
	}
	return places
}

// TestManySmallPackages is the other promise: hardly more work than one process per package. With
// history it is 3%; in a first run it is what may be wasted, and the starts under way when it is.
func TestManySmallPackages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it simulates a thousand packages")
	}
	s := trivial(1000)
	var once time.Duration
	for _, p := range s.packages {
		once += p.total()
	}
	for _, built := range []time.Duration{0, 5 * ms, 35 * ms} {
		for _, workers := range []int{1, 2, 4, 8} {
			for _, k := range []knowledge{everything(), nothing()} {
				r := simulate(spread(s.name, s, built), workers, k, 1)
				over := r.busy - once
				t.Logf("%d workers, %s, built every %v: %d processes, %v more work", workers, k.name, built, r.processes, over)
				limit := once * 3 / 100
				if !k.startup && workers > 1 {
					limit += time.Duration(allowance(r.end)) + time.Duration(workers)*defaultStartup
				}
				if r.processes > 1150 {
					t.Errorf("%d workers, %s, built every %v: %d processes", workers, k.name, built, r.processes)
				}
				if over > limit {
					t.Errorf("%d workers, %s, built every %v: %v more work than a process per package, want at most %v",
						workers, k.name, built, over, limit)
				}
			}
		}
	}
}

// known returns n loose units of one duration.
func known(n int, d time.Duration) []Unit {
	units := make([]Unit, n)
	for i := range units {
		units[i] = Unit{ID: i, Tests: 1, Estimate: d, Known: true}
	}
	return units
}

func TestProbeMakesOthersWaitBriefly(t *testing.T) {
	t.Parallel()
	pl := New(Config{Workers: 4})
	units := known(64, 0)
	for i := range units {
		units[i].Known = false
	}
	pl.AddPackage(Package{ID: 1, Units: units})
	b, ok, _ := pl.Next(0, 4)
	if !ok || len(b.Units) != 8 {
		t.Fatalf("the probe has units %v, want an eighth of 64", b.Units)
	}
	if b, ok, wake := pl.Next(ms, 3); ok || wake != probeWindow {
		t.Errorf("during the probe: %v, %v, wake at %v", b, ok, wake)
	}
	if b, ok, _ := pl.Next(probeWindow, 3); !ok || len(b.Units) != 8 {
		t.Errorf("after the window: %v, %v", b, ok)
	}
	pl.AddPackage(Package{ID: 2, Units: known(1, ms)})
	if b, ok, _ := pl.Next(probeWindow, 2); !ok {
		t.Errorf("two workers idle beside waiting units: %v", b)
	}
}

// TestTimeDoesNotMatterWithHistory checks that with all durations known nothing but seed,
// workers and history decides the batches.
func TestTimeDoesNotMatterWithHistory(t *testing.T) {
	t.Parallel()
	batches := func(step time.Duration) string {
		pl := New(Config{Workers: 3})
		for i := range 5 {
			pl.AddPackage(Package{ID: i, Rank: 5 - i, Units: known(30, time.Duration(i+1)*10*ms), Startup: 4 * ms})
		}
		var all string
		units := 0
		for now := step; ; now += step {
			b, ok, _ := pl.Next(now, 3)
			if !ok {
				if units != 5*30 {
					t.Errorf("%d units were handed out, want %d", units, 5*30)
				}
				return all
			}
			units += len(b.Units)
			all += fmt.Sprint(b, ok)
			pl.Finished(b.ID, now+step)
		}
	}
	if a, b := batches(ms), batches(time.Second); a != b {
		t.Errorf("batches depend on time:\n%s\n%s", a, b)
	}
}
