package scheduler

import (
	"fmt"

	"github.com/gotestcohort/cohort/scheduler/plan"
)

// pool is the workers: slots, numbered from 0, each of which holds at most one process, and what
// these processes hold.
type pool struct {
	busy []bool
	// limit is how many of them take a process. There are more if there were more.
	limit   int
	running int
	// locks has each process under the number of its worker.
	locks *plan.Locks
}

// newPool returns idle workers. Capacity says how many of them may hold a lock.
func newPool(workers int, capacity map[string]int) pool {
	return pool{busy: make([]bool, workers), limit: workers, locks: plan.NewLocks(capacity)}
}

// free returns the workers that may take a process now, the lowest first.
func (p *pool) free() (slots []int) {
	if p.locks.Exclusive() || p.idle() == 0 {
		return nil
	}
	for slot, busy := range p.busy[:p.limit] {
		if !busy {
			slots = append(slots, slot)
		}
	}
	return slots
}

// idle returns how many more processes there may be.
func (p *pool) idle() int { return max(p.limit-p.running, 0) }

// resize has n workers take processes from now on, at least 1. A process of one that is over keeps it
// until it ends.
func (p *pool) resize(n int) {
	p.limit = max(n, 1)
	if more := p.limit - len(p.busy); more > 0 {
		p.busy = append(p.busy, make([]bool, more)...)
	}
}

// take gives a worker a process, and that what it claims, which must be free.
func (p *pool) take(slot int, c plan.Claim) {
	p.locks.Take(slot, c)
	p.busy[slot] = true
	p.running++
}

// release takes it back when the process has ended.
func (p *pool) release(slot int) {
	p.locks.Release(slot)
	p.busy[slot] = false
	p.running--
}

// check panics if the pool is in a state that cannot be.
func (p *pool) check() {
	busy := 0
	for _, b := range p.busy {
		if b {
			busy++
		}
	}
	exclusive := p.locks.Exclusive()
	if busy != p.running || busy != p.locks.Running() || exclusive && busy != 1 {
		panic(fmt.Sprintf("scheduler: %d workers are busy, %d counted, %d hold locks, exclusive: %v", busy, p.running, p.locks.Running(), exclusive))
	}
}
