package plan

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// needs reads what a process holds: names, or "serial".
func needs(text string) Need {
	names := strings.Fields(text)
	serial := slices.Contains(names, "serial")
	return Need{Names: slices.DeleteFunc(names, func(name string) bool { return name == "serial" }), Serial: serial}
}

// TestLocks plays steps: "+ID names" asks, "-ID" releases, "xID" forgets; after each is what was
// said, and who waits. A waiting one may be passed twice.
func TestLocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		capacity map[string]int
		steps    []string
	}{
		{"one at a time", nil, []string{"+1 db: yes []", "+2 db: no [2]", "-1: [2]", "+2 db: yes []", "-2: []"}},
		{"other names", nil, []string{"+1 db: yes []", "+2 web: yes []", "+3 db web: no [3]", "-1: [3]", "+3 db web: no [3]", "-2: [3]", "+3 db web: yes []"}},
		{"capacity", map[string]int{"db": 2}, []string{"+1 db: yes []", "+2 db: yes []", "+3 db: no [3]", "-2: [3]", "+3 db: yes []"}},
		{"no capacity is one", map[string]int{"db": 0, "web": -1}, []string{"+1 db web: yes []", "+2 db: no [2]", "+3 web: no [2 3]"}},
		{"all or nothing", nil, []string{"+1 b: yes []", "+2 a b: no [2]", "+3 a: yes [2]", "-1: [2]", "+2 a b: no [2]", "-3: [2]", "+2 a b: yes []"}},
		{"without need", nil, []string{"+1: yes []", "+2: yes []", "+3 db: yes []"}},
		{"serial waits for all", nil, []string{"+1: yes []", "+2 serial: no [2]", "-1: [2]", "+2 serial: yes []"}},
		{"all wait for serial", nil, []string{"+1 serial: yes []", "+2: no [2]", "+3 db: no [2 3]", "+4 serial: no [2 3 4]", "-1: [2 3 4]", "+2: yes [3 4]"}},
		{"patience ends", nil, []string{
			"+1 a: yes []", "+2 a b: no [2]",
			"+3 b: yes [2]", "-3: [2]", "+4 b: yes [2]", "-4: [2]",
			"+7 b: no [2 7]", "+8 c: yes [2 7]", "-1: [2 7]", "+7 b: no [2 7]", "+2 a b: yes [7]", "-2: [7]", "+7 b: yes []"}},
		{"patience of a serial one ends", nil, []string{
			"+1: yes []", "+2 serial: no [2]", "+3: yes [2]", "+4 x: yes [2]",
			"+7: no [2 7]", "-1: [2 7]", "-3: [2 7]", "+7: no [2 7]", "-4: [2 7]", "+2 serial: yes [7]", "-2: [7]", "+7: yes []"}},
		{"what is forgotten by its caller holds nobody up for ever", nil, []string{
			"+1: yes []", "+2 serial: no [2]", "+3: yes [2]", "+4: yes [2]", "+5: no [2 5]", "-1: [2 5]", "-3: [2 5]", "-4: [2 5]", "+5: yes [2]"}},
		{"the oldest is not held up by younger ones", nil, []string{"+1 a: yes []", "+2 a: no [2]", "+3 a: no [2 3]", "-1: [2 3]", "+2 a: yes [3]"}},
		{"forgotten", nil, []string{"+1 a: yes []", "+2 a: no [2]", "x2: []", "x9: []", "-1: []", "+3 a: yes []"}},
		{"the same process again", nil, []string{"+1 a: yes []", "-1: []", "+1 a: yes []"}},
	} {
		l := NewLocks(tt.capacity)
		l.patience = 2 // for short tables
		for i, step := range tt.steps {
			action, want, _ := strings.Cut(step, ": ")
			var id int
			if _, err := fmt.Sscan(action[1:], &id); err != nil {
				t.Fatalf("%s: step %q: %v", tt.name, step, err)
			}
			got := ""
			switch action[0] {
			case '+':
				_, names, _ := strings.Cut(action, " ")
				got = map[bool]string{true: "yes ", false: "no "}[askAndTake(l, id, needs(names))]
			case '-':
				l.Release(id)
			case 'x':
				l.Forget(id)
			}
			if got += fmt.Sprint(l.Waiting()); got != want {
				t.Errorf("%s: step %d, %s: got %s, want %s", tt.name, i+1, action, got, want)
			}
		}
	}
}

// askAndTake takes what a process needs, which is its own claim, if it may.
func askAndTake(l *Locks, id int, need Need) bool {
	c := Claim{Key: id, Need: need}
	if !l.Ask(c) {
		return false
	}
	l.Take(id, c)
	return true
}

func TestLocksHeld(t *testing.T) {
	t.Parallel()
	l := NewLocks(map[string]int{"db": 2})
	for id, names := range []string{"db web", "db", "serial"} {
		askAndTake(l, id, needs(names))
	}
	if got, want := l.Held(), []Holding{{"db", 2}, {"web", 1}}; !slices.Equal(got, want) {
		t.Errorf("held %v, want %v", got, want)
	}
}

func TestLocksMistakes(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(l *Locks){
		"taken twice":       func(l *Locks) { l.Take(1, Claim{}) },
		"taken, held":       func(l *Locks) { l.Take(2, Claim{Need: Need{Names: []string{"a"}}}) },
		"taken, not alone":  func(l *Locks) { l.Take(2, Claim{Need: Need{Serial: true}}) },
		"released twice":    func(l *Locks) { l.Release(1); l.Release(1) },
		"released, unknown": func(l *Locks) { l.Release(2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			l := NewLocks(nil)
			l.Take(1, Claim{Need: Need{Names: []string{"a"}}})
			mistake(l)
		}()
	}
}

// lockTest is a test of the simulation.
type lockTest struct {
	need  Need
	takes time.Duration
}

// lockRun is a simulated run on workers with a table of locks: the longest test that may start
// does, and those that wait are asked first.
type lockRun struct {
	tests    []lockTest
	capacity map[string]int
	workers  int

	locks   *Locks
	now     time.Duration
	running map[int]time.Duration // end by test
	started []int                 // in order
	fault   string
}

func runLocks(tests []lockTest, capacity map[string]int, workers, patience int) *lockRun {
	r := &lockRun{tests: tests, capacity: capacity, workers: workers, locks: NewLocks(capacity), running: make(map[int]time.Duration)}
	r.locks.patience = patience
	pending := make([]int, len(tests))
	for i := range pending {
		pending[i] = i
	}
	slices.SortStableFunc(pending, func(a, b int) int { return cmp.Compare(tests[b].takes, tests[a].takes) })
	for len(pending) > 0 || len(r.running) > 0 {
		pending = r.start(pending)
		if len(r.running) == 0 {
			r.fault = fmt.Sprintf("nothing runs, and %d tests wait", len(pending))
			return r
		}
		r.endOne()
	}
	return r
}

// start fills the workers and returns what is still pending.
func (r *lockRun) start(pending []int) []int {
	for _, id := range slices.Concat(r.locks.Waiting(), pending) {
		if len(r.running) >= r.workers {
			break
		}
		i := slices.Index(pending, id)
		if i < 0 || !askAndTake(r.locks, id, r.tests[id].need) {
			continue // started as a waiting one, or refused
		}
		pending = slices.Delete(slices.Clone(pending), i, i+1)
		r.running[id] = r.now + r.tests[id].takes
		r.started = append(r.started, id)
		r.check(id)
	}
	return pending
}

// check notes what must not be, after a test has started.
func (r *lockRun) check(id int) {
	held := make(map[string]int)
	for other := range r.running {
		if other != id && (r.tests[other].need.Serial || r.tests[id].need.Serial) {
			r.fault = fmt.Sprintf("test %d runs beside %d, of which one is serial", id, other)
		}
		for _, name := range r.tests[other].need.Names {
			held[name]++
		}
	}
	for name, n := range held {
		if n > max(r.capacity[name], 1) {
			r.fault = fmt.Sprintf("%d tests hold %s", n, name)
		}
	}
	for _, w := range r.locks.waiting {
		if w.passed > r.locks.patience {
			r.fault = fmt.Sprintf("test %d was passed %d times", w.Key, w.passed)
		}
	}
}

// endOne goes to the time at which the next test ends.
func (r *lockRun) endOne() {
	next := -1
	for id, end := range r.running {
		if next < 0 || end < r.running[next] || end == r.running[next] && id < next {
			next = id
		}
	}
	r.now = r.running[next]
	delete(r.running, next)
	r.locks.Release(next)
}

// bound is what no scheduler is faster than: all work over the workers, the work of one name over its
// capacity, the longest test, and serial tests by themselves.
func (r *lockRun) bound() time.Duration {
	var total, serial, longest time.Duration
	byName := make(map[string]time.Duration)
	for _, t := range r.tests {
		if t.need.Serial {
			serial += t.takes
			continue
		}
		total += t.takes
		longest = max(longest, t.takes)
		for _, name := range t.need.Names {
			byName[name] += t.takes
		}
	}
	bound := max(total/time.Duration(r.workers), longest)
	for name, sum := range byName {
		bound = max(bound, sum/time.Duration(max(r.capacity[name], 1)))
	}
	return bound + serial
}

// randomLockTests makes n tests; a share of them holds some of the names, a few are serial.
func randomLockTests(rnd *rand.Rand, n int, share float64, names int) []lockTest {
	tests := make([]lockTest, n)
	for i := range tests {
		tests[i].takes = time.Duration(1+rnd.ExpFloat64()*float64(50)) * ms
		if rnd.Float64() < share {
			for _, name := range rnd.Perm(names)[:1+rnd.IntN(2)*rnd.IntN(min(names, 3))] {
				tests[i].need.Names = append(tests[i].need.Names, fmt.Sprintf("n%d", name))
			}
		}
		tests[i].need.Serial = rnd.IntN(40) == 0
	}
	return tests
}

func TestLockProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		names := 1 + rnd.IntN(6)
		tests := randomLockTests(rnd, rnd.IntN(80), rnd.Float64(), names)
		capacity := map[string]int{"n0": rnd.IntN(4), "n1": 2}
		r := runLocks(tests, capacity, 1+rnd.IntN(9), rnd.IntN(4))
		if r.fault == "" && len(r.started) != len(tests) {
			r.fault = fmt.Sprintf("%d of %d tests ran", len(r.started), len(tests))
		}
		if r.fault != "" {
			t.Fatalf("seed %d: %s", seed, r.fault)
		}
	}
}

// TestLockEfficiency simulates suites of which a part holds locks, with the longest test first.
func TestLockEfficiency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		share    float64
		names    int
		capacity map[string]int
		floor    float64
	}{
		{"no locks", 0, 1, nil, 0.92},
		{"a tenth holds one name", 0.1, 1, nil, 0.90},
		{"half holds one of eight", 0.5, 8, nil, 0.83},
		{"all hold one of sixteen", 1, 16, nil, 0.80},
		{"half holds one name of capacity 4", 0.5, 1, map[string]int{"n0": 4}, 0.90},
	} {
		for _, workers := range []int{2, 4, 8} {
			sum, worst := 0.0, 1.0
			const seeds = 6
			for seed := range uint64(seeds) {
				r := runLocks(randomLockTests(rand.New(rand.NewPCG(seed, 6)), 200, tt.share, tt.names), tt.capacity, workers, patience)
				if r.fault != "" {
					t.Fatalf("%s: %s", tt.name, r.fault)
				}
				e := float64(r.bound()) / float64(r.now)
				sum += e / seeds
				worst = min(worst, e)
			}
			t.Logf("%s, %d workers: %.3f of the bound, worst %.3f", tt.name, workers, sum, worst)
			if sum < tt.floor {
				t.Errorf("%s, %d workers: %.3f of the bound, want %.2f", tt.name, workers, sum, tt.floor)
			}
		}
	}
}
