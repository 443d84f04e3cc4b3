package scheduler

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// worldBench plays a run with set-ups: the test says how each ends.
type worldBench struct {
	*bench
	seed     uint64
	rng      *rand.Rand
	commands []world.Action
	refused  []*job
	up       map[world.Part]bool // those that have ended well
	used     map[world.Part]bool // a process has begun with it
	done     map[lifeEnd]int     // set-ups and tear-downs
	attempts []*Attempt
	failing  int // of a hundred set-ups
	bad      int // of a hundred processes
}

// lifeEnd is one end of the life of a part.
type lifeEnd struct {
	world.Part
	down bool
}

// newWorldBench has so many set-ups of the run, and of each worker one for the tests with an A in
// their names, one for those with a B, and one for each attempt of those with a C.
func newWorldBench(t *testing.T, seed uint64, runs int, c *Config) *worldBench {
	names := func(prefix string, n int) (all []world.Setup) {
		for i := range n {
			all = append(all, world.Setup{Name: fmt.Sprint(prefix, i)})
		}
		return all
	}
	when, err := grouping.NewRules("m", []grouping.Rule{
		{Match: grouping.Condition{Test: regexp.MustCompile("A")}, Set: map[string]any{SetupKey(0): true}},
		{Match: grouping.Condition{Test: regexp.MustCompile("B")}, Set: map[string]any{SetupKey(1): true}},
		{Match: grouping.Condition{Test: regexp.MustCompile("C")}, Set: map[string]any{SetupKey(2): true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	each := world.Setup{Name: "each", PerAttempt: true}
	c.World = &World{Run: names("run", runs), Worker: append(names("worker", 2), each), When: when}
	b := newBench(t, c)
	b.cfg.Past = longSubtests(t, "TestPA/x", "TestPA/y", "TestPA/z")
	return &worldBench{
		bench: b, seed: seed, rng: rand.New(rand.NewPCG(seed, 9)),
		up: make(map[world.Part]bool), used: make(map[world.Part]bool), done: make(map[lifeEnd]int),
	}
}

// step lets the core advance and one random thing end. It returns false if there is none.
func (b *worldBench) step() bool {
	b.t.Helper()
	todo := b.advance(time.Now())
	for _, c := range todo.close {
		b.wasClosed(c.do())
	}
	for _, j := range todo.start {
		b.checkStart(j)
	}
	b.running = append(b.running, todo.start...)
	b.refused = append(b.refused, todo.refuse...)
	for _, a := range todo.commands {
		b.checkCommand(a)
	}
	b.commands = append(b.commands, todo.commands...)
	b.attempts = append(b.attempts, todo.attempts...)
	n := len(b.running) + len(b.refused) + len(b.commands)
	if n == 0 {
		return false
	}
	switch i := b.rng.IntN(n); {
	case i < len(b.running):
		j := b.running[i]
		words, code := passing(j), 0
		if len(j.Tests) > 0 && b.rng.IntN(100) < b.bad {
			words, code = script.Process(strings.Replace(string(words), "p"+j.Tests[0].Name, "f"+j.Tests[0].Name, 1)), 1
			words = script.Process(strings.Replace(string(words), "PASS", "FAIL", 1))
		}
		b.finish(j, words, code)
	case i < len(b.running)+len(b.refused):
		i -= len(b.running)
		e := b.refused[i].reportRefused(b.listener.Dir)
		b.refused = slices.Delete(b.refused, i, i+1)
		b.wasRefused(e.job, e.result, e.attempt, time.Now())
	default:
		i -= len(b.running) + len(b.refused)
		a := b.commands[i]
		b.commands = slices.Delete(b.commands, i, i+1)
		ok := a.TearDown || b.rng.IntN(100) >= b.failing
		b.up[a.Part], b.used[a.Part] = ok && !a.TearDown, false
		b.done[lifeEnd{a.Part, a.TearDown}]++
		b.setups.state.Ended(a, ok)
	}
	return true
}

// needsOf are the workers' set-ups that a test needs by its name.
func needsOf(test string) (needs []int) {
	for n, mark := range []string{"A", "B", "C"} {
		if strings.Contains(test, mark) {
			needs = append(needs, n)
		}
	}
	return needs
}

// checkStart checks that everything a process needs is ready, and that loose tests with other needs
// are not in it.
func (b *worldBench) checkStart(j *job) {
	b.t.Helper()
	if b.stopped {
		if len(j.uses.Own) > 0 {
			b.t.Errorf("seed %d: %s starts in a run that was stopped, and uses %v", b.seed, names(j), j.uses)
		}
		return // it ends before its process starts
	}
	parts := []world.Part{}
	for n := range b.cfg.World.Run {
		parts = append(parts, world.Part{Worker: world.Everyone, Number: n})
	}
	var first []int
	for i, test := range j.Names() {
		needs := needsOf(test)
		if i == 0 {
			first = needs
		}
		if !slices.Equal(needs, first) && j.Group == "" && !j.All {
			b.t.Errorf("seed %d: a process with %s, which need different things", b.seed, names(j))
		}
		for _, n := range needs {
			parts = append(parts, world.Part{Worker: j.Slot, Number: n})
		}
	}
	for _, p := range parts {
		if !b.up[p] {
			b.t.Errorf("seed %d: %s starts on worker %d without %+v", b.seed, names(j), j.Slot, p)
		}
	}
	if slices.Contains(first, each) {
		if len(j.Tests) > 1 && j.Group == "" && !j.All && j.suite.account.Mode() == ledger.Split {
			b.t.Errorf("seed %d: %s share what is for each attempt", b.seed, names(j))
		}
		if p := (world.Part{Worker: j.Slot, Number: each}); b.used[p] {
			b.t.Errorf("seed %d: %s starts with what another process has used", b.seed, names(j))
		}
	}
	for _, p := range parts {
		b.used[p] = true
	}
}

// each is the number of the set-up that is run for each attempt.
const each = 2

// checkCommand checks that nothing is torn down that a process uses.
func (b *worldBench) checkCommand(a world.Action) {
	b.t.Helper()
	if !a.TearDown {
		return
	}
	for _, j := range b.running {
		if a.Number != each || a.Worker == world.Everyone || j.Slot == a.Worker && slices.Contains(j.needs, each) {
			b.t.Errorf("seed %d: %+v is torn down while %s runs", b.seed, a.Part, names(j))
		}
	}
}

// worldTests is the source of a package with tests of all needs, a group of mixed ones, and a test
// that runs in parts.
func worldTests(random *rand.Rand) string {
	var s strings.Builder
	for i := range 3 + random.IntN(8) {
		fmt.Fprintf(&s, "func Test%s%d(t *testing.T) {}\n\n", []string{"A", "B", "AB", "N", "C", "AC"}[random.IntN(6)], i)
	}
	s.WriteString("//cohort:split\nfunc TestPA(t *testing.T) {}\n\n//cohort:group g\nfunc TestGA(t *testing.T) {}\n\n//cohort:group g\nfunc TestG(t *testing.T) {}\n\n")
	s.WriteString("//cohort:group h\nfunc TestHC(t *testing.T) {}\n\n//cohort:group h\nfunc TestH(t *testing.T) {}\n")
	return s.String()
}

// TestRandomWorlds runs packages with set-ups that end in any order, well or not: a process starts
// when what it needs is ready, each test passes or is skipped once, and a package of which a test
// was skipped fails.
func TestRandomWorlds(t *testing.T) {
	t.Parallel()
	greens, reds := 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		b := newWorldBench(t, seed, random.IntN(3), &Config{Workers: 1 + random.IntN(4), Shuffle: true, Seed: int64(seed), GroupFailFast: true})
		b.failing = []int{0, 10, 50}[seed%3]
		p := b.arrives(worldTests(random), seed%7 == 0)
		for b.step() {
		}
		if !b.over(p) {
			t.Fatalf("seed %d: the package has no end", seed)
		}
		code := b.exit()
		of, err := script.Events(b.stdout.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		skipped := 0
		for _, test := range p.list.Tests {
			var results []string
			for _, e := range of[test.Name] {
				if result := e[:4]; result == "pass" || result == "skip" || result == "fail" {
					results = append(results, result)
				}
			}
			if len(results) != 1 || results[0] == "fail" {
				t.Errorf("seed %d: %s has the results %v", seed, test.Name, results)
			} else if results[0] == "skip" {
				skipped++
			}
		}
		if skipped > 0 != (code != 0) || skipped > 0 != (len(p.account.Refusals()) > 0) || skipped > 0 && !b.setups.state.Broken() {
			t.Errorf("seed %d: %d tests skipped, exit status %d, %v", seed, skipped, code, p.account.Refusals())
		}
		if skipped > 0 {
			reds++
		} else {
			greens++
		}
		b.tearDown()
		if t.Failed() {
			return
		}
	}
	if greens < 20 || reds < 20 {
		t.Errorf("%d green and %d red packages", greens, reds)
	}
}

// tearDown ends the world, and checks that each set-up was torn down.
func (b *worldBench) tearDown() {
	b.setups.state.Close(false)
	for b.step() {
	}
	for end, n := range b.done {
		often := end.Number == each && end.Worker != world.Everyone
		if n != 1 && !often || b.done[lifeEnd{end.Part, true}] != b.done[lifeEnd{end.Part, false}] {
			b.t.Errorf("seed %d: %+v ran %d times", b.seed, end, n)
		}
	}
	if !b.setups.state.Over() {
		b.t.Errorf("seed %d: the world is not over", b.seed)
	}
}

// TestWorldsOfReruns runs packages with tests that fail again, with set-ups that fail in the reruns: each
// attempt has a world of its own (see checkStart), and one that has none has not passed and says so.
func TestWorldsOfReruns(t *testing.T) {
	t.Parallel()
	ran, refused, healed := 0, 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 4))
		b := newWorldBench(t, seed, random.IntN(2), &Config{Workers: 1 + random.IntN(4), Shuffle: true, Seed: int64(seed), AgainConfig: AgainConfig{Reruns: 2}})
		b.bad = 30
		p := b.arrives(worldTests(random), seed%7 == 0)
		for b.step() {
		}
		if !b.over(p) {
			t.Fatalf("seed %d: the package has no end", seed)
		}
		b.exit()
		b.rerun()
		b.failing = []int{0, 20}[seed%2]
		for b.step() {
		}
		if !b.reruns.queue.Over() || len(b.setups.waiting) > 0 {
			t.Fatalf("seed %d: the reruns have no end", seed)
		}
		last := make(map[string]*Attempt)
		for _, a := range b.attempts {
			last[a.Unit] = a
		}
		for _, u := range b.verdict().Units {
			a := last[u.Name]
			if a == nil || a.Passed != u.Passed {
				t.Errorf("seed %d: %+v, and its last attempt is %+v", seed, u, a)
				continue
			}
			switch text := eventsOf(t, a); {
			case u.Passed:
				healed++
			case strings.Contains(u.Note, "not rerun"):
				refused++
				b.checkRefused(u, text)
			default:
				ran++
			}
		}
		b.tearDown()
		if t.Failed() {
			return
		}
	}
	if ran < 20 || refused < 20 || healed < 20 {
		t.Errorf("%d units failed to the end, %d were refused, %d passed", ran, refused, healed)
	}
}

// checkRefused checks the events of a rerun that was not run: each test of the unit ends once, nothing
// passes, and one that had failed fails.
func (b *worldBench) checkRefused(u UnitVerdict, text string) {
	b.t.Helper()
	fails := 0
	for _, name := range u.Tests {
		fail := strings.Count(text, `"Action":"fail","Package":"m/p","Test":"`+name+`"`)
		fails += fail
		if fail+strings.Count(text, `"Action":"skip","Package":"m/p","Test":"`+name+`"`) != 1 {
			fails = -100
		}
	}
	if (len(u.Tests) > 0 && fails < 1) || !strings.Contains(text, "set-up") || strings.Contains(text, `"Action":"pass"`) {
		b.t.Errorf("seed %d: %s was refused (%s), its attempt says\n%s", b.seed, u.Name, u.Note, text)
	}
}

// eventsOf returns the events of an attempt, "" for one that the bench has run.
func eventsOf(t *testing.T, a *Attempt) string {
	t.Helper()
	if a.file == "" {
		return ""
	}
	events, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(events)
	if err := errors.Join(err, events.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestStoppedWorlds calls runs off while set-ups run, in the first pass and in reruns: no process starts
// any more, and everything ends.
func TestStoppedWorlds(t *testing.T) {
	t.Parallel()
	rerun := 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 5))
		b := newWorldBench(t, seed, random.IntN(3), &Config{Workers: 1 + random.IntN(4), Shuffle: true, Seed: int64(seed), AgainConfig: AgainConfig{Reruns: 2}})
		p := b.arrives(worldTests(random), seed%7 == 0)
		b.bad = 40
		for range random.IntN([]int{8, 200}[seed%2]) {
			b.step()
		}
		reruns := b.over(p)
		if reruns {
			b.exit()
			b.rerun()
			for range random.IntN(12) {
				b.step()
			}
		}
		b.stop()
		running := len(b.running)
		for b.step() {
			if len(b.running) > running && !reruns { // a rerun that waits starts, and ends at once
				t.Errorf("seed %d: a process starts in a run that was stopped", seed)
			}
			running = len(b.running)
		}
		if len(b.setups.waiting) > 0 || b.pool.running > 0 {
			t.Errorf("seed %d: %d jobs wait, %d workers are busy", seed, len(b.setups.waiting), b.pool.running)
		}
		if !reruns && b.exit() == 0 {
			t.Errorf("seed %d: exit status 0", seed)
		}
		if b.tearDown(); reruns {
			rerun++
		}
		if t.Failed() {
			return
		}
	}
	if rerun < 20 {
		t.Errorf("%d runs were stopped in their reruns", rerun)
	}
}
