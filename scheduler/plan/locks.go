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

// Claim asks for what a process needs.
type Claim struct {
	// Key is the caller's name for what waits: a package, say, whose tests need the locks. Keys have
	// nothing to do with the numbers of processes.
	Key  int
	Need Need
}

// Locks decides which of the processes that hold names may run at the same time. It starts
// nothing: a caller that would like to start a process asks with Ask, tells with Take that it has
// started, and with Release that it has ended.
//
//   - A process gets everything it needs at once or nothing, so that no two wait for each other.
//   - A name is held by as many processes at a time as its capacity says, 1 without one.
//   - A serial process runs while nothing else does, so that processes without any need must
//     be told of too.
//   - What was refused once waits. Later ones that need one of the same names may pass it, but only
//     a number of times: then they are refused until it has run. So nothing waits for ever, and
//     until then no worker idles for the sake of fairness.
//   - When no process runs, only what a claim itself needs decides. So the table never keeps
//     everything from running, even if a caller has forgotten what it asked for.
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

// waiter is a claim that was refused. They are kept in the order of their first refusal.
type waiter struct {
	Claim
	passed int
}

// patience is how often a waiting claim may be passed. Simulated suites in which all tests hold
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

// Ask reports whether a process may start now for what claims. If not, it waits from its first
// refusal on, until Take or Forget, and the caller asks again.
func (l *Locks) Ask(c Claim) bool {
	older, place := l.older(c.Key)
	barred := len(l.running) > 0 && slices.ContainsFunc(older, func(w waiter) bool { return l.spent(w) && w.Need.conflicts(c.Need) })
	if !barred && l.Free(c.Need) {
		return true
	}
	if place < 0 {
		l.waiting = append(l.waiting, waiter{Claim: c})
	}
	return false
}

// Take gives a process all that it needs. It panics if that is not free, or if the process runs
// already: mistakes of a caller that has not asked.
func (l *Locks) Take(process int, c Claim) {
	if _, ok := l.running[process]; ok {
		panic(fmt.Sprintf("plan: process %d takes locks twice", process))
	}
	if !l.Free(c.Need) {
		panic(fmt.Sprintf("plan: process %d takes %+v, held are %+v by %d processes", process, c.Need, l.Held(), len(l.running)))
	}
	older, place := l.older(c.Key)
	for i := range older {
		if older[i].Need.conflicts(c.Need) {
			older[i].passed++
		}
	}
	if place >= 0 {
		l.waiting = slices.Delete(l.waiting, place, place+1)
	}
	l.running[process] = c.Need
	l.serial = c.Need.Serial
	for _, name := range c.Need.Names {
		l.held[name]++
	}
}

// older returns what has waited for longer than a key, and the place of the key, -1 if it does not
// wait.
func (l *Locks) older(key int) (older []waiter, place int) {
	place = slices.IndexFunc(l.waiting, func(w waiter) bool { return w.Key == key })
	if place < 0 {
		return l.waiting, place
	}
	return l.waiting[:place], place
}

// spent reports whether a claim has been passed as often as it may.
func (l *Locks) spent(w waiter) bool { return w.passed >= l.patience }

// Due reports whether a claim has waited for so long that its turn is now.
func (l *Locks) Due(key int) bool {
	_, place := l.older(key)
	return place >= 0 && l.spent(l.waiting[place])
}

// Free reports whether everything that is needed is there.
func (l *Locks) Free(need Need) bool {
	if l.serial || need.Serial && len(l.running) > 0 {
		return false
	}
	return !slices.ContainsFunc(need.Names, func(name string) bool { return l.held[name] >= l.Capacity(name) })
}

// Exclusive reports whether a serial process runs.
func (l *Locks) Exclusive() bool { return l.serial }

// Capacity returns how many processes may hold a name at the same time.
func (l *Locks) Capacity(name string) int { return max(l.capacity[name], 1) }

// Release gives back what a process held. One that does not run is a mistake, and panics.
func (l *Locks) Release(process int) {
	need, ok := l.running[process]
	if !ok {
		panic(fmt.Sprintf("plan: process %d holds no locks", process))
	}
	delete(l.running, process)
	l.serial = false // a serial process runs alone: it was this one
	for _, name := range need.Names {
		if l.held[name]--; l.held[name] == 0 {
			delete(l.held, name)
		}
	}
}

// Forget ends the waiting of a claim that is not to run any more. One that does not wait is none.
func (l *Locks) Forget(key int) {
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiter) bool { return w.Key == key })
}

// ForgetAll ends all waiting: the keys begin anew.
func (l *Locks) ForgetAll() { l.waiting = nil }

// Waiting returns the keys of what waits, the longest first.
func (l *Locks) Waiting() []int {
	keys := make([]int, len(l.waiting))
	for i, w := range l.waiting {
		keys[i] = w.Key
	}
	return keys
}

// Running returns how many processes run, those that hold nothing too.
func (l *Locks) Running() int { return len(l.running) }

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
