package hunt

import (
	"context"
	"slices"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/plan"
)

// gate keeps processes apart that hold the same locks, as in an ordinary run. It is safe for
// concurrent use.
type gate struct {
	mu      sync.Mutex // guards what follows
	table   *plan.Locks
	last    int           // number of the last process
	changed chan struct{} // closed, and made anew, when something was given back
}

func newGate(capacity map[string]int) *gate {
	return &gate{table: plan.NewLocks(capacity), changed: make(chan struct{})}
}

// locks returns what a process of the task holds, sorted, each once.
func (t task) locks() []string {
	var names []string
	for _, u := range t.units {
		names = append(names, u.def.Locks...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// enter waits until the locks of a task are free, takes them all at once, and returns what gives
// them back. It returns an error, and takes nothing, if ctx ends first.
func (g *gate) enter(ctx context.Context, t task) (leave func(), err error) {
	number, claim := g.number(t)
	for {
		ok, changed := g.take(number, claim)
		if ok {
			return func() { g.leave(number) }, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			g.forget(number)
			return nil, context.Cause(ctx)
		}
	}
}

// number gives a process that is to run a task its number, and says what it claims.
func (g *gate) number(t task) (int, plan.Claim) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	return g.last, plan.Claim{Key: g.last, Need: plan.Need{Names: t.locks()}}
}

// take takes what a process claims, or returns a channel that is closed when it is worth to ask
// again.
func (g *gate) take(number int, c plan.Claim) (ok bool, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.table.Ask(c) {
		return false, g.changed
	}
	g.table.Take(number, c)
	return true, nil
}

func (g *gate) leave(number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.table.Release(number)
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) forget(number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.table.Forget(number)
}

// free reports whether the locks of a task are free at this moment.
func (g *gate) free(t task) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Free(plan.Need{Names: t.locks()})
}

// byLocks sorts units by what they hold, in the order of their first: a process holds the locks of
// all its tests, so that tests with different ones do better in different processes.
func byLocks(units []*unit) [][]*unit {
	var sets [][]*unit
	for _, u := range units {
		i := slices.IndexFunc(sets, func(set []*unit) bool { return slices.Equal(set[0].def.Locks, u.def.Locks) })
		if i < 0 {
			i = len(sets)
			sets = append(sets, nil)
		}
		sets[i] = append(sets[i], u)
	}
	return sets
}
