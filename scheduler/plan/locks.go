package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Need is what a process must hold while it runs.
type Need struct {
	// Names are the locks, in any order, each once.
	Names []string
	// Serial asks that nothing else runs: it is the lock of all.
	Serial bool
}

// conflicts reports whether two needs may have to wait for each other.
func (n Need) conflicts(m Need) bool {
	if n.Serial || m.Serial {
		return true
	}
	return slices.ContainsFunc(n.Names, func(name string) bool { return slices.Contains(m.Names, name) })
}

// Locks decides which of the processes that hold names may run at the same time. It starts
// nothing: a caller that would like to start a process asks with Take, and tells with Release when
// it has ended.
//
//   - A process gets everything it needs at once or nothing, so that no two wait for each other.
//   - A name is held by as many processes at a time as its capacity says, 1 without one.
//   - A serial process runs while nothing else does, so that processes without any need must
//     be told of too.
//   - What was refused once waits. Later ones that need one of the same names may pass it, but only
//     a number of times: then they are refused until it has run. So nothing waits for ever, and
//     until then no worker idles for the sake of fairness.
//
// It is not safe for concurrent use.
type Locks struct {
	capacity map[string]int
	held     map[string]int // processes by name
	running  map[int]Need
	serial   bool // a serial process is running
	waiting  []waiter
	patience int
}

// waiter is a process that was refused. They are kept in the order of their first refusal.
type waiter struct {
	id     int
	need   Need
	passed int
}

// patience is how often a waiting process may be passed. Simulated suites in which all tests hold
// some of sixteen names reach, on eight workers, 0.65 of the bound with 0, 0.83 with 4, 0.93 with 16
// and 0.96 without end: free names should not idle, but what waits should not come last.
const patience = 16

// NewLocks returns a table. A name that capacity does not have, or has with less than 1, is held
// by one process at a time.
func NewLocks(capacity map[string]int) *Locks {
	l := &Locks{capacity: make(map[string]int, len(capacity)), held: make(map[string]int), running: make(map[int]Need), patience: patience}
	for name, n := range capacity {
		l.capacity[name] = n
	}
	return l
}

// Take gives a process all that it needs and returns true, or gives it nothing: then it waits from
// its first refusal on, and the caller asks again. The id is the caller's; one that runs already
// is a mistake, and panics.
func (l *Locks) Take(id int, need Need) bool {
	if _, ok := l.running[id]; ok {
		panic(fmt.Sprintf("plan: process %d takes locks twice", id))
	}
	place := slices.IndexFunc(l.waiting, func(w waiter) bool { return w.id == id })
	older := l.waiting
	if place >= 0 {
		older = l.waiting[:place]
	}
	if !l.free(need) || slices.ContainsFunc(older, func(w waiter) bool { return w.passed >= l.patience && w.need.conflicts(need) }) {
		if place < 0 {
			l.waiting = append(l.waiting, waiter{id: id, need: need})
		}
		return false
	}
	for i := range older {
		if older[i].need.conflicts(need) {
			older[i].passed++
		}
	}
	if place >= 0 {
		l.waiting = slices.Delete(l.waiting, place, place+1)
	}
	l.running[id] = need
	l.serial = need.Serial
	for _, name := range need.Names {
		l.held[name]++
	}
	return true
}

// free reports whether everything that is needed is there.
func (l *Locks) free(need Need) bool {
	if l.serial || need.Serial && len(l.running) > 0 {
		return false
	}
	return !slices.ContainsFunc(need.Names, func(name string) bool { return l.held[name] >= max(l.capacity[name], 1) })
}

// Release gives back what a process held. One that does not run is a mistake, and panics.
func (l *Locks) Release(id int) {
	need, ok := l.running[id]
	if !ok {
		panic(fmt.Sprintf("plan: process %d holds no locks", id))
	}
	delete(l.running, id)
	l.serial = false // a serial process runs alone: it was this one
	for _, name := range need.Names {
		if l.held[name]--; l.held[name] == 0 {
			delete(l.held, name)
		}
	}
}

// Forget ends the waiting of a process that is not to run any more. One that does not wait is none.
func (l *Locks) Forget(id int) {
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiter) bool { return w.id == id })
}

// Waiting returns the processes that wait, the longest first: those that have waited longest should
// be asked for first.
func (l *Locks) Waiting() []int {
	ids := make([]int, len(l.waiting))
	for i, w := range l.waiting {
		ids[i] = w.id
	}
	return ids
}

// Held returns how many processes hold each name, for messages.
func (l *Locks) Held() []Holding {
	var all []Holding
	for name, n := range l.held {
		all = append(all, Holding{Name: name, Processes: n})
	}
	slices.SortFunc(all, func(a, b Holding) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Holding is a name that is held.
type Holding struct {
	Name      string
	Processes int
}
