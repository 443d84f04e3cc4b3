package record

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
)

// stream writes events of package p: each is ACTION, TEST and more JSON.
func stream(w *Writer, a Attempt, events ...string) {
	s := w.Stream(a)
	for _, e := range events {
		words := strings.SplitN(e, " ", 3)
		more := ""
		if len(words) == 3 {
			more = "," + words[2]
		}
		fmt.Fprintf(s.Stdout(), `{"Time":"2026-11-25T12:00:00Z","Action":%q,"Package":"p","Test":%q%s}`+"\n", words[0], strings.TrimPrefix(words[1], "-"), more)
	}
	s.Close()
}

func load(t *testing.T, fill func(*Writer) Manifest) *Run {
	t.Helper()
	run, err := Load(read(t, write(t, nil, fill)))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// summary tells of each test in a line: its status, and its attempts.
func summary(run *Run) string {
	var b strings.Builder
	for _, t := range run.Tests {
		fmt.Fprintf(&b, "%s %q %s", t.Package, t.Name, t.Status())
		if t.Flaky() {
			b.WriteString(" flaky")
		}
		for _, a := range t.Attempts {
			fmt.Fprintf(&b, " [%d %s %q]", a.Number, a.Status, a.Message())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fill func(*Writer)
		want string
	}{
		"flaky and failed": {func(w *Writer) {
			stream(w, Attempt{}, "start -", "run A", `output A "Output":"=== RUN   A\n"`, `output A "Output":"    a_test.go:3: no\n"`, "fail A",
				"run B", "run B/x", `output B/x "Output":"oops\n"`, "fail B/x", "fail B", "run C", "pass C", "run D", `output D "Output":"later\n"`, "skip D", "fail -")
			stream(w, Attempt{Number: 1, Package: "p", Unit: "A", Tests: []string{"A"}}, "run A", "pass A", "pass -")
			stream(w, Attempt{Number: 1, Package: "p", Unit: "B"}, "run B", "run B/x", `output B/x "Output":"again\n"`, "fail B/x", "fail B", "fail -")
		}, `p "A" pass flaky [0 fail "a_test.go:3: no"] [1 pass ""]
p "B/x" fail [0 fail "oops"] [1 fail "again"]
p "B" fail [0 fail ""] [1 fail ""]
p "C" pass [0 pass ""]
p "D" skip [0 skip "later"]
`},
		"death": {func(w *Writer) {
			stream(w, Attempt{}, "run A", "run A/x", `output A/x "Output":"panic: boom\n"`, "fail -")
		}, `p "A" fail [0 fail ""]
p "A/x" fail [0 fail "panic: boom"]
`},
		"no test to blame": {func(w *Writer) {
			stream(w, Attempt{}, "run A", "pass A", `output - "Output":"leak\n"`, "fail -")
			stream(w, Attempt{Number: 1, Package: "p"}, "run A", "pass A", "pass -")
		}, `p "A" pass [0 pass ""] [1 pass ""]
p "" pass flaky [0 fail "leak"] [1 pass ""]
`},
		"no build": {func(w *Writer) {
			fmt.Fprintln(w.Stream(Attempt{}).Stdout(), `{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: no\n"}`)
			stream(w, Attempt{}, `fail - "FailedBuild":"p [p.test]"`)
		}, `p "" fail [0 fail "x.go:1: no"]
`},
		"cut short": {func(w *Writer) { stream(w, Attempt{}, "run A", `output A "Output":"working\n"`) }, `p "A" none [0 none "working"]
`},
		"-count=2": {func(w *Writer) {
			stream(w, Attempt{}, "run A", "fail A", "run A", "pass A", "fail -")
		}, `p "A" fail [0 fail ""] [0 pass ""]
`},
	} {
		got := summary(load(t, func(w *Writer) Manifest { test.fill(w); return Manifest{} }))
		if got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestLoadSample(t *testing.T) {
	t.Parallel()
	run := load(t, sample)
	if n := len(run.Tests); n != 1 || run.Tests[0].Unit.Owner != "@pay" || run.Tests[0].Attempts[1].Process != 1 {
		t.Errorf("tests: %+v", run.Tests[0])
	}
	if run.Stderr != "go: downloading x\n" || len(run.Processes) != 2 || run.Packages[0].Status != Failed {
		t.Errorf("stderr %q, %d processes, %+v", run.Stderr, len(run.Processes), run.Packages[0])
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"":                                   "",
		"=== RUN   A\n--- FAIL: A (0.00s)\n": "",
		"=== RUN   A\nhello\nworld\n":        "hello",
		"    a_test.go:3: began\n    a_test.go:9: no money\nbye\n":                                    "a_test.go:9: no money",
		"    a_test.go:3: \n        \tError Trace:\ta_test.go:3\n        \tError:      \tNot equal\n": "Not equal",
		"    a_test.go:3: x\npanic: boom [recovered]\nmain.go:5: y\n":                                 "panic: boom [recovered]",
		"dial tcp: lookup x: no\n": "dial tcp: lookup x: no",
	} {
		if got := (TestAttempt{Output: output}).Message(); got != want {
			t.Errorf("%q: %q, want %q", output, got, want)
		}
	}
}

// TestGroupsOfReruns finds groups without a manifest that names them.
func TestGroupsOfReruns(t *testing.T) {
	t.Parallel()
	run := load(t, func(w *Writer) Manifest {
		stream(w, Attempt{}, "run A", "fail A", "run B", "fail B", "fail -")
		stream(w, Attempt{Number: 1, Package: "p", Unit: "g", Tests: []string{"A"}}, "run A", "pass A", "pass -")
		stream(w, Attempt{Number: 1, Package: "p", Unit: "B", Tests: []string{"B"}}, "run B", "pass B", "pass -")
		return Manifest{}
	})
	if a, b := run.Tests[0].Unit, run.Tests[1].Unit; a.Group != "g" || b.Group != "" || b.Name != "B" {
		t.Errorf("units %+v, %+v", a, b)
	}
}

// TestLongOutput keeps the beginning and the end of what a test prints.
func TestLongOutput(t *testing.T) {
	t.Parallel()
	run := load(t, func(w *Writer) Manifest {
		events := []string{"run A"}
		for i := range 20_000 {
			events = append(events, fmt.Sprintf(`output A "Output":"line %d %s\n"`, i, strings.Repeat("ü", 20)))
		}
		stream(w, Attempt{}, append(events, "fail A", "fail -")...)
		return Manifest{}
	})
	a := run.Tests[0].Attempts[0]
	if len(a.Output) > maxOutput+100 || a.Cut == 0 || !strings.HasPrefix(a.Output, "line 0 ") || !strings.Contains(a.Output, "\nline 19999 ") ||
		!strings.Contains(a.Output, "left out") {
		t.Errorf("%d bytes, %d cut", len(a.Output), a.Cut)
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	process := func(worker int, from, to float64) Process {
		return Process{Worker: worker, Package: "p", Start: at(from), End: at(to), Tests: []ProcessTest{{Name: "TestA"}}}
	}
	probe := func(from, to float64) Process {
		p := process(0, from, to)
		p.Kind = "probe"
		return p
	}
	manifest := Manifest{Start: at(0), End: at(10), Workers: 2}
	for want, run := range map[string]*Run{
		"":                                {Manifest: manifest},
		"p TestA took 6s of 10s":          {Manifest: manifest, Tests: []*Test{{Package: "p", Name: "TestA", Attempts: []TestAttempt{{Elapsed: 6 * time.Second}}}}},
		"longest: p TestA 9.0s of 10s: s": {Manifest: manifest, Processes: []Process{process(0, 0.5, 9.5), process(1, 1, 2)}},
		"bounded by building: the first ": {Manifest: manifest, Processes: []Process{process(0, 7, 10)}},
		"bounded by workers: all 2 were ": {Manifest: manifest, Processes: []Process{process(0, 0, 5), process(0, 5, 9), process(1, 0, 4), process(1, 4, 9)}},
		"2 workers were busy 50% of the time; the last process to end was p TestA, after 5s": {
			Manifest: manifest, Processes: []Process{process(0, 0, 5), process(1, 0, 5)}},
		"1 worker was busy 40% of the time; the last process to end was p (0 tests), after 2s": {
			Manifest: Manifest{Start: at(0), End: at(10), Module: "m"}, Processes: []Process{{Package: "p", Start: at(2), End: at(4)}, {Package: "p", Start: at(8)}}},
		"2 workers were busy 60% of the time; the last process to end was p TestA, after 10s": { // it was interrupted
			Manifest: Manifest{Start: at(0), End: at(10), Workers: 2, Verdict: Verdict{Signal: 2}}, Processes: []Process{process(0, 0, 10), process(1, 0, 2)}},
		"bounded by building: the workers waited for linkers for 7.0s of 10s: what": {
			Manifest:  Manifest{Start: at(0), End: at(10), Workers: 2, Builds: []progress.Build{{Start: at(0), End: at(8), Linking: 9 * time.Second}}},
			Processes: []Process{process(0, 1, 3), process(0, 8, 10)}},
		"longest: p TestA 10s of 10s: sp": { // what failed was explained for half a minute
			Manifest: Manifest{Start: at(0), End: at(40), Workers: 2}, Processes: []Process{process(0, 0, 10), probe(10, 40)}},
		"bounded by the lock db: 2 processes held it, one after the other, for 10s of 10s: without it about 5": {
			Manifest:  Manifest{Start: at(0), End: at(10), Workers: 2, Packages: []Package{{Path: "p", Units: []Unit{{Name: "TestA", Locks: []string{"db"}}}}}},
			Processes: []Process{process(0, 0, 5), {Number: 1, Worker: 1, Package: "p", Start: at(5), End: at(10), Tests: []ProcessTest{{Name: "TestA"}}}}},
		"longest: p TestA 10s of 10s: with //cohort:split, if its subtests do not need each other, about 5": {
			Manifest: manifest, Processes: []Process{process(0, 0, 10)}, Tests: []*Test{
				{Package: "p", Name: "TestA", Attempts: []TestAttempt{{Elapsed: 10 * time.Second}}},
				{Package: "p", Name: "TestA/x", Attempts: []TestAttempt{{Elapsed: 5 * time.Second}}},
				{Package: "p", Name: "TestA/y", Attempts: []TestAttempt{{Elapsed: 5 * time.Second}}},
			}},
	} {
		if got := run.Bound(); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestLoadCoverage: a run knows what its profile says; one that is none keeps no report from being made.
func TestLoadCoverage(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]string{
		"mode: set\nm/a/a.go:1.2,3.4 3 1\nm/b/b.go:1.2,3.4 1 0\n": "{3 4} [{m/b {0 1}} {m/a {3 3}}]",
		"mode: set\n":            "{0 0} []",
		"[redacted]: set\nm:1\n": "{0 0} []",
	} {
		var file bytes.Buffer
		w := NewWriter(nopCloser{&file}, nil)
		if err := w.Close(Manifest{}, strings.NewReader(profile), nil); err != nil {
			t.Fatal(err)
		}
		run, err := Load(read(t, file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(run.Covered, run.LeastCovered); got != want {
			t.Errorf("%q: %s, want %s", profile, got, want)
		}
	}
}
