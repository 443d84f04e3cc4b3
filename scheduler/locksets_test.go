package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// TestProcesses says in how many processes sets of tests may run: each is written with its loose
// tests and those that need a process of their own.
func TestProcesses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode    ledger.Mode
		sets    [][2]int
		workers int
		want    string
	}{
		{ledger.Split, [][2]int{{5, 1}, {2, 0}}, 4, "[0 0]"},
		{ledger.Whole, [][2]int{{5, 1}}, 4, "[1]"},
		{ledger.Bundled, nil, 4, "[]"},
		{ledger.Bundled, [][2]int{{9, 0}}, 4, "[4]"},
		{ledger.Bundled, [][2]int{{9, 2}}, 4, "[4]"},
		{ledger.Bundled, [][2]int{{2, 0}, {9, 0}}, 4, "[1 3]"},
		{ledger.Bundled, [][2]int{{2, 1}, {9, 0}}, 4, "[2 2]"},
		{ledger.Bundled, [][2]int{{0, 2}, {1, 0}, {1, 0}}, 4, "[2 1 1]"},
		{ledger.Bundled, [][2]int{{0, 5}}, 4, "[5]"}, // as many as there are: they were put together before
	} {
		var sets []lockSet
		for _, n := range tc.sets {
			var s lockSet
			for range n[0] {
				s.tasks = append(s.tasks, &ledger.Task{Unit: &ledger.Unit{}})
			}
			for range n[1] {
				s.tasks = append(s.tasks, &ledger.Task{Unit: &ledger.Unit{Def: grouping.Unit{Group: "g"}}})
			}
			sets = append(sets, s)
		}
		if got := fmt.Sprint(processes(tc.mode, sets, tc.workers)); got != tc.want {
			t.Errorf("%d workers, %v: %s, want %s", tc.workers, tc.sets, got, tc.want)
		}
	}
}

// lockedTests is the source of a package whose tests hold up to two of three names, some in groups,
// some serial.
func lockedTests(random *rand.Rand) string {
	var s strings.Builder
	for i := range 1 + random.IntN(14) {
		names := []string{"a", "b", "c"}
		random.Shuffle(3, func(i, j int) { names[i], names[j] = names[j], names[i] })
		if n := random.IntN(3); n > 0 {
			fmt.Fprintf(&s, "//cohort:lock %s\n", strings.Join(names[:n], " "))
		}
		switch random.IntN(10) {
		case 0:
			s.WriteString("//cohort:serial\n")
		case 1, 2:
			s.WriteString("//cohort:group g\n")
		}
		fmt.Fprintf(&s, "func TestL%d(t *testing.T) {}\n\n", i)
	}
	return s.String()
}

// overlap returns which lock more processes hold than may, or "".
func (b *bench) overlap() string {
	held := make(map[string]int)
	for _, j := range b.running {
		if j.claim.Need.Serial && len(b.running) > 1 {
			return "a serial process is not alone"
		}
		for _, name := range j.claim.Need.Names {
			held[name]++
		}
	}
	for name, n := range held {
		if n > max(b.cfg.Locks[name], 1) {
			return fmt.Sprintf("%d processes hold %s", n, name)
		}
	}
	return ""
}

// locksOf returns what the tests of a process hold by their directives.
func locksOf(j *job) []string {
	var names []string
	for _, test := range j.suite.list.Tests {
		if slices.Contains(j.Names(), test.Name) {
			names = append(names, test.Locks...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// drive runs what starts until nothing does, in any order, and checks what is held. Fails says which
// processes end badly. It returns how often processes ran at the same time.
func (b *bench) drive(random *rand.Rand, seed uint64, fails func(*job) bool) (together int) {
	b.t.Helper()
	for rounds := 0; ; rounds++ {
		for _, j := range b.fill() {
			if want := locksOf(j); j.Kind != ledger.Baseline && !slices.Equal(j.claim.Need.Names, want) {
				b.t.Fatalf("seed %d: a process of %s claims %v, its tests hold %v", seed, names(j), j.claim.Need.Names, want)
			}
		}
		if problem := b.overlap(); problem != "" {
			b.t.Fatalf("seed %d: %s", seed, problem)
		}
		if len(b.running) > 1 {
			together++
		}
		if len(b.running) == 0 {
			return together
		}
		if rounds > 500 {
			b.t.Fatalf("seed %d: no end", seed)
		}
		next := b.running[random.IntN(len(b.running))]
		words, code := passing(next), 0
		if len(next.Tests) > 0 && fails(next) {
			words, code = script.Process("+"+next.Tests[0].Name), 2 // it dies in its first test
		}
		b.finish(next, words, code)
	}
}

// TestLocksAreHeld runs packages whose tests hold locks, in the first pass and in reruns, with
// processes that die: whatever happens, no more processes hold a name than may, each holds what its
// tests hold, loose tests with different locks do not share a process, and all comes to an end.
func TestLocksAreHeld(t *testing.T) {
	t.Parallel()
	together, reran := 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 8))
		c := &Config{Workers: 1 + random.IntN(5), Shuffle: true, Seed: int64(seed), GroupFailFast: true, SplitTestMain: seed%2 == 0}
		c.Locks = map[string]int{"a": 1 + random.IntN(3)}
		c.Reruns = 2
		c.GoTest = &gotest.Args{Timeout: gotest.DefaultTimeout, Cover: seed%3 == 0, CoverMode: "atomic"}
		b := newBench(t, c)
		var suites []*suite
		for range 1 + random.IntN(3) {
			suites = append(suites, b.arrives(lockedTests(random), random.IntN(4) == 0))
		}
		together += b.drive(random, seed, func(*job) bool { return random.IntN(4) == 0 })
		for _, s := range suites {
			if !b.over(s) {
				t.Fatalf("seed %d: a package has no end", seed)
			}
		}
		b.rerun()
		for _, i := range b.reruns.items {
			i.suite.file.rerun = "binary"
		}
		b.drive(random, seed, func(*job) bool { reran++; return random.IntN(2) == 0 })
		for range suites {
			<-b.exits
		}
		if !b.reruns.queue.Over() {
			t.Fatalf("seed %d: the reruns have no end", seed)
		}
	}
	if together < 200 || reran < 200 {
		t.Errorf("processes ran together %d times, and %d reran: that shows nothing", together, reran)
	}
}

// TestLockSetsDoNotMix: loose tests that hold different locks are in different processes.
func TestLockSetsDoNotMix(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 2})
	b.arrives("//cohort:lock db\nfunc TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n\n"+
		"//cohort:lock db\nfunc TestC(t *testing.T) {}\n\nfunc TestD(t *testing.T) {}\n", false)
	ran := make(map[string]bool)
	for started := b.fill(); len(started) > 0; started = b.fill() {
		for _, j := range started {
			for _, test := range j.Tests {
				if ran[test.Name] = true; len(locksOf(j)) > 0 != strings.Contains("TestA TestC", test.Name) {
					t.Errorf("%s runs in a process that holds %v", test.Name, locksOf(j))
				}
			}
		}
		for len(b.running) > 0 {
			b.finish(b.running[0], passing(b.running[0]), 0)
		}
	}
	if len(ran) != 4 {
		t.Errorf("%d tests ran", len(ran))
	}
	b.exit()
}

// TestLockIsFreeAtTheClosingLine: a process that lingers does nothing any more, so that its locks
// are free like its worker.
func TestLockIsFreeAtTheClosingLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 2, GoTest: &gotest.Args{Race: true}})
	b.arrives("//cohort:lock db\n//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:lock db\n//cohort:group h\nfunc TestB(t *testing.T) {}\n", false)
	first := b.fill()
	if len(first) != 1 {
		t.Fatalf("%d processes start", len(first))
	}
	b.testsOver(first[0], time.Now())
	second := b.fill()
	if len(second) != 1 {
		t.Fatalf("%d processes start when the lock is free", len(second))
	}
	b.finish(second[0], passing(second[0]), 0)
	b.finish(first[0], passing(first[0]), 0)
	b.exit()
}
