// Package trace writes a recorded run in Chrome's trace event format, which Perfetto and
// chrome://tracing show: a track for each worker with its processes and their tests, one for its set-ups
// and one for those of the whole run, and an arrow from each attempt of a unit to its rerun.
//
// A record without processes has no workers: then there is a track for each package.
package trace

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// event is an event of the format. Times are in microseconds.
type event struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	Time  float64        `json:"ts"`
	Dur   *float64       `json:"dur,omitempty"` // of a complete event
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	ID    int            `json:"id,omitempty"` // of a flow
	Bind  string         `json:"bp,omitempty"` // of the end of a flow
	Args  map[string]any `json:"args,omitempty"`
}

const (
	phaseComplete  = "X"
	phaseMetadata  = "M"
	phaseFlowBegin = "s"
	phaseFlowEnd   = "f"
)

// lanes is how many tracks a worker can have: one for its processes and the tests that follow one
// another, and one more for each test that runs beside another one in the same process.
const lanes = 1000

// Write writes run to out.
func Write(out io.Writer, run *record.Run) error {
	buf := bufio.NewWriter(out)
	w := &writer{out: buf, start: run.Manifest.Start}
	_, err := fmt.Fprintf(buf, `{"displayTimeUnit":"ms","otherData":%s,"traceEvents":[`, metadata(run.Manifest))
	w.note(err)
	w.track("process_name", 0, "cohort "+run.Manifest.Module)
	if len(run.Processes) > 0 {
		w.processes(run)
	} else {
		w.packages(run)
	}
	w.setups(run)
	_, err = buf.WriteString("\n]}\n")
	w.note(err)
	return errors.Join(w.err, buf.Flush())
}

func metadata(m record.Manifest) []byte {
	text, _ := json.Marshal(map[string]any{ // strings and numbers do not fail
		"cohort": m.Cohort, "go": m.Go, "module": m.Module, "seed": m.Seed, "exit": m.Verdict.Exit, "start": m.Start.Format(time.RFC3339),
	})
	return text
}

// writer writes events. It keeps the first error.
type writer struct {
	out   *bufio.Writer
	start time.Time
	comma bool
	err   error
	named map[int]bool // tracks that have a name
	flows int
}

func (w *writer) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) event(e event) {
	text, err := json.Marshal(e)
	if err == nil && w.comma {
		err = w.out.WriteByte(',')
	}
	w.comma = true
	if err == nil {
		err = w.out.WriteByte('\n')
	}
	if err == nil {
		_, err = w.out.Write(text)
	}
	w.note(err)
}

func (w *writer) since(t time.Time) float64 {
	return float64(max(0, t.Sub(w.start)).Nanoseconds()) / 1e3
}

// span writes a complete event.
func (w *writer) span(name, cat string, track int, from time.Time, took time.Duration, args map[string]any) {
	dur := float64(max(0, took).Nanoseconds()) / 1e3
	w.event(event{Name: name, Cat: cat, Phase: phaseComplete, Time: w.since(from), Dur: &dur, TID: track, Args: args})
}

// track writes metadata of a track.
func (w *writer) track(kind string, track int, value any) {
	key := "name"
	if kind == "thread_sort_index" {
		key = "sort_index"
	}
	w.event(event{Name: kind, Phase: phaseMetadata, TID: track, Args: map[string]any{key: value}})
}

// name names a track once; tracks are shown in the order of their numbers.
func (w *writer) name(track int, name string) { w.nameAt(track, track, name) }

// nameAt names a track once, and says where it is shown.
func (w *writer) nameAt(track, place int, name string) {
	if w.named == nil {
		w.named = map[int]bool{}
	}
	if !w.named[track] {
		w.named[track] = true
		w.track("thread_name", track, name)
		w.track("thread_sort_index", track, place)
	}
}

// ended returns when a process ended, or the run did.
func ended(run *record.Run, p record.Process) time.Time {
	if p.End.IsZero() {
		return run.Manifest.End
	}
	return p.End
}

// processes writes a track for each worker.
func (w *writer) processes(run *record.Run) {
	for _, p := range run.Processes {
		track := p.Worker * lanes
		w.name(track, fmt.Sprintf("worker %d", p.Worker))
		w.span(title(p), cmp.Or(p.Kind, "process"), track, p.Start, ended(run, p).Sub(p.Start), processArgs(p))
		w.tests(p, ended(run, p))
	}
	for _, wait := range run.Waits() {
		w.span(wait.Title(run.Manifest), wait.Kind, wait.Worker*lanes, wait.From, wait.To.Sub(wait.From), nil)
	}
	w.reruns(run)
}

func title(p record.Process) string {
	switch {
	case p.Group != "":
		return p.Package + " " + p.Group
	case len(p.Tests) == 1:
		return p.Package + " " + p.Tests[0].Name
	}
	return cmp.Or(p.Package, p.Kind)
}

func processArgs(p record.Process) map[string]any {
	args := map[string]any{"process": p.Number, "attempt": p.Attempt, "exit": p.Exit, "tests": len(p.Tests)}
	for name, value := range map[string]string{"group": p.Group, "seed": p.Seed, "signal": p.Signal, "machine": p.Machine, "command": p.Command} {
		if value != "" {
			args[name] = value
		}
	}
	if p.CPU > 0 {
		args["cpu_seconds"] = p.CPU.Seconds()
	}
	if p.MaxRSS > 0 {
		args["max_rss_bytes"] = p.MaxRSS
	}
	return args
}

// tests writes the tests of a process: inside of it as long as they follow one another, else on tracks
// below, since spans of one track may not overlap.
func (w *writer) tests(p record.Process, end time.Time) {
	free := []time.Time{p.Start} // when each lane is free
	for _, t := range p.Tests {
		if t.Start.IsZero() {
			continue
		}
		took := t.Elapsed
		if t.Result == "" || t.Start.Add(took).After(end) {
			took = end.Sub(t.Start)
		}
		lane := slices.IndexFunc(free, func(at time.Time) bool { return !at.After(t.Start) })
		if lane < 0 {
			if len(free) == lanes {
				continue // no run has so many tests at once; the process's span stays
			}
			lane = len(free)
			free = append(free, time.Time{})
		}
		free[lane] = t.Start.Add(took)
		track := p.Worker*lanes + lane
		w.name(track, fmt.Sprintf("worker %d, parallel tests %d", p.Worker, lane))
		w.span(t.Name, "test", track, t.Start, took, map[string]any{"result": cmp.Or(t.Result, "none"), "process": p.Number})
	}
}

// reruns writes a flow from each process to the next attempt of what it ran.
func (w *writer) reruns(run *record.Run) {
	type unit struct{ pkg, test string }
	latest := map[unit]record.Process{}
	byAttempt := slices.Clone(run.Processes)
	slices.SortStableFunc(byAttempt, func(a, b record.Process) int { return a.Attempt - b.Attempt })
	for _, p := range byAttempt {
		from := map[int]record.Process{}
		for _, t := range p.Tests {
			u := unit{p.Package, t.Name}
			if before, ok := latest[u]; ok && before.Attempt < p.Attempt {
				from[before.Number] = before
			}
			latest[u] = p
		}
		for _, number := range slices.Sorted(maps.Keys(from)) {
			w.flow(from[number], p, ended(run, from[number]))
		}
	}
}

// flow writes an arrow between two processes: it begins and ends inside of their spans. Where clocks
// disagree, there is none, since no flow may end before it begins.
func (w *writer) flow(from, to record.Process, end time.Time) {
	if to.Start.Before(end) {
		return
	}
	// At the very end of a span a viewer takes it for over, and the arrow for one from nowhere.
	begin := end.Add(-min(time.Microsecond, end.Sub(from.Start)/2))
	w.flows++
	name := fmt.Sprintf("attempt %d", to.Attempt)
	w.event(event{Name: name, Cat: "rerun", Phase: phaseFlowBegin, Time: w.since(begin), TID: from.Worker * lanes, ID: w.flows})
	w.event(event{Name: name, Cat: "rerun", Phase: phaseFlowEnd, Bind: "e", Time: w.since(to.Start), TID: to.Worker * lanes, ID: w.flows})
}

// packages writes a track for each package, from what its events say.
func (w *writer) packages(run *record.Run) {
	byPackage := map[string][]record.ProcessTest{}
	for _, t := range run.Tests {
		for _, a := range t.Attempts {
			byPackage[t.Package] = append(byPackage[t.Package], record.ProcessTest{
				Name: cmp.Or(t.Name, t.Package), Start: a.Start, Elapsed: a.Elapsed, Result: string(a.Status),
			})
		}
	}
	for i, p := range run.Packages {
		tests := byPackage[p.Path]
		slices.SortStableFunc(tests, func(a, b record.ProcessTest) int {
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(b.Elapsed, a.Elapsed))
		})
		w.name(i*lanes, p.Path)
		if len(tests) > 0 {
			w.tests(record.Process{Worker: i, Start: tests[0].Start, Tests: tests}, run.Manifest.End)
		}
	}
}
