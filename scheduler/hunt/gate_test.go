package hunt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/grouping"
)

// holder makes a binary of tests that hold these locks, and a task of all of them.
func holder(locks ...[]string) task {
	list := &grouping.Package{ImportPath: "example.com/p"}
	for i, names := range locks {
		list.Tests = append(list.Tests, grouping.Test{Name: "Test" + string(rune('A'+i)), Locks: names})
	}
	units, _, err := grouping.Units(list, grouping.Options{})
	if err != nil {
		panic(err)
	}
	b := newBinary(list, units)
	return task{bin: b, units: b.units, count: 1}
}

// TestGate has many processes pass that hold up to two of three names: no more hold one than may,
// and all come through.
func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		capacity := map[string]int{"b": 2}
		g := newGate(capacity)
		var mu sync.Mutex
		held, most := make(map[string]int), make(map[string]int)
		count := func(names []string, by int) {
			mu.Lock()
			defer mu.Unlock()
			for _, name := range names {
				held[name] += by
				most[name] = max(most[name], held[name])
			}
		}
		var all sync.WaitGroup
		for i := range 60 {
			names := [][]string{{"a"}, {"a", "b"}, {"b"}, {"b", "c"}, nil}[i%5]
			all.Go(func() {
				leave, err := g.enter(t.Context(), holder(names))
				if err != nil {
					t.Error(err)
					return
				}
				count(names, 1)
				time.Sleep(time.Duration(1+i%3) * time.Second)
				count(names, -1)
				leave()
			})
		}
		all.Wait()
		if most["a"] != 1 || most["b"] != 2 || most["c"] != 1 {
			t.Errorf("at most %v processes held a name at the same time", most)
		}
	})
}

// TestGateEnds: who waits gives up when the context ends, and holds nobody up afterwards.
func TestGateEnds(t *testing.T) {
	t.Parallel()
	g := newGate(nil)
	leave, err := g.enter(t.Context(), holder([]string{"a"}))
	if err != nil {
		t.Fatal(err)
	}
	over := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	if _, err := g.enter(ctx, holder([]string{"a"})); !errors.Is(err, over) {
		t.Errorf("entering ended with %v", err)
	}
	if waiting := g.table.Waiting(); len(waiting) > 0 {
		t.Errorf("still waiting: %v", waiting)
	}
	if g.free(holder([]string{"a"})) || !g.free(holder([]string{"b"})) {
		t.Error("free is wrong")
	}
	leave()
	if !g.free(holder([]string{"a"})) {
		t.Error("the lock is not free")
	}
}

// TestRoundsKeepLocksApart: in rounds that spread a package, tests with different locks are in
// different processes, or none would run in parallel.
func TestRoundsKeepLocksApart(t *testing.T) {
	t.Parallel()
	all := holder([]string{"a"}, nil, []string{"a"}, nil, []string{"a", "b"}, nil)
	for round := range 6 {
		tests := 0
		for _, part := range planRound([]*binary{all.bin}, round, 1, 2) {
			tests += len(part.units)
			for _, u := range part.units {
				if round%2 == 1 && !slices.Equal(u.def.Locks, part.locks()) {
					t.Errorf("round %d: %s runs in a process that holds %v", round, u.name, part.locks())
				}
			}
		}
		if tests != 6 {
			t.Errorf("round %d has %d tests", round, tests)
		}
	}
}

// TestFreeTasksGoFirst: a worker takes a process whose locks are free before one that would wait.
func TestFreeTasksGoFirst(t *testing.T) {
	t.Parallel()
	c := &campaign{cfg: &Config{Runs: 1}, runner: &runner{gate: newGate(nil)}, planned: 1, records: map[*unit]*record{}}
	c.bins = []*binary{holder(nil).bin}
	c.queue = []pending{{task: holder([]string{"a"})}, {task: holder([]string{"b"})}, {task: holder(nil)}}
	leave, err := c.runner.gate.enter(t.Context(), holder([]string{"a"}))
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	for _, want := range []string{"[b]", "[]", "[a]"} { // the last waits, since nothing else is there
		p, ok := c.next(t.Context())
		if got := fmt.Sprint(p.task.locks()); !ok || got != want {
			t.Errorf("a process that holds %s is next, want %s", got, want)
		}
	}
}
