package html

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// data is what the script shows, in a form that is short for 20,000 tests. Names are plain.
type data struct {
	Start     int64     `json:"start"` // milliseconds since 1970
	Wall      float64   `json:"wall"`  // seconds
	Packages  []string  `json:"packages"`
	Units     []unit    `json:"units"`
	Tests     []test    `json:"tests"`
	Processes []process `json:"processes"`
	Runs      []pastRun `json:"runs"` // oldest first; the last one is the run that is shown
}

type unit struct {
	Group  string   `json:"g,omitempty"`
	Labels []string `json:"l,omitempty"`
	Owner  string   `json:"o,omitempty"`
}

type test struct {
	Package  int     `json:"p"`
	Name     string  `json:"n"`
	Status   string  `json:"s"` // pass, fail, skip, none, flaky, quarantined
	Millis   float64 `json:"t"`
	Worker   int     `json:"w"` // -1: not known
	Unit     int     `json:"u"` // -1: nothing is known of it
	Process  int     `json:"c"` // place in Processes; -1: none
	Attempts int     `json:"a"`
	History  string  `json:"h,omitempty"` // a letter per run: p, f, s, n, y (flaky), q (quarantined), - (did not run)
}

type process struct {
	Number  int           `json:"n"`           // -1: it is a set-up or tear-down, or a wait
	Worker  int           `json:"w"`           // -1: it was for the whole run
	Title   string        `json:"y,omitempty"` // of a set-up or tear-down, or of a wait
	Package string        `json:"p"`
	Kind    string        `json:"k"`
	Group   string        `json:"g,omitempty"`
	Attempt int           `json:"a"`
	From    float64       `json:"f"` // seconds since the run began
	To      float64       `json:"t"`
	End     string        `json:"e"` // how it ended; "" for a wait
	Bad     bool          `json:"b"`
	Command string        `json:"m,omitempty"`
	CPU     float64       `json:"x,omitempty"` // seconds
	RSS     int64         `json:"r,omitempty"` // bytes
	Machine string        `json:"o,omitempty"` // where it ran, of a run on several
	Long    bool          `json:"l,omitempty"` // on the way that bounded the run
	Away    bool          `json:"z,omitempty"` // it is a set-up or tear-down of a worker of another machine: none of those that processes have
	Tests   []processTest `json:"s"`

	holder int // of a wait for a process: its place in Processes, from 1; 0: it is none
}

type processTest struct {
	Name   string  `json:"n"`
	Result string  `json:"r"`
	Millis float64 `json:"t"`
}

type pastRun struct {
	Start string `json:"start"`
	Exit  int    `json:"exit"`
	Took  string `json:"took"`
}

func newData(runs []*record.Run) data {
	run := runs[len(runs)-1]
	m := run.Manifest
	d := data{
		Start: m.Start.UnixMilli(), Wall: m.End.Sub(m.Start).Seconds(), Packages: []string{}, Units: []unit{}, Tests: []test{},
		Processes: []process{}, Runs: []pastRun{},
	}
	at := d.addProcesses(run)
	past := histories(runs)
	packages, units := map[string]int{}, map[string]int{}
	for _, t := range run.Tests {
		last := t.Last()
		one := test{
			Package: index(packages, &d.Packages, t.Package, plain(m.Relative(t.Package))), Name: plain(t.Name), Status: letterWord(t),
			Millis: millis(last.Elapsed), Worker: -1, Unit: -1, Process: -1, Attempts: len(t.Attempts),
		}
		if u := t.Unit; u.Group != "" || u.Owner != "" || len(u.Labels) > 0 {
			one.Unit = index(units, &d.Units, t.Package+" "+u.Name, newUnit(u))
		}
		if p, ok := at[last.Process]; ok {
			one.Process, one.Worker = p, d.Processes[p].Worker
		}
		if len(runs) > 1 {
			one.History = past[testKey{t.Package, t.Name}]
		}
		d.Tests = append(d.Tests, one)
	}
	for _, r := range runs {
		d.Runs = append(d.Runs, pastRun{
			r.Manifest.Start.Format("2006-01-02 15:04:05"), r.Manifest.Verdict.Exit, short(r.Manifest.End.Sub(r.Manifest.Start)),
		})
	}
	return d
}

// index returns the place of a value in list, to which it is added if its key is new.
func index[T any](places map[string]int, list *[]T, key string, value T) int {
	at, ok := places[key]
	if !ok {
		at = len(*list)
		places[key] = at
		*list = append(*list, value)
	}
	return at
}

func newUnit(u record.Unit) unit {
	one := unit{Group: plain(u.Group), Owner: plain(u.Owner)}
	for _, l := range u.Labels {
		one.Labels = append(one.Labels, plain(l))
	}
	return one
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func letterWord(t *record.Test) string {
	if t.Flaky() {
		return "flaky"
	}
	return string(t.Status())
}

// addProcesses adds the processes and returns the place of each number.
func (d *data) addProcesses(run *record.Run) map[int]int {
	at := map[int]int{}
	for _, p := range run.Processes {
		end := p.End
		if end.IsZero() {
			end = run.Manifest.End
		}
		one := process{
			Number: p.Number, Worker: p.Worker, Package: plain(run.Manifest.Relative(p.Package)), Kind: plain(p.Kind), Group: plain(p.Group), Attempt: p.Attempt,
			From: p.Start.Sub(run.Manifest.Start).Seconds(), To: end.Sub(run.Manifest.Start).Seconds(), End: exitWord(p),
			Bad: p.Exit != 0 || p.Signal != "", Command: plain(p.Command), CPU: p.CPU.Seconds(), RSS: p.MaxRSS, Machine: plain(p.Machine), Tests: []processTest{},
		}
		for _, t := range p.Tests {
			one.Tests = append(one.Tests, processTest{plain(t.Name), resultWord(t.Result), millis(t.Elapsed)})
		}
		at[p.Number] = len(d.Processes)
		d.Processes = append(d.Processes, one)
	}
	d.addSetups(run)
	d.addWaits(run, at)
	d.markLong()
	return at
}

// addSetups adds the set-ups and tear-downs to what has held workers, or all of them.
func (d *data) addSetups(run *record.Run) {
	for _, s := range run.TimedSetups() {
		one := process{
			Number: -1, Worker: max(-1, s.Worker), Title: plain(s.Title()), Kind: s.Kind(), From: s.Start.Sub(run.Manifest.Start).Seconds(),
			To: s.End().Sub(run.Manifest.Start).Seconds(), End: "passed", Command: plain(s.Command), Tests: []processTest{},
			Machine: plain(s.Machine), Away: s.Machine != "" && s.Worker >= 0,
		}
		if s.Problem != "" {
			one.Bad, one.End = true, "failed: "+plain(s.Problem)
		}
		d.Processes = append(d.Processes, one)
	}
}

// addWaits adds what workers waited for. at has the places of processes.
func (d *data) addWaits(run *record.Run, at map[int]int) {
	for _, w := range run.Waits() {
		one := process{
			Number: -1, Worker: w.Worker, Title: plain(w.Title(run.Manifest)), Kind: "wait", From: w.From.Sub(run.Manifest.Start).Seconds(),
			To: w.To.Sub(run.Manifest.Start).Seconds(), Tests: []processTest{},
		}
		if place, ok := at[w.Holder]; ok {
			one.holder = place + 1
		}
		d.Processes = append(d.Processes, one)
	}
}

// markLong marks the processes that the run's end waited for: the last one to end, then the attempt before
// it if it is a rerun, else the one that its worker ran before it, or a set-up of the run, and so on back
// to the start. Tear-downs wait for every worker.
func (d *data) markLong() {
	if len(d.Processes) == 0 {
		return
	}
	at := 0
	for i, p := range d.Processes {
		if p.To > d.Processes[at].To {
			at = i
		}
	}
	for at >= 0 && !d.Processes[at].Long {
		d.Processes[at].Long = true
		at = d.waitedFor(d.Processes[at])
	}
}

// waitedFor returns the place of the process that p waited for; -1: it waited for none.
func (d *data) waitedFor(p process) int {
	if p.holder > 0 {
		return p.holder - 1
	}
	best := -1
	for i, q := range d.Processes {
		if q.To > p.From {
			continue
		}
		fits := q.Worker == p.Worker && q.Away == p.Away || q.Worker < 0 || p.Kind == "teardown"
		if p.Attempt > 0 {
			fits = q.Package == p.Package && q.Attempt == p.Attempt-1 && q.shares(p)
		}
		if fits && (best < 0 || q.To > d.Processes[best].To) {
			best = i
		}
	}
	return best
}

// shares reports whether a test ran in both.
func (p process) shares(q process) bool {
	return slices.ContainsFunc(p.Tests, func(a processTest) bool {
		return slices.ContainsFunc(q.Tests, func(b processTest) bool { return a.Name == b.Name })
	})
}

// resultWord is the result of a process's test, of which only these are known.
func resultWord(s string) string {
	switch s {
	case "pass", "fail", "skip":
		return s
	}
	return string(record.NoEnd)
}

func exitWord(p record.Process) string {
	switch {
	case p.End.IsZero():
		return "did not end"
	case p.Signal != "":
		return "ended by " + plain(p.Signal)
	case p.Exit == 0:
		return "passed"
	}
	return "failed"
}

type testKey struct{ pkg, name string }

// histories has a letter per run for each test.
func histories(runs []*record.Run) map[testKey]string {
	all := map[testKey][]byte{}
	if len(runs) < 2 {
		return nil
	}
	for i, r := range runs {
		for _, t := range r.Tests {
			key := testKey{t.Package, t.Name}
			if all[key] == nil {
				all[key] = make([]byte, len(runs))
				for j := range all[key] {
					all[key][j] = '-'
				}
			}
			all[key][i] = letterWord(t)[0]
			if t.Flaky() {
				all[key][i] = 'y'
			}
		}
	}
	texts := map[testKey]string{}
	for key, letters := range all {
		texts[key] = string(letters)
	}
	return texts
}
