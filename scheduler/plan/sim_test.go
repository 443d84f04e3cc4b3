package plan

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// suite is a run to simulate: what packages there are and what they really take.
type suite struct {
	name     string
	packages []simPackage
	recorded bool // of real tests, by themselves
	// gate tells that the planner hears whether packages are being built.
	gate bool
	// many tells that the command may name more packages than the suite has.
	many bool
	// end is for how long processes live on after their tests.
	end time.Duration
	// capacity is by how many processes a lock may be held, 1 if it is not there.
	capacity map[string]int
}

type simPackage struct {
	arrives time.Duration
	startup time.Duration
	units   []simUnit
	max     int  // MaxBatches
	held    bool // workers wait for the end of its processes
	locks   []string
}

type simUnit struct {
	takes  time.Duration
	tests  int
	group  bool
	serial bool
}

// knowledge is what the history knows.
type knowledge struct {
	name string
	// estimate returns what it says of a unit.
	estimate func(takes time.Duration, rnd *rand.Rand) (time.Duration, bool)
	startup  bool
}

func nothing() knowledge {
	return knowledge{"nothing", func(time.Duration, *rand.Rand) (time.Duration, bool) { return 0, false }, false}
}

func everything() knowledge {
	return knowledge{"history", func(d time.Duration, _ *rand.Rand) (time.Duration, bool) { return d, true }, true}
}

// noisy is a history whose durations are off, by a factor of e^sigma typically.
func noisy(sigma float64) knowledge {
	return knowledge{fmt.Sprintf("history±%.0f%%", 100*sigma), func(d time.Duration, rnd *rand.Rand) (time.Duration, bool) {
		return time.Duration(float64(d) * math.Exp(sigma*rnd.NormFloat64())), true
	}, true}
}

// outcome is what a simulated run was like.
type outcome struct {
	end       time.Duration
	processes int
	busy      time.Duration
	log       []logged
}

// logged is a process of the simulation.
type logged struct {
	batch      Batch
	worker     int
	start, end time.Duration
}

// simEvent is something that will happen.
type simEvent struct {
	at     time.Duration
	order  int // equal times go by this
	happen func()
}

// eventQueue is a heap, the next event first.
type eventQueue []simEvent

func (q eventQueue) Len() int { return len(q) }

func (q eventQueue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].order, q[j].order)) < 0
}

func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *eventQueue) Push(e any) { *q = append(*q, e.(simEvent)) }

func (q *eventQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// simulation plays a suite against a Planner, as the scheduler does, without processes.
type simulation struct {
	suite   suite
	planner *Planner
	locks   *Locks
	workers []bool // busy
	now     time.Duration
	events  eventQueue
	pushed  int
	arrived int
	result  outcome
}

// simulate runs a suite in an order that seed decides.
func simulate(s suite, workers int, k knowledge, seed uint64) outcome {
	rnd := rand.New(rand.NewPCG(seed, 99))
	locks := NewLocks(s.capacity)
	sim := &simulation{suite: s, locks: locks, planner: New(Config{Workers: workers, Locks: locks, End: s.end}), workers: make([]bool, workers)}
	sim.supply()
	ranks := rnd.Perm(len(s.packages))
	for i, p := range s.packages {
		in := Package{ID: i, Rank: ranks[i], MaxBatches: p.max, Held: p.held, Locks: p.locks}
		if k.startup {
			in.Startup = p.startup
		}
		for _, id := range rnd.Perm(len(p.units)) {
			u := p.units[id]
			planned := Unit{ID: id, Tests: u.tests, Group: u.group, Serial: u.serial}
			planned.Estimate, planned.Known = k.estimate(u.takes, rnd)
			in.Units = append(in.Units, planned)
		}
		sim.at(p.arrives, func() {
			sim.arrived++
			sim.supply()
			sim.planner.AddPackage(in)
		})
	}
	sim.run()
	return sim.result
}

// supply tells the planner what cohort knows of packages that have not come: with one package that
// there is no other, with many nothing, but for a gate.
func (sim *simulation) supply() {
	switch {
	case len(sim.suite.packages) == 1 && !sim.suite.many || sim.suite.gate && sim.arrived == len(sim.suite.packages):
		sim.planner.SetSupply(SupplyIdle)
	case sim.suite.gate:
		sim.planner.SetSupply(SupplyBuilding)
	}
}

func (sim *simulation) at(t time.Duration, happen func()) {
	sim.pushed++
	heap.Push(&sim.events, simEvent{t, sim.pushed, happen})
}

func (sim *simulation) run() {
	for len(sim.events) > 0 {
		sim.now = sim.events[0].at
		for len(sim.events) > 0 && sim.events[0].at == sim.now {
			heap.Pop(&sim.events).(simEvent).happen()
		}
		sim.dispatch()
	}
}

func (sim *simulation) dispatch() {
	for {
		idle := 0
		for _, busy := range sim.workers {
			if !busy {
				idle++
			}
		}
		b, ok, wake := sim.planner.Next(sim.now, idle)
		if !ok {
			if wake != 0 {
				sim.at(wake, func() {})
			}
			return
		}
		sim.start(b)
	}
}

func (sim *simulation) start(b Batch) {
	worker := slices.Index(sim.workers, false)
	sim.workers[worker] = true
	p := sim.suite.packages[b.Package]
	sim.locks.Take(worker, Claim{Key: b.Package, Need: Need{Names: p.locks, Serial: b.Serial}})
	t := sim.now + p.startup
	ended := false // the process: a test that takes no time ends with it
	sim.at(t, func() {
		if !ended {
			sim.planner.Started(b.ID, sim.now)
		}
	})
	for i, id := range b.Units {
		t += p.units[id].takes
		if i < len(b.Units)-1 && len(b.Units) < 200 {
			sim.at(t, func() { sim.planner.Observed(b.ID, i+1) })
		}
	}
	gone := t + sim.suite.end
	if p.held {
		t = gone
	}
	sim.at(t, func() {
		ended = true
		sim.workers[worker] = false
		sim.locks.Release(worker)
		sim.planner.Finished(b.ID, sim.now)
		sim.result.end = max(sim.result.end, gone)
	})
	sim.result.processes++
	sim.result.busy += t - sim.now
	sim.result.log = append(sim.result.log, logged{b, worker, sim.now, t})
}

// bound is the shortest possible end: what arrives from some moment on, spread evenly, or one unit,
// each with the process starts that cannot be avoided.
func (s suite) bound(workers int) time.Duration {
	var bound time.Duration
	for _, from := range s.packages {
		total := time.Duration(0)
		for _, p := range s.packages {
			if p.arrives >= from.arrives {
				total += p.total()
			}
		}
		bound = max(bound, from.arrives+total/time.Duration(workers))
		for _, u := range from.units {
			bound = max(bound, from.arrives+from.startup+u.takes)
		}
	}
	return max(bound, s.lockBound()) + s.end
}

// lockBound is what the work of one lock takes, over the processes that may hold it.
func (s suite) lockBound() time.Duration {
	work := make(map[string]time.Duration)
	for _, p := range s.packages {
		for _, name := range p.locks {
			work[name] += p.total() / time.Duration(max(s.capacity[name], 1))
		}
	}
	var longest time.Duration
	for _, d := range work {
		longest = max(longest, d)
	}
	return longest
}

// total is what the package needs if its loose units share a process.
func (p simPackage) total() time.Duration {
	var total time.Duration
	loose := time.Duration(0)
	for _, u := range p.units {
		total += u.takes
		if u.group || u.serial {
			total += p.startup
		} else {
			loose = p.startup
		}
	}
	return total + loose
}

// blindEnd is when a run would end whose scheduler knows no durations, but starts every unit in a
// process of its own at no cost: in the order of the packages' arrival and, inside a package, in
// the order that seed decides. No scheduler without history can be expected to do better on the
// mean.
func (s suite) blindEnd(workers int, seed uint64) time.Duration {
	rnd := rand.New(rand.NewPCG(seed, 98))
	free := make([]time.Duration, workers)
	total := time.Duration(0)
	for _, i := range rnd.Perm(len(s.packages)) {
		p := s.packages[i]
		total += p.startup
		for _, id := range rnd.Perm(len(p.units)) {
			worker := slices.Index(free, slices.Min(free))
			free[worker] = max(free[worker], p.arrives) + p.units[id].takes
		}
	}
	return slices.Max(free) + total/time.Duration(workers) + s.end
}

// figures are means over several orders.
type figures struct {
	mean, worst float64 // bound/end
	blind       float64 // blindEnd/end
	processes   float64
}

func measure(s suite, workers int, k knowledge, seeds int) figures {
	if len(s.packages) > 500 {
		seeds = 1 // all packages are alike, and a simulation takes a while
	}
	f := figures{worst: 1}
	n := float64(seeds)
	for seed := range uint64(seeds) {
		r := simulate(s, workers, k, seed)
		e := float64(s.bound(workers)) / float64(r.end)
		f.mean += e / n
		f.worst = min(f.worst, e)
		f.blind += float64(s.blindEnd(workers, seed)) / float64(r.end) / n
		f.processes += float64(r.processes) / n
	}
	return f
}

// exception is a suite that cannot, or not yet, hold the promise for a number of workers and above.
type exception struct {
	suite   string
	known   bool // with history
	workers int
	floor   float64
	why     string
}

func exceptions() []exception {
	return []exception{
		{"sync", true, 2, 0.70, "0.19 s in all: process starts are what remains"},
		{"sync", false, 2, 0.45, "0.19 s in all: the probe window alone is a fifth of the bound"},
		{"bufio", false, 2, 0.65, "0.13 s in all: as sync"},
		{"encoding_json", false, 4, 0.60, "two tests have half the time, and short tests of a batch wait behind them"},
		{"text_template", false, 2, 0.75, "one test has half of 1.3 s, and short tests of its batch run before it"},
		{"sort", false, 8, 0.80, "as text_template"},
		{"64 sleeps, slow start", false, 8, 0.80, "five process starts of 75 ms per worker in 2 s"},
		{"100 trivial packages", false, 8, 0.75, "50 ms in all: the last packages are probed"},
	}
}

// floor returns what the efficiency must be.
func floor(s suite, k knowledge, workers int) float64 {
	for _, e := range exceptions() {
		if e.suite == s.name && workers >= e.workers && e.known == k.startup {
			return e.floor
		}
	}
	return promise(k)
}

func promise(k knowledge) float64 {
	return map[string]float64{"history": 0.95, "history±30%": 0.85, "nothing": 0.85}[k.name]
}

// TestEfficiency is the promise, for the mean of ten orders: at least 0.95 of the bound with
// history. Without it, 0.85 of the bound or of what a scheduler without history could at all do:
// one that meets the longest test last is late, however it cuts. The mean over the recordings must
// be above 0.95 and 0.85 of the bound itself.
func TestEfficiency(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it simulates whole suites")
	}
	var recorded means
	t.Run("suites", func(t *testing.T) {
		for _, s := range suites(t) {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				for _, workers := range []int{1, 2, 4, 8} {
					for _, k := range []knowledge{everything(), noisy(0.3), nothing()} {
						f := checkEfficiency(t, s, workers, k)
						if s.recorded && workers > 1 { // one worker is never idle
							recorded.add(k.name, f.mean)
						}
					}
				}
			})
		}
	})
	for _, k := range []knowledge{everything(), noisy(0.3), nothing()} {
		mean, n := recorded.of(k.name)
		t.Logf("%-11s of bound %.3f, mean of %d recordings and numbers of workers", k.name, mean, n)
		if want := promise(k); mean < want || n == 0 {
			t.Errorf("%s: mean efficiency %.3f of %d, want %.2f", k.name, mean, n, want)
		}
	}
}

func checkEfficiency(t *testing.T, s suite, workers int, k knowledge) figures {
	t.Helper()
	f := measure(s, workers, k, 10)
	t.Logf("%d workers, %-11s of bound %.3f (worst %.3f), of blind %.3f, %.0f processes", workers, k.name, f.mean, f.worst, f.blind, f.processes)
	got := f.mean
	if !k.startup {
		got = max(got, f.blind)
	}
	if want := floor(s, k, workers); got < want {
		t.Errorf("%d workers, %s: efficiency %.3f, want %.2f", workers, k.name, got, want)
	}
	return f
}

// means adds up figures by name. It is safe for concurrent use.
type means struct {
	mu    sync.Mutex
	sum   map[string]float64
	count map[string]int
}

func (m *means) add(name string, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum == nil {
		m.sum, m.count = map[string]float64{}, map[string]int{}
	}
	m.sum[name] += v
	m.count[name]++
}

func (m *means) of(name string) (mean float64, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sum[name] / float64(m.count[name]), m.count[name]
}
