package worker

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// clock knows how long each top-level test of a process has run, its pauses in t.Parallel left out,
// and for how long it may. It is pure: time is an argument.
type clock struct {
	// limit says for how long a test may run, 0 for any time. Nil is 0 for all.
	limit func(test string) time.Duration
	runs  map[string]*stint
}

// stint is a test that has started and not ended.
type stint struct {
	since time.Time // when it started or went on; zero while it is paused
	spent time.Duration
}

// event takes what happens to a test. Subtests are a part of their test.
func (c *clock) event(kind testbin.Kind, test string, at time.Time) {
	if c.limit == nil || strings.Contains(test, "/") || c.limit(test) <= 0 {
		return
	}
	switch kind {
	case testbin.KindRun:
		if c.runs == nil {
			c.runs = make(map[string]*stint)
		}
		c.runs[test] = &stint{since: at} // of two tests of one name the later one counts
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		delete(c.runs, test)
	}
	run := c.runs[test]
	switch {
	case run == nil:
	case kind == testbin.KindPause && !run.since.IsZero():
		run.spent += at.Sub(run.since)
		run.since = time.Time{}
	case kind == testbin.KindCont && run.since.IsZero():
		run.since = at
	}
}

// next returns the test whose time is over first, and when; ok is false if no test with a limit
// runs.
func (c *clock) next() (test string, at time.Time, ok bool) {
	for name, run := range c.runs {
		if run.since.IsZero() {
			continue
		}
		over := run.since.Add(c.limit(name) - run.spent)
		if !ok || over.Before(at) || over.Equal(at) && name < test {
			test, at, ok = name, over, true
		}
	}
	return test, at, ok
}

// watchdog ends a process with a test that runs for too long. It is safe for concurrent use.
type watchdog struct {
	now  func() time.Time
	quit chan struct{} // closed when the process is to end

	traced bool // goroutines have been printed; the reader's

	mu      sync.Mutex // guards what follows
	clock   clock
	timer   *time.Timer // nil as long as no test has a limit
	overdue string      // the test for which quit was closed
	over    bool
	past    bool // what is read has dates
}

func newWatchdog(limit func(string) time.Duration, now func() time.Time) *watchdog {
	return &watchdog{now: now, quit: make(chan struct{}), clock: clock{limit: limit}}
}

// event takes an event of the process.
func (w *watchdog) event(m Moment) {
	if w.clock.limit == nil || m.Kind == testbin.KindOutput || m.Kind == testbin.KindName {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock.event(m.Kind, m.Test, m.At)
	if !w.past {
		w.arm()
	}
}

// date says that what is read next was printed at a time in the past: a process that is to end has
// been ended where it ran.
func (w *watchdog) date(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.past = true
	if test, over, ok := w.clock.next(); ok && w.overdue == "" && !at.Before(over) {
		w.overdue = test
		close(w.quit)
	}
}

// arm sets the timer to the end of the time of the next test.
func (w *watchdog) arm() {
	_, at, ok := w.clock.next()
	switch {
	case w.over || w.overdue != "":
	case !ok:
		if w.timer != nil {
			w.timer.Stop()
		}
	case w.timer == nil:
		w.timer = time.AfterFunc(at.Sub(w.now()), w.fire)
	default:
		w.timer.Reset(at.Sub(w.now()))
	}
}

// fire is the timer's: unless the test has ended meanwhile, the process is to end.
func (w *watchdog) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	test, at, ok := w.clock.next()
	switch {
	case w.over || w.overdue != "" || !ok:
	case w.now().Before(at):
		w.arm()
	default:
		w.overdue = test
		close(w.quit)
	}
}

// stop ends the watch: the process has ended.
func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// test returns the test for which the process is to end, "" for none.
func (w *watchdog) test() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.overdue
}

// running reports whether a test with a limit has not ended.
func (w *watchdog) running(test string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock.runs[test] != nil
}

// tracing returns the line that goes before the goroutines of the test that ran for too long, nil if
// e is something else. It is for the goroutine that reads the process.
func (w *watchdog) tracing(e testbin.Event) []byte {
	if e.Kind != testbin.KindOutput || w.traced || !testbin.IsTrace(e.Line) {
		return nil
	}
	test := w.test()
	if test == "" {
		return nil
	}
	w.traced = true
	if root, _, _ := strings.Cut(e.Test, "/"); root != test || !w.running(test) {
		return nil // it has ended meanwhile
	}
	return w.line("; its goroutines:")
}

// untraced returns the line about a test whose goroutines have not been printed, nil if they have,
// or if there is no such test.
func (w *watchdog) untraced(exit testbin.Exit) []byte {
	switch {
	case !exit.Quit || !exit.Killed || w.traced || !w.running(w.test()):
		return nil
	case runtime.GOOS == "windows":
		return w.line(", without its goroutines: on Windows a process cannot be asked for them")
	}
	return w.line(", without its goroutines: it did not print them when it was asked")
}

// ended returns the test for which the process was ended, "" if it ended by itself, or may have.
func (w *watchdog) ended(exit testbin.Exit) string {
	if !exit.Quit || !exit.Killed && !w.traced {
		return ""
	}
	return w.test()
}

// line says of the test that it ran for too long; more is what else there is to say.
func (w *watchdog) line(more string) []byte {
	return fmt.Appendf(nil, "    cohort: %s ran longer than %v and was ended with its process%s\n", w.test(), w.clock.limit(w.test()), more)
}
