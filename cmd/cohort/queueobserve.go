package main

import (
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler"
)

// lateObserver tells of processes on other machines when their results come: each then started with
// its first test, not when it was handed out.
type lateObserver struct {
	scheduler.Observer
	// early reports that it wants to know of tests that run for long before their processes have ended.
	early bool

	mu   sync.Mutex
	held map[int]scheduler.StartedProcess // by number, guarded by mu
	long map[int]string                   // the test of each that was told of early; likewise
}

func newLateObserver(to scheduler.Observer) *lateObserver {
	_, early := to.(*liveObserver) // a record has what happened, in its order
	return &lateObserver{Observer: to, early: early, held: make(map[int]scheduler.StartedProcess), long: make(map[int]string)}
}

func (o *lateObserver) ProcessStarted(p scheduler.StartedProcess) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held[p.Number] = p
}

// start tells of a process of which nothing was told.
func (o *lateObserver) start(process int, at time.Time) {
	o.mu.Lock()
	p, ok := o.held[process]
	delete(o.held, process)
	o.mu.Unlock()
	if ok {
		p.Start = at
		o.Observer.ProcessStarted(p)
	}
}

func (o *lateObserver) TestStarted(process int, test string, at time.Time) {
	o.start(process, at)
	o.Observer.TestStarted(process, test, at)
}

// TestRuns tells of a process with the first of its tests that runs for long, which has begun about then.
func (o *lateObserver) TestRuns(process int, test string, since time.Time) {
	if !o.early {
		return
	}
	o.start(process, since)
	o.mu.Lock()
	before := o.long[process]
	o.long[process] = test
	o.mu.Unlock()
	if before != "" && before != test {
		o.TestPaused(process, before) // it has ended, how is not known yet
	}
	o.Observer.TestRuns(process, test, since)
}

func (o *lateObserver) ProcessEnded(p scheduler.EndedProcess) {
	o.start(p.Number, p.End)
	o.mu.Lock()
	delete(o.long, p.Number)
	o.mu.Unlock()
	o.Observer.ProcessEnded(p)
}
