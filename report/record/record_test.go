package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var create = flag.Bool("create", false, "write the golden records of this version that are missing")

// nopCloser is a file in memory.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// at returns a time some seconds into the sample run.
func at(seconds float64) time.Time {
	return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// sample writes a run with all that a record can hold: two processes of a group, of which the second is a
// rerun, one that did not end, and text of every kind.
func sample(w *Writer) Manifest {
	w.PackageFound(Package{Path: "shop/e2e", Start: at(0), Binary: "b1", Estimate: 1.5, Units: []Unit{
		{Name: "checkout", Group: "checkout", Tests: []string{"TestCart", "TestPay"}, Labels: []string{"slow"}, Owner: "@pay"},
		{Name: "TestLoose"},
	}})
	w.Log("WARN history is damaged\n")
	first := w.Stream(Attempt{})
	w.ProcessStarted(Process{Number: 0, Worker: 1, Package: "shop/e2e", Kind: "first", Group: "checkout", Start: at(0),
		Tests: []ProcessTest{{Name: "TestCart"}, {Name: "TestPay"}}})
	fmt.Fprint(first.Stderr(), "go: downloading x\n")
	fmt.Fprint(first.Stdout(), `{"Time":"2026-11-25T12:00:00Z","Action":"start","Package":"shop/e2e"}`+"\n"+
		`{"Time":"2026-11-25T12:00:00Z","Action":"run","Package":"shop/e2e","Test":"TestPay"}`+"\n"+
		`{"Action":"output","Package":"shop/e2e","Test":"TestPay","Output":"no <b>\u001b[31mmoney\u001b[0m\n"}`+"\n")
	fmt.Fprint(first.Stdout(), "FAIL\tnot an event\n{\"cohort\":\"forged\"}\nbad \xff byte\r\n")
	fmt.Fprint(first.Stdout(), `{"Action":"fail","Package":"shop/e2e","Test":"TestPay","Elapsed":0.25}`+"\n"+`{"Action":"fail","Package":"shop/e2e"}`)
	w.TestStarted(0, "TestCart", at(0.1))
	w.TestEnded(0, "TestCart", "pass", at(0.2), 100*time.Millisecond)
	w.TestStarted(0, "TestPay", at(0.2))
	w.TestEnded(0, "TestPay", "fail", at(0.45), 250*time.Millisecond)
	w.ProcessEnded(ProcessEnd{Number: 0, End: at(0.5), Exit: 1, CPU: 120 * time.Millisecond, MaxRSS: 12 << 20})
	w.PackageEnded("shop/e2e", false, at(0.5))
	first.Close()
	again := w.Stream(Attempt{Number: 1, Package: "shop/e2e", Unit: "checkout", Tests: []string{"TestCart", "TestPay"}})
	w.ProcessStarted(Process{Number: 1, Worker: 0, Package: "shop/e2e", Kind: "attempt", Attempt: 1, Group: "checkout",
		Seed: "7", Command: "go test ./e2e", Start: at(1), Tests: []ProcessTest{{Name: "TestPay"}}})
	fmt.Fprint(again.Stdout(), `{"Action":"pass","Package":"shop/e2e","Test":"TestPay","Elapsed":0.1}`+"\n")
	w.TestStarted(1, "TestPay", at(1.1))
	again.Close()
	return Manifest{
		Cohort: "v2", Go: "go1.26 linux/amd64", System: System{"linux", "amd64", 2}, Arguments: []string{"--", "./..."},
		Flags: map[string]string{"format": "testname"}, Env: map[string]string{"COHORT_HISTORY": "off"}, Module: "shop",
		Source: "s1", History: "h1", Seed: "7", Workers: 2, Start: at(0), End: at(2),
		Verdict: Verdict{Exit: 0, First: 1, Flaky: []Outcome{{Package: "shop/e2e", Name: "checkout", Attempts: 2, Command: "go test ./e2e"}}, Seed: "7"},
	}
}

// write returns the record that fill writes.
func write(t testing.TB, redact *Redactor, fill func(*Writer) Manifest) []byte {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(nopCloser{&file}, redact)
	m := fill(w)
	if err := w.Close(m, strings.NewReader("mode: set\n"), nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func read(t testing.TB, file []byte) *Reader {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dump tells all that a record holds, as text.
func dump(r *Reader) (string, error) {
	var b strings.Builder
	for line, err := range r.Lines() {
		if err != nil {
			return b.String(), err
		}
		a := line.Attempt
		fmt.Fprintf(&b, "%d %d %s %s %q %d open=%t %q\n", line.Stream, a.Number, a.Package, a.Unit, a.Tests, line.Side, line.Open, line.Text)
	}
	for p, err := range r.Processes() {
		if err != nil {
			return b.String(), err
		}
		text, err := json.Marshal(p)
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%s\n", text)
	}
	for e, err := range r.Events() {
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "process %d: %s %s %s %q\n", e.Process, e.Action, e.Package, e.Test, e.Output)
	}
	m := r.Manifest
	m.Entries = nil // the packed text depends on nothing, but the start time is now
	// As JSON, so that a field that a later version adds, and this record lacks, changes nothing.
	manifest, err := json.Marshal(m)
	if err != nil {
		return b.String(), err
	}
	fmt.Fprintf(&b, "%s\n", manifest)
	c, err := r.Coverage()
	if err != nil || c == nil {
		return b.String(), err
	}
	text, err := io.ReadAll(c)
	fmt.Fprintf(&b, "coverage: %s", text)
	return b.String(), errors.Join(err, c.Close())
}

// TestGolden reads the records of every version of the format that there was: they are read for ever.
func TestGolden(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", fmt.Sprintf("v%d.cohort", Version))
	if _, err := os.Stat(name); *create && errors.Is(err, os.ErrNotExist) {
		file := write(t, nil, sample)
		text, err := dump(read(t, file))
		if err := errors.Join(err, os.WriteFile(name, file, 0o644), os.WriteFile(name+".txt", []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob("testdata/v*.cohort")
	if err != nil || len(names) < Version {
		t.Fatalf("golden records: %v, %v", names, err)
	}
	for _, name := range names {
		want, err := os.ReadFile(name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := dump(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s reads as\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	got, err := dump(read(t, write(t, nil, sample)))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(fmt.Sprintf("testdata/v%d.cohort.txt", Version))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTruncated cuts a record at every byte: that is always noticed, and always for what it is.
func TestTruncated(t *testing.T) {
	t.Parallel()
	file := write(t, nil, sample)
	for n := range file {
		if _, err := NewReader(bytes.NewReader(file[:n]), int64(n)); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%d of %d bytes: %v, want %v", n, len(file), err, ErrIncomplete)
		}
	}
}

// TestKilled leaves a record behind whose run did not come to its end.
func TestKilled(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "sub", "run.cohort")
	w, err := Create(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	sample(w)
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), name) {
		t.Errorf("open: %v, want %v with the name", err, ErrIncomplete)
	}
}

// TestEdited changes each byte of a record: either that is noticed, or what is read is the same.
func TestEdited(t *testing.T) {
	t.Parallel()
	file := write(t, nil, sample)
	want, err := dump(read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for n := range file {
		changed := bytes.Clone(file)
		changed[n] ^= 0x20
		r, err := NewReader(bytes.NewReader(changed), int64(len(changed)))
		if err != nil {
			noticed++
			continue
		}
		if got, err := dump(r); err != nil || got != want {
			t.Errorf("byte %d changed: read without an error as\n%s(%v)", n, got, err)
		}
	}
	if noticed < len(file)/2 {
		t.Errorf("%d of %d changes were noticed", noticed, len(file))
	}
}

func TestForeignAndNewer(t *testing.T) {
	t.Parallel()
	file := write(t, nil, sample)
	newer := bytes.Replace(bytes.Clone(file), fmt.Appendf(nil, `"version":%d,`, Version), []byte(`"version":9,`), 1)
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"text":     {[]byte("hello, this is no record at all, but long enough to be one"), ErrForeign},
		"zip":      {bytes.Replace(bytes.Clone(file), []byte(startEntry), []byte("others.json"), 1), ErrForeign},
		"format":   {bytes.Replace(bytes.Clone(file), []byte("cohort record"), []byte("another thing"), 1), ErrForeign},
		"newer":    {newer, ErrNewer},
		"comment":  {append(bytes.Clone(file[:len(file)-1]), 'x'), ErrEdited},
		"swapped":  {bytes.ReplaceAll(bytes.Clone(file), []byte("processes.jsonl"), []byte("processez.jsonl")), ErrEdited},
		"complete": {file, nil},
	} {
		if _, err := NewReader(bytes.NewReader(test.file), int64(len(test.file))); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// failing fails after some bytes, as a full disk does.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func (f *failing) Close() error { return nil }

// TestDiskFull checks that writing goes on as if nothing were wrong, and that Close tells.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	w := NewWriter(&failing{left: 1000}, nil)
	s := w.Stream(Attempt{})
	for range 50_000 {
		if _, err := fmt.Fprintf(s.Stdout(), `{"Action":"output","Output":"%d"}`+"\n", time.Now().UnixNano()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Manifest{}, nil, nil); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("close: %v, want the disk's error", err)
	}
}

// TestConcurrent writes from many goroutines, more than fits into one part: nothing is lost, and the
// lines of each stream keep their order.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	const streams, each, processes = 4, 20_000, 5_000
	file := write(t, nil, func(w *Writer) Manifest {
		var all [streams]*Stream
		for i := range all {
			all[i] = w.Stream(Attempt{Number: i})
		}
		for half := range 2 { // the events of the second find processes of the first that fill a part
			var wg sync.WaitGroup
			for i, s := range all {
				wg.Go(func() {
					for n := half * each / 2; n < (half+1)*each/2; n++ {
						fmt.Fprintf(s.Stdout(), `{"Action":"output","Output":"%d %d"}`+"\n", i, n)
					}
				})
			}
			wg.Go(func() {
				for n := half * processes / 2; n < (half+1)*processes/2; n++ {
					w.ProcessStarted(Process{Number: n, Package: strings.Repeat("p", 100), Start: at(0)})
					w.TestStarted(n, "TestA", at(1))
					w.TestEnded(n, "TestA", "pass", at(2), time.Second)
					w.ProcessEnded(ProcessEnd{Number: n, End: at(3)})
				}
			})
			wg.Wait()
		}
		for _, s := range all {
			s.Close()
		}
		return Manifest{}
	})
	r := read(t, file)
	next := [streams]int{}
	for line, err := range r.Lines() {
		if err != nil {
			t.Fatal(err)
		}
		if line.Side == Begin {
			continue
		}
		want := fmt.Sprintf(`{"Action":"output","Output":"%d %d"}`, line.Attempt.Number, next[line.Stream])
		if string(line.Text) != want {
			t.Fatalf("stream %d: %s, want %s", line.Stream, line.Text, want)
		}
		next[line.Stream]++
	}
	number := 0
	for p, err := range r.Processes() {
		if err != nil || p.Number != number || len(p.Tests) != 1 || p.Tests[0].Elapsed != time.Second {
			t.Fatalf("process %d: %+v, %v", number, p, err)
		}
		number++
	}
	if next != [streams]int{each, each, each, each} || number != processes {
		t.Errorf("read %v lines, %d processes", next, number)
	}
	if n := len(r.Manifest.Entries); n < 5 {
		t.Errorf("%d entries: the text was not written in parts", n)
	}
}

// TestEventsOf checks which events, attempts and processes are those of a test.
func TestEventsOf(t *testing.T) {
	t.Parallel()
	r := read(t, write(t, nil, sample))
	var got []string
	for e, err := range r.EventsOf("shop/e2e", "TestPay") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %d %s", e.Attempt.Number, e.Process, e.Action))
	}
	if text := strings.Join(got, ", "); text != "0 0 run, 0 0 output, 0 0 fail, 1 1 pass" {
		t.Errorf("events: %s", text)
	}
	ps, err := r.ProcessesOf("shop/e2e", "TestPay")
	if err != nil || len(ps) != 2 || ps[0].Worker != 1 || ps[1].Kind != "attempt" {
		t.Errorf("processes: %+v, %v", ps, err)
	}
}
