package scheduler

import "fmt"

// pool is the workers: slots, numbered from 0, each of which holds at most one process.
type pool struct {
	busy    []bool
	running int
	// exclusive reports that a serial process runs: nothing may start in parallel with it.
	exclusive bool
}

func newPool(workers int) pool { return pool{busy: make([]bool, workers)} }

// free returns the workers that may take a process now, the lowest first.
func (p *pool) free() (slots []int) {
	if p.exclusive {
		return nil
	}
	for slot, busy := range p.busy {
		if !busy {
			slots = append(slots, slot)
		}
	}
	return slots
}

// idle returns how many workers do nothing.
func (p *pool) idle() int { return len(p.busy) - p.running }

// take gives a worker a process.
func (p *pool) take(slot int, serial bool) {
	p.busy[slot] = true
	p.running++
	p.exclusive = serial
}

// release takes it back when the process has ended.
func (p *pool) release(slot int) {
	p.busy[slot] = false
	p.running--
	p.exclusive = false
}

// check panics if the pool is in a state that cannot be.
func (p *pool) check() {
	busy := 0
	for _, b := range p.busy {
		if b {
			busy++
		}
	}
	if busy != p.running || p.exclusive && busy != 1 {
		panic(fmt.Sprintf("scheduler: %d workers are busy, %d counted, exclusive: %v", busy, p.running, p.exclusive))
	}
}
