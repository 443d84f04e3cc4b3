package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

func at(seconds float64) time.Time {
	return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// sample is two workers, a rerun, tests in parallel, one that did not end, and one of no time.
func sample() *record.Run {
	return &record.Run{
		Manifest: record.Manifest{Module: "shop", Start: at(0), End: at(10)},
		Processes: []record.Process{
			{Number: 0, Package: "shop/a", Kind: "first", Start: at(1), End: at(3), Exit: 1, Tests: []record.ProcessTest{
				{Name: "TestA", Start: at(1.1), Elapsed: time.Second, Result: "fail"},
				{Name: "TestB", Start: at(1.2), Elapsed: 1500 * time.Millisecond, Result: "pass"},
				{Name: "TestC", Start: at(2.5), Result: "pass"},
			}},
			{Number: 1, Worker: 1, Package: "shop/b", Group: "checkout", Start: at(1), Tests: []record.ProcessTest{{Name: "TestHang", Start: at(2)}}},
			{Number: 2, Package: "shop/a", Kind: "attempt", Attempt: 1, Start: at(4), End: at(5), CPU: time.Second, MaxRSS: 1 << 20,
				Tests: []record.ProcessTest{{Name: "TestA", Start: at(4), Elapsed: time.Second, Result: "pass"}}},
		},
	}
}

type document struct {
	TraceEvents     []event
	DisplayTimeUnit string
	OtherData       map[string]any
}

func write(t *testing.T, run *record.Run) document {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, run); err != nil {
		t.Fatal(err)
	}
	var doc document
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	return doc
}

// check holds a document against the documented format: what each phase must have, that spans of a track
// lie inside of one another or apart, and that flows begin and end in spans.
func check(t *testing.T, doc document) {
	t.Helper()
	if doc.DisplayTimeUnit != "ms" {
		t.Errorf("displayTimeUnit %q", doc.DisplayTimeUnit)
	}
	spans := map[int][]event{}
	named := map[int]bool{}
	for _, e := range doc.TraceEvents {
		switch e.Phase {
		case phaseComplete:
			if e.Dur == nil || *e.Dur < 0 || e.Time < 0 || e.Name == "" || e.Cat == "" {
				t.Errorf("complete event: %+v", e)
			}
			spans[e.TID] = append(spans[e.TID], e)
		case phaseMetadata:
			if len(e.Args) != 1 || !slices.Contains([]string{"process_name", "thread_name", "thread_sort_index"}, e.Name) {
				t.Errorf("metadata: %+v", e)
			}
			named[e.TID] = named[e.TID] || e.Name == "thread_name"
		case phaseFlowBegin, phaseFlowEnd:
			if e.ID == 0 || (e.Phase == phaseFlowEnd) != (e.Bind == "e") {
				t.Errorf("flow: %+v", e)
			}
		default:
			t.Errorf("unknown phase: %+v", e)
		}
	}
	for track, list := range spans {
		if !named[track] {
			t.Errorf("track %d has no name", track)
		}
		for i, a := range list {
			for _, b := range list[i+1:] {
				aFrom, aEnd := nanos(a)
				bFrom, bEnd := nanos(b)
				apart := aEnd <= bFrom || bEnd <= aFrom
				inside := aFrom <= bFrom && bEnd <= aEnd || bFrom <= aFrom && aEnd <= bEnd
				if !apart && !inside {
					t.Errorf("track %d: %q and %q overlap", track, a.Name, b.Name)
				}
			}
		}
	}
	checkFlows(t, doc.TraceEvents, spans)
}

// nanos returns when an event begins and ends, in the unit that viewers count in.
func nanos(e event) (from, to int64) {
	from = int64(math.Round(1000 * e.Time))
	if e.Dur == nil {
		return from, from
	}
	return from, from + int64(math.Round(1000**e.Dur))
}

func checkFlows(t *testing.T, events []event, spans map[int][]event) {
	t.Helper()
	begun := map[int]event{}
	for _, e := range events {
		if e.Phase != phaseFlowBegin && e.Phase != phaseFlowEnd {
			continue
		}
		if !slices.ContainsFunc(spans[e.TID], func(s event) bool { from, to := nanos(s); at, _ := nanos(e); return from <= at && at < to }) {
			t.Errorf("flow %+v is in no span", e)
		}
		if e.Phase == phaseFlowBegin {
			begun[e.ID] = e
			continue
		}
		if b, ok := begun[e.ID]; !ok || b.Name != e.Name || b.Cat != e.Cat || b.Time > e.Time {
			t.Errorf("flow %+v does not begin: %+v", e, b)
		}
		delete(begun, e.ID)
	}
	if len(begun) > 0 {
		t.Errorf("flows without an end: %v", begun)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	doc := write(t, sample())
	check(t, doc)
	tracks := map[string]int{}
	flows := 0
	for _, e := range doc.TraceEvents {
		if e.Phase == phaseComplete {
			tracks[e.Name] = e.TID
		}
		if e.Phase == phaseFlowBegin {
			flows++
		}
	}
	for name, track := range map[string]int{"shop/a": 0, "shop/a TestA": 0, "TestB": 1, "TestC": 0, "shop/b checkout": lanes, "TestHang": lanes} {
		if got, ok := tracks[name]; !ok || got != track {
			t.Errorf("%s is on track %d (%t), want %d", name, got, ok, track)
		}
	}
	if flows != 1 {
		t.Errorf("%d flows, want one", flows)
	}
}

// TestSetups: set-ups are spans with a beginning and an end, also in a run without processes.
func TestSetups(t *testing.T) {
	t.Parallel()
	run := sample()
	run.Manifest.Verdict.Setups = []record.Setup{
		{Name: "services", Worker: -1, Start: at(0.25), Elapsed: 500 * time.Millisecond, Command: "up"},
		{Name: "database", Worker: 1, Start: at(0.5), Elapsed: 250 * time.Millisecond},
		{Name: "database", Worker: 1, TearDown: true, Start: at(9), Elapsed: time.Second, Problem: "exit status 1"},
		{Name: "old", Worker: -1}, // of a record that does not know when
	}
	for _, processes := range [][]record.Process{run.Processes, nil} {
		run.Processes = processes
		doc := write(t, run)
		check(t, doc)
		names := map[int]any{}
		var got []string
		for _, e := range doc.TraceEvents {
			switch {
			case e.Phase == phaseMetadata && e.Name == "thread_name":
				names[e.TID] = e.Args["name"]
			case e.Cat == "setup" || e.Cat == "teardown":
				got = append(got, fmt.Sprintf("%v: %s %s %.0f %.0f %v", names[e.TID], e.Cat, e.Name, e.Time, *e.Dur, e.Args["result"]))
			}
		}
		want := []string{
			"set-ups of the run: setup set-up services 250000 500000 pass",
			"set-ups of worker 1: setup set-up database of worker 1 500000 250000 pass",
			"set-ups of worker 1: teardown tear-down of set-up database of worker 1 9000000 1000000 fail",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestWaits: what a worker waited for is a span of its track.
func TestWaits(t *testing.T) {
	t.Parallel()
	run := sample()
	run.Manifest.Packages = []record.Package{
		{Path: "shop/a", Start: at(0.5), Units: []record.Unit{{Name: "TestA", Locks: []string{"till"}}}},
		{Path: "shop/b", Start: at(0.75)},
	}
	doc := write(t, run)
	check(t, doc)
	var got []string
	for _, e := range doc.TraceEvents {
		if e.Cat == record.BuildWait || e.Cat == record.LockWait {
			got = append(got, fmt.Sprintf("%d %s %.0f %.0f", e.TID, e.Name, e.Time, *e.Dur))
		}
	}
	if want := []string{"0 wait for the build of a 0 500000", "1000 wait for the build of b 0 750000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGolden writes a trace of the golden record, and of one without processes.
func TestGolden(t *testing.T) {
	t.Parallel()
	r, err := record.Open(filepath.Join("..", "record", "testdata", "v1.cohort"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	run, err := record.Load(r)
	if err != nil {
		t.Fatal(err)
	}
	check(t, write(t, run))
	run.Processes = nil
	doc := write(t, run)
	check(t, doc)
	if n := len(doc.TraceEvents); n < 4 {
		t.Errorf("%d events without processes", n)
	}
}

// TestDiskFull checks that an error of the disk is told.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Write(f, sample()); err == nil {
		t.Error("no error from a file that is closed")
	}
}
