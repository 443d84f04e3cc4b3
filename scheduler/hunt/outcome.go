package hunt

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// outputLimit is how much of the output of one failed test is kept: enough for
// its message and a stack or two.
const outputLimit = 8 << 10

// outcome is what came of one process.
type outcome struct {
	results map[string][]bool // of each top-level test that ended: failed?
	paused  map[string]bool   // tests that waited in t.Parallel
	ran     int               // top-level tests that started
	output  map[string][]byte // of failed tests; "" is the package
	// idle are the units that did not get their turn: the process died, or a
	// TestMain ran nothing.
	idle []*unit
	// failure is why the package failed beside its tests, "" if it did not.
	failure string
	// stopped reports that the process was ended by the end of the hunt: what
	// is missing says nothing.
	stopped bool
}

// watcher takes the events of one process.
type watcher struct {
	o *outcome
}

func newWatcher() *watcher {
	return &watcher{&outcome{
		results: make(map[string][]bool), paused: make(map[string]bool), output: make(map[string][]byte),
	}}
}

// event takes one event of the process.
func (w *watcher) event(e testbin.Event) {
	top, _, sub := strings.Cut(e.Test, "/")
	o := w.o
	switch e.Kind {
	case testbin.KindOutput:
		if top == "" && bytes.HasPrefix(e.Line, []byte("-test.shuffle ")) {
			return // the seed, which the test binary prints; the command has it
		}
		if room := outputLimit - len(o.output[top]); room > 0 {
			o.output[top] = append(o.output[top], e.Line[:min(room, len(e.Line))]...)
		}
	case testbin.KindFail:
		o.output[top] = append(o.output[top], bytes.TrimPrefix(e.Line, []byte{0x16})...)
	}
	if sub {
		return
	}
	switch e.Kind {
	case testbin.KindPause:
		o.paused[top] = true
	case testbin.KindPass, testbin.KindSkip:
		o.results[top] = append(o.results[top], false)
		if !slices.Contains(o.results[top], true) {
			delete(o.output, top)
		}
	case testbin.KindFail:
		o.results[top] = append(o.results[top], true)
	}
}

// finish closes the account of a process that was to run t. What counts as a failure of the
// package is for the ledger to say.
func (w *watcher) finish(t task, r *worker.Result) *outcome {
	o := w.o
	o.ran, o.stopped = len(r.Seen), r.Exit.Canceled
	for _, open := range r.Broken {
		if top, _, sub := strings.Cut(open.Name, "/"); !sub && !o.stopped {
			o.results[top] = append(o.results[top], true)
		}
	}
	for _, u := range t.units {
		if ran, _ := o.of(u); !ran {
			o.idle = append(o.idle, u)
		}
	}
	if !o.stopped {
		o.failure = r.PackageFailure
	}
	return o
}

// of reports whether a unit ran to its end, or failed on the way.
func (o *outcome) of(u *unit) (ran, failed bool) {
	if u.isPackage() {
		return !o.stopped, o.failure != ""
	}
	ended := 0
	for _, name := range u.names {
		results := o.results[name]
		if slices.Contains(results, true) {
			return true, true
		}
		if len(results) > 0 {
			ended++
		}
	}
	return ended == len(u.names), false
}

// failed reports whether anything failed.
func (o *outcome) failed() bool {
	for _, results := range o.results {
		if slices.Contains(results, true) {
			return true
		}
	}
	return o.failure != ""
}

// second reports whether a unit ran twice in the process, or failed on the
// way, and whether it passed the first time and failed the second.
func (o *outcome) second(u *unit) (ran, failed bool) {
	for _, name := range u.names {
		results := o.results[name]
		once := min(u.times(name), len(results))
		if once == 0 {
			return false, false
		}
		if slices.Contains(results[:once], true) {
			return true, false
		}
		failed = failed || slices.Contains(results[once:], true)
	}
	return true, failed
}

// text returns the output of a unit that failed.
func (o *outcome) text(u *unit) string {
	var text []byte
	for _, name := range u.names {
		text = append(text, o.output[name]...)
	}
	if u.isPackage() {
		text = append(text, o.output[""]...)
	}
	return string(text)
}
