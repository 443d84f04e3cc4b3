package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// testjson is wrong about some kinds of events. It takes an action that it does not know,
// artifacts, for the end of a test, and counts the test again when its next event comes. And
// a benchmark that ran well has no end at all: go test has no word for it, and testjson calls
// it a failure. A package that was interrupted has failed for go test, and testjson counts a
// failure for it, although no test failed. So they are amended on their way to testjson, with the
// means of Lines: the event files and the formats that show events get what was really read.

// amender amends a stream of events. It looks into a line only as far as it must.
type amender struct {
	lines *Lines
	open  []benchmark // that began and did not end
	// reasons are what cohort has said of packages that have not ended: whether all of it is that
	// the run was called off.
	reasons map[string]bool
}

// benchmark is a benchmark that runs.
type benchmark struct {
	pkg, name string
	began     time.Time
}

// amendableEvent is what the amender reads of an event.
type amendableEvent struct {
	Time                          time.Time
	Action, Package, Test, Output string
}

// amend returns what testjson is to be given in the place of line, an event with its newline,
// and whether that is something else than the line.
func (a *amender) amend(line []byte) ([]byte, bool) {
	action := actionOf(line)
	switch {
	case bytes.HasPrefix(action, []byte(`artifacts"`)):
		return a.ignored(line)
	case a.lines.TestsEnd && bytes.HasPrefix(action, []byte(`output"`)) && bytes.Contains(action, []byte(`"Output":"panic: test timed out`)):
		return a.timedOut(line)
	case a.lines.TestsEnd && bytes.HasPrefix(action, []byte(`output"`)) && bytes.Contains(action, []byte(reasonOutput)):
		a.noteReason(line)
		return nil, false
	case len(a.reasons) > 0 && bytes.HasPrefix(action, []byte(`fail"`)):
		return a.interrupted(line)
	case len(a.open) == 0 && !(bytes.HasPrefix(action, []byte(`run"`)) && bytes.Contains(action, []byte(`"Test":"Benchmark`))):
		return nil, false
	}
	var e amendableEvent
	if json.Unmarshal(line, &e) != nil {
		return nil, false
	}
	line, renamed := a.rename(line, &e)
	ended := a.note(e)
	var out []byte
	for _, b := range ended {
		out = append(out, a.pass(b, e.Time)...)
	}
	return append(out, line...), renamed || len(ended) > 0
}

// actionOf returns line from the value of its action on, nil if it does not begin as the go
// command writes events.
func actionOf(line []byte) []byte {
	if rest, ok := bytes.CutPrefix(line, []byte(`{"Time":"`)); ok {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return nil
		}
		rest, _ = bytes.CutPrefix(rest[i+1:], []byte(`,"Action":"`))
		return rest
	}
	rest, ok := bytes.CutPrefix(line, []byte(`{"Action":"`))
	if !ok {
		return nil
	}
	return rest
}

// keyArtifacts marks an event whose action was artifacts.
const keyArtifacts = "cohort-artifacts"

// ignored returns line, an event of artifacts, as one by which nothing ends.
func (a *amender) ignored(line []byte) ([]byte, bool) {
	return a.lines.changed(line, map[string]string{"Action": "cont", "Key": keyArtifacts})
}

// timedOut returns line, the output that a test timed out, as output like any other: it begins
// with a token that stands for nothing.
func (a *amender) timedOut(line []byte) ([]byte, bool) {
	var e amendableEvent
	if json.Unmarshal(line, &e) != nil || e.Test == "" {
		return nil, false
	}
	return a.lines.changed(line, map[string]string{"Output": a.lines.token("") + e.Output})
}

// CalledOff is the reason that a package gives which fails only because the run was ended.
const CalledOff = "cohort: the run was stopped"

// calledOffBefore is the reason in records of cohort before version 0.2.
const calledOffBefore = "cohort: the run was called off"

// keyCalledOff marks an event whose action was fail.
const keyCalledOff = "cohort-called-off"

// reasonOutput begins the text of an event with a reason of cohort's own.
const reasonOutput = `"Output":"cohort: `

// noteReason takes an output of cohort's own.
func (a *amender) noteReason(line []byte) {
	var e amendableEvent
	if json.Unmarshal(line, &e) != nil || e.Test != "" {
		return
	}
	if a.reasons == nil {
		a.reasons = make(map[string]bool)
	}
	only, known := a.reasons[e.Package]
	a.reasons[e.Package] = (e.Output == CalledOff+"\n" || e.Output == calledOffBefore+"\n") && (only || !known)
}

// interrupted returns line, the end of a package or of a test, as one that is not a failure if it
// is the end of a package that was called off. The tests of it that failed stay failures.
func (a *amender) interrupted(line []byte) ([]byte, bool) {
	var e amendableEvent
	if json.Unmarshal(line, &e) != nil || e.Test != "" {
		return nil, false
	}
	only := a.reasons[e.Package]
	delete(a.reasons, e.Package)
	if !only {
		return nil, false
	}
	return a.lines.changed(line, map[string]string{"Action": "skip", "Key": keyCalledOff})
}

// note follows the benchmarks that run, and returns those that have ended. They run one after
// the other, so one ends when another begins that is not inside of it, or when the process
// says that all is done. After a death nobody says so: then they have failed.
func (a *amender) note(e amendableEvent) (ended []benchmark) {
	isOpen := func(b benchmark) bool { return b.pkg == e.Package }
	switch {
	case e.Action == "run" && strings.HasPrefix(e.Test, "Benchmark"):
		ended = a.remove(func(b benchmark) bool { return isOpen(b) && !strings.HasPrefix(e.Test, b.name+"/") })
		a.open = append(a.open, benchmark{e.Package, e.Test, e.Time})
	case e.Test == "" && (e.Action == "pass" || e.Action == "output" && (e.Output == "PASS\n" || e.Output == "FAIL\n")):
		ended = a.remove(isOpen)
	case e.Test == "" && (e.Action == "fail" || e.Action == "skip"):
		a.remove(isOpen)
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		a.remove(func(b benchmark) bool { return isOpen(b) && b.name == e.Test })
	}
	slices.Reverse(ended) // the inner ones first, as tests end
	return ended
}

// isCalled reports whether test is the benchmark's name, or that with the number of processors
// which go adds when it fails in a later round.
func (b benchmark) isCalled(test string) bool {
	rest, ok := strings.CutPrefix(test, b.name)
	return ok && (rest == "" || rest[0] == '-' && strings.Trim(rest[1:], "0123456789") == "" && len(rest) > 1)
}

// remove takes the benchmarks out for which f is true.
func (a *amender) remove(f func(benchmark) bool) []benchmark {
	var removed []benchmark
	a.open = slices.DeleteFunc(a.open, func(b benchmark) bool {
		if f(b) {
			removed = append(removed, b)
			return true
		}
		return false
	})
	return removed
}

// rename gives an event of a benchmark the name under which it began.
func (a *amender) rename(line []byte, e *amendableEvent) ([]byte, bool) {
	for _, b := range a.open {
		if b.pkg != e.Package || b.name == e.Test || !b.isCalled(e.Test) {
			continue
		}
		renamed, ok := a.lines.changed(line, map[string]string{"Test": b.name})
		if ok {
			e.Test = b.name
			return renamed, true
		}
	}
	return line, false
}

// pass returns an event that no event file gets, by which b has passed.
func (a *amender) pass(b benchmark, at time.Time) []byte {
	elapsed := 0.0
	if !at.IsZero() && !b.began.IsZero() {
		elapsed = max(0, at.Sub(b.began).Seconds())
	}
	rest, err := json.Marshal(struct {
		Time                  time.Time `json:",omitzero"`
		Action, Package, Test string
		Elapsed               float64
	}{at, "pass", b.pkg, b.name, elapsed})
	if err != nil {
		return nil // strings and a number have a form
	}
	return fmt.Appendf(nil, "%s%s\",%s\n", lineKey, a.lines.token(""), rest[1:])
}
