package ledger

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
)

// walk does at random to an account what a run may do to it, and keeps a second, simpler book: how
// often each test is still to run.
type walk struct {
	*bookkeeper
	random    *rand.Rand
	processes int
	left      map[string]int // of the tests, or their parts, that no settlement has closed
	joints    map[string]*joinedModel
	bad, idle bool // something failed; something was left out by a process that exited 0
	ran       bool // a planned test has its result
	dropped   bool
	happened  map[string]int
}

// joinedModel is what the walk knows of a test in parts.
type joinedModel struct {
	parts, ended, passed int
	// empty are the parts that say skip and have run no subtest.
	empty      int
	begun, bad bool
}

// torn reports that some parts have skipped what others have run.
func (m *joinedModel) torn() bool {
	return !m.bad && m.ended == m.parts && m.passed > 0 && m.empty > 0
}

// place names what is run at once of a test: all of it, or a part.
func place(p Planned) string {
	if p.Part > 0 {
		return fmt.Sprintf("%s.%d", p.Name, p.Part)
	}
	return p.Name
}

// newWalk draws a package.
func newWalk(random *rand.Rand, happened map[string]int) *walk {
	var words []string
	for i := range 1 + random.IntN(6) {
		word := fmt.Sprint("T", i)
		switch random.IntN(6) {
		case 0:
			word = fmt.Sprintf("g%d:T%d,U%d", i, i, i)
		case 1:
			word = fmt.Sprintf("f%d.go:T%d,U%d", i, i, i)
		case 2:
			word += "*2"
		case 3:
			word += fmt.Sprint(".", 2+random.IntN(3))
		}
		words = append(words, word)
	}
	units, names := unitsOf(strings.Join(words, " "))
	testMain := random.IntN(3) == 0
	inParts := slices.ContainsFunc(units, func(u *Unit) bool { return len(u.Parts) > 0 })
	mode := ModeOf(Traits{
		Units: len(units), Declared: units[0].Def.Declared, TestMain: testMain, Parts: inParts,
		SplitTestMain: random.IntN(2) == 0, Together: random.IntN(4) == 0,
	})
	count, cpus := 1+random.IntN(3), 1+random.IntN(2)
	if inParts && mode == Split {
		count, cpus = 1, 1
	}
	for _, u := range units {
		if mode != Split {
			u.Parts = nil
		}
	}
	b := newBookkeeper(Spec{
		Mode: mode, Units: units, Names: names, Count: count, CPUs: cpus, TestMain: testMain,
		Workers: 1 + random.IntN(3), ListSize: 3 << random.IntN(6), Baseline: random.IntN(2) == 0,
	}, Ending{MayIdle: testMain || random.IntN(3) == 0, StopsEarly: random.IntN(6) == 0})
	w := &walk{bookkeeper: b, random: random, left: make(map[string]int), joints: make(map[string]*joinedModel), happened: happened}
	for _, u := range units {
		for _, task := range w.tasksOf(u) {
			for _, p := range task.Tests {
				w.left[place(p)] = p.Want
			}
		}
		if len(u.Parts) > 0 {
			w.joints[u.Def.Name()] = &joinedModel{parts: len(u.Parts)}
		}
	}
	happened[modeNames[mode]]++
	return w
}

// step does one thing, and reports whether there was anything to do.
func (w *walk) step() bool {
	w.planner = append(w.planner, w.Take()...)
	switch {
	case w.random.IntN(40) == 0:
		w.Fail("called off") // as a run does that is called off
		w.Drop()
		w.planner, w.bad, w.dropped = nil, true, true
		w.happened["drop"]++
	case w.NeedsBaseline():
		w.StartBaseline()
		ok := w.random.IntN(4) > 0
		w.BookBaseline(ok)
		w.bad = w.bad || !ok
		w.happened["baseline"]++
	case len(w.planner) > 0 && (len(w.running) == 0 || w.random.IntN(2) == 0):
		w.processes++
		w.begin(w.processes, w.draw())
	case len(w.running) > 0:
		w.finish()
	default:
		return false
	}
	return true
}

// draw takes tasks of the planner's that may share a process: one group or several others, of one
// count.
func (w *walk) draw() []*Task {
	first := w.planner[0]
	tasks := []*Task{first}
	w.planner = w.planner[1:]
	if w.spec.Mode != Split || first.Unit.Def.Group != "" || first.Part() != nil {
		return tasks
	}
	w.planner = slices.DeleteFunc(w.planner, func(t *Task) bool {
		joins := t.Unit.Def.Group == "" && t.Part() == nil && t.Count == first.Count && w.random.IntN(3) == 0
		if joins {
			tasks = append(tasks, t)
		}
		return joins
	})
	return tasks
}

// finish ends a process in a random way and books it twice: in the account and in the walk's book.
func (w *walk) finish() {
	ids := slices.Sorted(maps.Keys(w.running))
	id := ids[w.random.IntN(len(ids))]
	var list []script.Test
	for _, task := range w.running[id] {
		for _, p := range task.Tests {
			list = append(list, script.Test{Name: p.Name, Want: p.Want})
		}
	}
	words, way := script.Random(w.random, list)
	e, s := w.end(id, words, way.Code)
	for _, name := range lists(s) {
		w.happened[name]++
	}
	w.bad = w.bad || way.Code != 0 || len(s.Failed)+len(s.Skipped)+len(s.Lost) > 0 || s.PackageFailure != ""
	w.idle = w.idle || len(s.Idle) > 0
	w.ran = w.ran || len(s.Ended) > 0
	for _, closed := range [][]Planned{s.Ended, s.Idle, s.Skipped, s.Lost, s.Dropped} {
		for _, p := range closed {
			delete(w.left, place(p))
		}
	}
	for _, p := range s.Again {
		w.left[place(p)] -= e.Count(p.Name).Finished()
	}
	for _, p := range e.Planned {
		if p.Part > 0 {
			w.model(p, e, s, strings.Contains(string(words), "/"))
		}
	}
	if len(s.Dropped) > 0 { // every process would end like this one
		w.planner, w.dropped = nil, true
	}
}

// model enters what the process of a part has come to.
func (w *walk) model(p Planned, e Ending, s Settlement, subtests bool) {
	m := w.joints[p.Name]
	m.begun = m.begun || e.Count(p.Name).Started > 0
	m.bad = m.bad || len(s.Failed)+len(s.Lost) > 0
	if len(s.Ended)+len(s.Lost) > 0 {
		m.ended++
	}
	if len(s.Ended) > 0 && len(s.Failed) == 0 && e.Count(p.Name).Skipped == 0 {
		m.passed++
	}
	if len(s.Ended) > 0 && e.Count(p.Name).Skipped > 0 && !subtests {
		m.empty++
	}
	w.bad = w.bad || m.torn()
}

// checkJoined compares the results of tests in parts with what the walk knows.
func (w *walk) checkJoined(t *testing.T) {
	t.Helper()
	results := make(map[string]Joined)
	for _, r := range w.Joined(false) {
		results[r.Test] = r
	}
	for test, m := range w.joints {
		got, ok := results[test]
		want := Joined{Test: test, Outcome: Skipped, Complete: m.ended == m.parts}
		switch {
		case m.bad:
			want.Outcome = Failed
		case m.torn():
			want.Outcome, want.Why = Failed, torn
		case !want.Complete:
			want.Outcome, want.Why = Failed, incomplete
		case m.passed > 0:
			want.Outcome = Passed
		}
		if ok != (m.begun || m.bad) || ok && got != want {
			t.Errorf("%s: %+v, %v, want %+v", test, got, ok, want)
		}
		w.happened["joined-"+[]string{"passed", "failed", "skipped"}[want.Outcome]]++
	}
}

// check compares the books: each test that has no result yet is in exactly one place, to run as
// often as is left, and no other test is anywhere.
func (w *walk) check(t *testing.T) {
	t.Helper()
	w.Check()
	places := make(map[string]int)
	tasks := slices.Concat(w.ready, w.rest, w.planner)
	for _, of := range w.running {
		tasks = append(tasks, of...)
	}
	for _, task := range tasks {
		for _, p := range task.Tests {
			places[place(p)]++
			if left, ok := w.left[place(p)]; !ok || p.Want != left {
				t.Errorf("%s is to run %d times, want %d", p.Name, p.Want, left)
			}
			if task.Count > 0 && task.Count*w.spec.Names[p.Name] < p.Want {
				t.Errorf("%s is to run %d times with a count of %d", p.Name, p.Want, task.Count)
			}
		}
	}
	for name, n := range places {
		if n > 1 {
			t.Errorf("%s is in %d places", name, n)
		}
	}
	for name := range w.left {
		if places[name] == 0 && !w.dropped {
			t.Errorf("%s is lost", name)
		}
	}
	if w.spec.Mode.OneProcess() && len(w.running) > 1 {
		t.Errorf("%d processes of a package that is one at a time", len(w.running))
	}
	if busy := len(w.planner) + len(w.running); w.Settled() && busy > 0 {
		t.Errorf("settled, with %d tasks and processes", busy)
	}
}

// TestAccountWalk does at random to packages what a run may do to them: no test is lost or handed
// out twice, every account ends, and it passes if and only if all was good.
func TestAccountWalk(t *testing.T) {
	t.Parallel()
	happened := make(map[string]int)
	for seed := range uint64(5_000) {
		w := newWalk(rand.New(rand.NewPCG(seed, 2)), happened)
		for steps := 0; w.step(); steps++ {
			w.check(t)
			if steps > 1000 {
				t.Fatalf("seed %d: %d steps, and no end: %s", seed, steps, w.state())
			}
			if t.Failed() {
				t.Fatalf("seed %d: %s", seed, w.state())
			}
		}
		if !w.Settled() || len(w.left) > 0 && !w.dropped {
			t.Fatalf("seed %d: nothing is to be done, and it is %s; left: %v", seed, w.state(), w.left)
		}
		w.Close()
		w.check(t)
		w.checkJoined(t)
		bad := w.bad || w.idle && w.ran && !w.spec.TestMain
		if w.Passed() == bad || w.Settled() {
			t.Fatalf("seed %d: it is %s; something was bad: %v", seed, w.state(), bad)
		}
		happened[map[bool]string{true: "failed", false: "passed"}[bad]]++
	}
	for _, what := range []string{
		"split", "bundled", "whole", "drop", "baseline", "passed", "failed", "end-ended", "end-failed",
		"end-broken", "end-again", "end-idle", "end-skipped", "end-lost", "end-dropped", "end-package",
		"joined-passed", "joined-failed",
	} {
		if happened[what] < 100 {
			t.Errorf("only %d times: %s", happened[what], what)
		}
	}
	if happened["joined-skipped"] == 0 { // all parts have to say so
		t.Error("no test of several parts was skipped")
	}
}
