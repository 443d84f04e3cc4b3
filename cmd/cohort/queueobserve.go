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
	mu   sync.Mutex
	held map[int]scheduler.StartedProcess // by number, guarded by mu
}

func newLateObserver(to scheduler.Observer) *lateObserver {
	return &lateObserver{Observer: to, held: make(map[int]scheduler.StartedProcess)}
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

func (o *lateObserver) ProcessEnded(p scheduler.EndedProcess) {
	o.start(p.Number, p.End)
	o.Observer.ProcessEnded(p)
}
