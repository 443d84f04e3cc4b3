package main

import (
	"context"
	"os"
	"os/signal"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/archive"
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

// folderGuard removes the folder of an archive if a signal ends cohort before its run watches for
// signals, or after: nobody else would.
type folderGuard struct {
	signals chan os.Signal
	done    chan struct{}

	mu   sync.Mutex
	busy bool // the run hears of signals itself
}

// guardFolder begins to guard the folder dir. The caller calls end.
func guardFolder(dir string) *folderGuard {
	g := &folderGuard{signals: make(chan os.Signal, 1), done: make(chan struct{})}
	signal.Notify(g.signals, heededSignals()...)
	go func() { // ends with done
		for {
			select {
			case <-g.done:
				return
			case sig := <-g.signals:
				g.came(sig, dir)
			}
		}
	}()
	return g
}

func (g *folderGuard) came(sig os.Signal, dir string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy {
		return
	}
	_ = archive.Remove(dir) // the signal is what is heeded now
	dieOf(sig)
}

// leaveSignals says whether the run hears of signals itself. Without an archive it does nothing.
func (e *extracted) leaveSignals(toRun bool) {
	if e == nil {
		return
	}
	e.guard.mu.Lock()
	defer e.guard.mu.Unlock()
	e.guard.busy = toRun
}

// end ends it.
func (g *folderGuard) end() {
	signal.Stop(g.signals)
	close(g.done)
}
