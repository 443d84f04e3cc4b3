package main

import (
	"context"
	"os"
	"os/signal"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// untilSignal returns a context that ends with the first of these signals: its cause is the exit
// status. The caller calls stop.
func untilSignal(heeded []os.Signal) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, heeded...)
	go func() { // ends with ctx
		select {
		case sig := <-signals:
			cancel(signalStatus(sig))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// folderGuard hears of signals from before the folder of an archive is made until the run hears of
// them itself: a signal leaves nothing of the folder, and none is lost on the way to the run.
type folderGuard struct {
	signals chan os.Signal
	done    chan struct{}

	mu  sync.Mutex
	act func(os.Signal) // what a signal does now
}

// newFolderGuard returns a guard with which a signal ends ctx; its cause is the exit status. The caller
// calls end.
func newFolderGuard() (g *folderGuard, ctx context.Context) {
	ctx, cancel := context.WithCancelCause(context.Background())
	g = &folderGuard{
		signals: make(chan os.Signal, 1), done: make(chan struct{}),
		act: func(sig os.Signal) { cancel(signalStatus(sig)) },
	}
	signal.Notify(g.signals, heededSignals()...)
	go func() { // ends with done
		for {
			select {
			case <-g.done:
				return
			case sig := <-g.signals:
				g.came(sig)
			}
		}
	}()
	return g, ctx
}

func (g *folderGuard) came(sig os.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.act(sig)
}

// now has a signal do something else from now on.
func (g *folderGuard) now(act func(os.Signal)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.act = act
}

// keep has a signal remove the folder dir, and end cohort.
func (g *folderGuard) keep(dir *scratch.Dir) {
	g.now(func(sig os.Signal) {
		_ = dir.Remove() // the signal is what is heeded now
		dieOf(sig)
	})
}

// handOver leaves signals to the run, which receives them from now on. One that came before is passed
// on, or has ended cohort: then this does not return. Without an archive there were none.
func (e *extracted) handOver(run chan<- os.Signal) {
	if e == nil {
		signal.Notify(run, heededSignals()...)
		return
	}
	e.guard.mu.Lock()
	defer e.guard.mu.Unlock()
	signal.Notify(run, heededSignals()...) // not earlier: a signal that is to end cohort would be the run's
	signal.Stop(e.guard.signals)
	e.guard.act = func(sig os.Signal) {
		select {
		case run <- sig:
		default: // it has others to heed
		}
	}
}

// end ends it.
func (g *folderGuard) end() {
	signal.Stop(g.signals)
	close(g.done)
}
