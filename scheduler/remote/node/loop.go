package node

import (
	"context"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote/machine"
)

// decider is a state machine.
type decider interface {
	Due(now time.Time) []machine.Act
	Next(now time.Time) time.Time
}

// loop owns a state machine: one goroutine tells it what has happened and begins what it wants done.
type loop struct {
	machine decider
	clock   *clock
	do      func(act machine.Act, now time.Time) // begins an act, in the loop's goroutine
	in      chan func(now time.Time)
	ended   chan struct{} // closed when nothing is taken any more
	acts    sync.WaitGroup
}

func newLoop(now func() time.Time) *loop {
	return &loop{clock: newClock(now), in: make(chan func(time.Time)), ended: make(chan struct{})}
}

// tell has f tell the machine something, in the loop's goroutine. It reports false if the loop has
// ended.
func (l *loop) tell(f func(now time.Time)) bool {
	select {
	case l.in <- f:
		return true
	case <-l.ended:
		return false
	}
}

// call makes a call in a goroutine of its own, which run waits for, and has then tell what came of it.
func (l *loop) call(f func() (then func(now time.Time))) {
	l.acts.Go(func() {
		if then := f(); then != nil {
			l.tell(then)
		}
	})
}

// run goes on until ctx ends or stop is closed, and then waits for all calls, which must end.
func (l *loop) run(ctx context.Context, stop <-chan struct{}) {
	defer l.acts.Wait()
	defer close(l.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case f := <-l.in:
			f(l.clock.Now())
		case <-timer.C:
		case <-ctx.Done():
			return
		case <-stop:
			return
		}
		now := l.clock.Now()
		for _, act := range l.machine.Due(now) {
			l.do(act, now)
		}
		if next := l.machine.Next(now); !next.IsZero() {
			timer.Reset(max(next.Sub(now), 0))
		}
	}
}
