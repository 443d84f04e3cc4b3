package worker

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Guard ends a process with a test that runs for too long where the process runs, if its [Runner]
// tells of its output only later. It is written what the process prints, by one goroutine.
type Guard struct {
	dog    *watchdog
	now    func() time.Time
	parser *testbin.Parser

	mu      sync.Mutex
	running []begun // top-level tests, the first first; guarded by mu
}

// begun is a test that runs since a time.
type begun struct {
	test string
	at   time.Time
}

// NewGuard returns a guard with the limits of a [testbin.Spec], nil for none.
func NewGuard(limits map[string]time.Duration, now func() time.Time) *Guard {
	limit := func(test string) time.Duration {
		if d, ok := limits[test]; ok {
			return d
		}
		return limits[""]
	}
	g := &Guard{dog: newWatchdog(limit, now), now: now}
	g.parser = testbin.NewParser(func(string) bool { return true }, func(e testbin.Event) {
		g.dog.event(Moment{Event: e, At: now()})
		g.event(e)
	})
	return g
}

// event follows which tests run, those that wait in t.Parallel left out.
func (g *Guard) event(e testbin.Event) {
	if strings.Contains(e.Test, "/") {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch e.Kind {
	case testbin.KindRun, testbin.KindCont:
		g.running = append(g.running, begun{e.Test, g.now()})
	case testbin.KindPause, testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		g.running = slices.DeleteFunc(g.running, func(b begun) bool { return b.test == e.Test })
	}
}

// Longest returns the top-level test that has run for longest of those that run, and since when; "" for
// none. It may be called from any goroutine.
func (g *Guard) Longest() (test string, since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.running) == 0 {
		return "", time.Time{}
	}
	return g.running[0].test, g.running[0].at
}

// Write reads what the process prints. It never fails.
func (g *Guard) Write(b []byte) (int, error) { return g.parser.Write(b) }

// Quit is closed when the process is to end.
func (g *Guard) Quit() <-chan struct{} { return g.dog.quit }

// Stop ends the watch.
func (g *Guard) Stop() { g.dog.stop() }

// limits are for how long the tests of a job may run, as a [testbin.Spec] has them.
func (j *Job) limits() map[string]time.Duration {
	if j.Binary.Limit == nil {
		return nil
	}
	all, some := map[string]time.Duration{"": j.Binary.Limit("")}, j.Binary.Limit("") > 0
	for _, t := range j.Tests {
		all[t.Name] = j.Binary.Limit(t.Name)
		some = some || all[t.Name] > 0
	}
	if !some {
		return nil
	}
	return all
}
