package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

// HoldMode is what becomes of the attempts that were not a unit's last.
type HoldMode uint8

const (
	HoldNothing HoldMode = iota // everything is shown as it happens
	OnlyLast                    // only the last attempt of a unit that was run again is shown
	HideDetails                 // failed attempts of units that passed in the end are shown without their output
)

// Hold keeps the events of packages that failed until it is known what came of their
// reruns: what is written can not be taken back. It is the handler of a scan of the
// first pass; packages that do not fail go on to another scan, as soon as they end.
type Hold struct {
	cfg      HoldConfig
	packages map[string][]heldEvent
	order    []string // of packages, by their first event
	attempts []*Attempt
}

// HoldConfig says what a Hold keeps, and where the rest goes.
type HoldConfig struct {
	Mode     HoldMode
	Lines    *Lines                      // the one that the scanned streams go through
	Passed   io.Writer                   // gets the lines of packages that did not fail
	Err      func(line string) error     // gets what is no event
	MaxFails int                         // end the scan after this many failures; 0: no limit
	Excuses  func(pkg, test string) bool // see Config
}

type heldEvent struct {
	event testjson.TestEvent
	raw   []byte // the whole line
}

// NewHold returns a Hold that holds nothing yet.
func NewHold(cfg HoldConfig) *Hold {
	return &Hold{cfg: cfg, packages: map[string][]heldEvent{}}
}

var _ testjson.EventHandler = (*Hold)(nil)

// Err hands on a line that is no event.
func (h *Hold) Err(text string) error { return h.cfg.Err(text) }

// Event keeps event, or hands on the package that it ends.
func (h *Hold) Event(event testjson.TestEvent, exec *testjson.Execution) error {
	e, ok := h.held(event)
	switch {
	case !ok:
	case event.Package == "":
		return h.release([]heldEvent{e})
	default:
		if _, ok := h.packages[event.Package]; !ok && !slices.Contains(h.order, event.Package) {
			h.order = append(h.order, event.Package)
		}
		h.packages[event.Package] = append(h.packages[event.Package], e)
		if event.PackageEvent() && event.Action.IsTerminal() && event.Action != testjson.ActionFail {
			held := h.packages[event.Package]
			delete(h.packages, event.Package)
			return h.release(held)
		}
	}
	return maxFailsReached(h.cfg.MaxFails, h.cfg.Excuses, event, exec)
}

// held copies event with its line; one that testjson made up has none.
func (h *Hold) held(event testjson.TestEvent) (heldEvent, bool) {
	raw := event.Bytes()
	if len(raw) == 0 {
		return heldEvent{}, false
	}
	if line, ok := h.cfg.Lines.original(raw); ok {
		if line == "" {
			return heldEvent{}, false // it is made again when the rest is shown
		}
		return heldEvent{event, []byte(line)}, true
	}
	return heldEvent{event, bytes.Clone(raw)}, true
}

func (h *Hold) release(events []heldEvent) error {
	for _, e := range events {
		if _, err := h.cfg.Passed.Write(append(e.raw, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// Attempt is a rerun of a unit; it collects the events of its stream.
type Attempt struct {
	RunID   int
	Package string
	Unit    string   // its name, as in an Outcome
	Tests   []string // its root tests; nil: all of the package

	hold   *Hold
	events []heldEvent
	stderr []string
}

// Add begins to collect an attempt.
func (h *Hold) Add(a Attempt) *Attempt {
	a.hold = h
	h.attempts = append(h.attempts, &a)
	return &a
}

// Event collects event.
func (a *Attempt) Event(event testjson.TestEvent, _ *testjson.Execution) error {
	if e, ok := a.hold.held(event); ok {
		a.events = append(a.events, e)
	}
	return nil
}

// Err collects a line of stderr.
func (a *Attempt) Err(text string) error {
	a.stderr = append(a.stderr, text)
	return nil
}

// Batch is a stream that is now to be shown.
type Batch struct {
	RunID          int
	Stdout, Stderr io.Reader
}

// Release returns all that is held, in the order to show it in.
func (h *Hold) Release(outcome Outcome) []Batch {
	var batches []Batch
	for _, pkg := range h.order {
		held, ok := h.packages[pkg]
		if !ok {
			continue
		}
		attempts := h.attemptsOf(pkg)
		if h.cfg.Mode == OnlyLast && len(attempts) > 0 {
			batches = append(batches, h.onlyLast(pkg, held, attempts, outcome)...)
			continue
		}
		batches = append(batches, h.withoutDetails(held, attempts, outcome)...)
	}
	return batches
}

func (h *Hold) attemptsOf(pkg string) []*Attempt {
	var list []*Attempt
	for _, a := range h.attempts {
		if a.Package == pkg {
			list = append(list, a)
		}
	}
	return list
}

// onlyLast shows a package with the last attempt of each of its units in the place of
// the earlier ones, and one verdict.
func (h *Hold) onlyLast(pkg string, held []heldEvent, attempts []*Attempt, outcome Outcome) []Batch {
	last := map[string]*Attempt{}
	rerun := map[string]bool{} // root tests that have a later attempt
	for _, a := range attempts {
		last[a.Unit] = a
		for _, test := range a.Tests {
			rerun[test] = true
		}
	}
	if whole, ok := last[""]; ok {
		return []Batch{batch(whole.RunID, whole.events, whole.stderr)}
	}
	var first, verdict []heldEvent
	for _, e := range held {
		root, _ := testjson.TestName(e.event.Test).Split()
		switch {
		case isVerdict(e.event):
			verdict = append(verdict, e)
		case !rerun[root]:
			first = append(first, e)
		}
	}
	batches := []Batch{batch(0, first, nil)}
	highest := 0
	for _, a := range attempts {
		if last[a.Unit] == a {
			events := slices.DeleteFunc(a.events, func(e heldEvent) bool { return e.event.PackageEvent() })
			batches = append(batches, batch(a.RunID, events, a.stderr))
			highest = max(highest, a.RunID)
		}
	}
	if !slices.ContainsFunc(outcome.Failed, func(u Unit) bool { return u.Package == pkg }) {
		verdict = turnGreen(verdict)
	}
	return append(batches, batch(highest, verdict, nil))
}

// isVerdict reports whether event says how its package ended.
func isVerdict(event testjson.TestEvent) bool {
	if !event.PackageEvent() {
		return false
	}
	out := event.Output
	return event.Action.IsTerminal() || out == "FAIL\n" || out == "PASS\n" || strings.HasPrefix(out, "exit status ") ||
		strings.HasPrefix(out, "FAIL\t"+event.Package+"\t")
}

// turnGreen returns the verdict of a package whose failures all passed in the end.
func turnGreen(verdict []heldEvent) []heldEvent {
	var green []heldEvent
	for _, e := range verdict {
		var fields map[string]any
		if json.Unmarshal(e.raw, &fields) != nil {
			continue // it was an event a moment ago
		}
		switch out := e.event.Output; {
		case out == "FAIL\n":
			fields["Output"] = "PASS\n"
		case strings.HasPrefix(out, "FAIL\t"):
			fields["Output"] = "ok  " + out[len("FAIL"):]
		case strings.HasPrefix(out, "exit status "):
			continue
		case e.event.Action == testjson.ActionFail:
			fields["Action"] = "pass"
		}
		if raw, err := json.Marshal(fields); err == nil {
			green = append(green, heldEvent{e.event, raw})
		}
	}
	return green
}

// withoutDetails shows everything, but no output of failed attempts of units that
// passed in the end, if that is the mode.
func (h *Hold) withoutDetails(held []heldEvent, attempts []*Attempt, outcome Outcome) []Batch {
	muted := map[string]bool{} // root tests, "" for the package
	lastOf := map[string]*Attempt{}
	for _, a := range attempts {
		lastOf[a.Unit] = a
	}
	for unit, a := range lastOf {
		flaky := slices.ContainsFunc(outcome.Flaky, func(u Unit) bool { return u.Package == a.Package && u.Name == unit })
		if h.cfg.Mode != HideDetails || !flaky {
			continue
		}
		muted[""] = muted[""] || a.Tests == nil
		for _, test := range a.Tests {
			muted[test] = true
		}
	}
	batches := []Batch{batch(0, h.mute(held, muted), nil)}
	for _, a := range attempts {
		events := a.events
		if lastOf[a.Unit] != a {
			events = h.mute(events, muted)
		}
		batches = append(batches, batch(a.RunID, events, a.stderr))
	}
	return batches
}

// mute takes the output of the root tests in names out of events. The event files
// still get it.
func (h *Hold) mute(events []heldEvent, names map[string]bool) []heldEvent {
	if len(names) == 0 {
		return events
	}
	muted := slices.Clone(events)
	for i, e := range muted {
		root, _ := testjson.TestName(e.event.Test).Split()
		if names[root] && e.event.Action == testjson.ActionOutput && !isVerdict(e.event) {
			muted[i].raw = h.cfg.Lines.withoutOutput(e.raw)
		}
	}
	return muted
}

// batch makes a stream of events again.
func batch(runID int, events []heldEvent, stderr []string) Batch {
	var out, errs bytes.Buffer
	for _, e := range events {
		out.Write(e.raw)
		out.WriteByte('\n')
	}
	for _, line := range stderr {
		errs.WriteString(line + "\n")
	}
	return Batch{RunID: runID, Stdout: &out, Stderr: &errs}
}

// maxFailsReached returns the error that ends a scan once event has brought the
// failures, without those that are excused, to most (0: never).
func maxFailsReached(most int, excuses func(pkg, test string) bool, event testjson.TestEvent, exec *testjson.Execution) error {
	if most > 0 && mayFail(event) && len(Counted(exec.Failed(), excuses)) >= most {
		return errors.New("ending test run because max failures was reached")
	}
	return nil
}
