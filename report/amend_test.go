package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"gotest.tools/gotestsum/testjson"
)

// amended scans a stream as cohort does and returns the execution, and what the event file got.
func amended(t *testing.T, cfg Config, stream io.Reader) (exec *testjson.Execution, file string) {
	t.Helper()
	cfg.Lines, cfg.JSONFile, cfg.Stderr = NewLines(), filepath.Join(t.TempDir(), "events"), io.Discard
	if cfg.Stdout == nil {
		cfg.Stdout = io.Discard
	}
	h, err := NewHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	exec, err = testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: h.Events(cfg.Lines.Events(stream, func(line string) { t.Errorf("bad event %q", line) })), Handler: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(cfg.JSONFile)
	if err != nil {
		t.Fatal(err)
	}
	return exec, string(data)
}

// bench is the events of a benchmark that ran well: it has no end.
func bench(name string) string {
	return event("run", name, "") + event("output", name, "=== RUN   "+name+"\n") + event("output", name, name+"\n") +
		event("output", name, name+"-2  \t") + event("output", name, "  10\t 120.0 ns/op\n")
}

func TestBenchmarksAndArtifacts(t *testing.T) {
	t.Parallel()
	closing := func(word, action string) string { return event("output", "", word+"\n") + event(action, "", "") }
	artifacts := event("artifacts", "TestA", "", `,"Path":"/x"`)
	for _, test := range []struct {
		name, stream string
		want         string // passed, failed, skipped, total
	}{
		{"one", bench("BenchmarkA") + closing("PASS", "pass"), "BenchmarkA - - 1"},
		{"two", bench("BenchmarkA") + bench("BenchmarkB") + closing("PASS", "pass"), "BenchmarkA,BenchmarkB - - 2"},
		{"no closing line", bench("BenchmarkA") + event("pass", "", ""), "BenchmarkA - - 1"},
		{"inside of another", event("run", "BenchmarkA", "") + bench("BenchmarkA/x") + bench("BenchmarkA/y") + bench("BenchmarkAB") + closing("PASS", "pass"),
			"BenchmarkA/x,BenchmarkA/y,BenchmarkA,BenchmarkAB - - 4"},
		{"one fails", bench("BenchmarkA") + result("BenchmarkB", "fail", "no\n") + bench("BenchmarkC") + closing("FAIL", "fail"),
			"BenchmarkA,BenchmarkC BenchmarkB - 3"},
		{"one fails in a later round", event("run", "BenchmarkA", "") + event("output", "BenchmarkA-2", "--- FAIL: BenchmarkA-2\n") +
			event("fail", "BenchmarkA-2", "") + closing("FAIL", "fail"), "- BenchmarkA - 1"},
		{"one is skipped", result("BenchmarkA", "skip", "no\n") + bench("BenchmarkB") + closing("PASS", "pass"), "BenchmarkB - BenchmarkA 2"},
		{"death", bench("BenchmarkA") + bench("BenchmarkB") + event("output", "", "exit status 3\n") + event("fail", "", ""),
			"BenchmarkA BenchmarkB - 2"},
		{"with tests", result("TestA", "pass", "") + bench("BenchmarkA") + closing("PASS", "pass"), "TestA,BenchmarkA - - 2"},
		{"two packages", bench("BenchmarkA") + strings.ReplaceAll(bench("BenchmarkA")+closing("PASS", "pass"), `"p"`, `"q"`) +
			event("fail", "", ""), "BenchmarkA BenchmarkA - 2"},
		{"artifacts", event("run", "TestA", "") + artifacts + event("output", "TestA", "out\n") + artifacts + event("pass", "TestA", "") + event("pass", "", ""),
			"TestA - - 1"},
		{"artifacts of a subtest", event("run", "TestA", "") + result("TestA/x", "fail", "no\n") + artifacts + event("fail", "TestA", "") + event("fail", "", ""),
			"- TestA/x,TestA - 2"},
		{"artifacts without an end", event("run", "TestA", "") + artifacts + event("fail", "", ""), "- TestA - 1"},
	} {
		for _, format := range []string{"testname", "pkgname", "standard-verbose"} {
			exec, file := amended(t, Config{Format: format}, iotest.OneByteReader(strings.NewReader(test.stream)))
			if got := outcomes(exec); got != test.want {
				t.Errorf("%s, %s: %s, want %s", test.name, format, got, test.want)
			}
			if file != test.stream {
				t.Errorf("%s, %s: the file has\n%s\nwant\n%s", test.name, format, file, test.stream)
			}
		}
		// The format that is the events themselves; events that testjson makes up are empty lines.
		var out strings.Builder
		if _, _ = amended(t, Config{Format: "standard-json", Stdout: &out}, strings.NewReader(test.stream)); strings.TrimRight(out.String(), "\n") != strings.TrimRight(test.stream, "\n") {
			t.Errorf("%s: printed\n%s\nwant\n%s", test.name, out.String(), test.stream)
		}
		// A run that is held back until it is known what came of it.
		var passed strings.Builder
		lines := NewLines()
		hold := NewHold(HoldConfig{Mode: OnlyLast, Lines: lines, Passed: &passed})
		exec, err := testjson.ScanTestOutput(testjson.ScanConfig{
			Stdout: lines.Events(strings.NewReader(test.stream), nil), Handler: hold,
		})
		if got := outcomes(exec); got != test.want || err != nil {
			t.Errorf("%s, held: %s, %v, want %s", test.name, got, err, test.want)
		}
		if strings.Contains(passed.String(), "CohortLine") {
			t.Errorf("%s: let through %s", test.name, passed.String())
		}
	}
}

// outcomes lists the tests that passed, failed and were skipped, and how many were counted.
func outcomes(exec *testjson.Execution) string {
	var lists [3][]string
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		for i, cases := range [][]testjson.TestCase{pkg.Passed, pkg.Failed, pkg.Skipped} {
			for _, tc := range cases {
				lists[i] = append(lists[i], tc.Test.Name())
			}
		}
	}
	var words []string
	for _, list := range lists {
		word := strings.Join(list, ",")
		if word == "" {
			word = "-"
		}
		words = append(words, word)
	}
	return fmt.Sprint(strings.Join(words, " "), " ", exec.Total())
}

// The time of a benchmark is that from its beginning to what follows it.
func TestBenchmarkElapsed(t *testing.T) {
	t.Parallel()
	stream := bench("BenchmarkA") + strings.ReplaceAll(event("pass", "", ""), "03:04:05Z", "03:04:07.5Z")
	exec, _ := amended(t, Config{Format: "none"}, strings.NewReader(stream))
	if got := exec.Package("p").Passed[0].Elapsed.Seconds(); got != 2.5 {
		t.Errorf("%v s, want 2.5", got)
	}
}

// FuzzAmend has any lines: what the event file gets is what was read, and the results of
// tests that are no benchmarks are what they are without amending.
func FuzzAmend(f *testing.F) {
	f.Add(bench("BenchmarkA") + event("pass", "", ""))
	f.Add(event("artifacts", "TestA", "") + event("pass", "TestA", ""))
	f.Add(`{"Action":"run","Package":"p","Test":"BenchmarkA"}` + "\n" + `{"Action":"fail","Package":"p","Test":"BenchmarkA-2"}` + "\nFAIL\n{")
	f.Fuzz(func(t *testing.T, stream string) {
		lines := NewLines()
		var bad strings.Builder
		data, err := io.ReadAll(lines.Events(strings.NewReader(stream), func(line string) { bad.WriteString(line + "\n") }))
		if err != nil {
			t.Fatal(err)
		}
		var back strings.Builder
		for line := range strings.Lines(string(data)) {
			if original, ok := lines.original([]byte(line)); ok && original != "" {
				line = original + "\n"
			} else if ok {
				continue
			}
			back.WriteString(line)
		}
		var want strings.Builder
		for line := range strings.Lines(stream) {
			if !strings.HasPrefix(line, "FAIL") {
				want.WriteString(line)
			}
		}
		if got := strings.TrimSuffix(back.String(), "\n"); got != strings.TrimSuffix(want.String(), "\n") {
			t.Errorf("got\n%q\nwant\n%q", got, want.String())
		}
	})
}

// A test that timed out, and has an end: one failure, with the output. Without the promise of an
// end it is two, as it is for gotestsum.
func TestTimeout(t *testing.T) {
	t.Parallel()
	const says = "panic: test timed out after 2s\n"
	stream := event("run", "TestA", "") + event("output", "TestA", says) + event("output", "TestA", "goroutine 1\n") +
		event("output", "TestA", "--- FAIL: TestA (2.00s)\n") + event("fail", "TestA", "") + event("fail", "", "")
	for _, promised := range []bool{false, true} {
		lines := NewLines()
		lines.TestsEnd = promised
		var b, shown strings.Builder
		out, json := lines.Writer(&b), lines.Writer(&shown)
		h, err := NewHandler(Config{Format: "standard-json", Lines: lines, Stdout: json, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: h.Events(lines.Events(strings.NewReader(stream), nil)), Handler: h})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(Summary(out, exec, testjson.SummarizeAll, Outcome{}), out.Flush(), json.Flush()); err != nil {
			t.Fatal(err)
		}
		want := "\n=== Failed\n=== FAIL: p TestA (0.00s)\n" + says + "goroutine 1\n\nDONE 1 tests, 1 failure in 0.000s\n"
		if got := b.String(); promised != (got == want) {
			t.Errorf("promised %v: got\n%s\nwant\n%s", promised, got, want)
		}
		if got := shown.String(); got != stream {
			t.Errorf("promised %v: shown\n%s\nwant\n%s", promised, got, stream)
		}
		j := junitOf(t, exec, JUnit{Lines: lines})
		if got := strings.Count(j, "<failure"); promised != (got == 1) || strings.Contains(j, mark) || !strings.Contains(j, "panic: test timed out after 2s&#xA;goroutine 1") {
			t.Errorf("promised %v: got\n%s", promised, j)
		}
		summary := (GitHub{Lines: lines}).withSummary("", exec, Outcome{})
		if strings.Contains(summary, mark) || !strings.Contains(summary, says) {
			t.Errorf("promised %v: got\n%s", promised, summary)
		}
	}
}

// A package that only the end of the run made fail is no failure in the summary and in JUnit; its
// events are as they were, and a failure beside it stays one.
func TestCalledOff(t *testing.T) {
	t.Parallel()
	off := event("output", "", CalledOff+"\n")
	for _, test := range []struct {
		name, stream string
		promised     bool
		failures     int
	}{
		{"interrupted", result("TestA", "skip", "") + off + event("fail", "", ""), true, 0},
		{"in an old record", event("output", "", calledOffBefore+"\n") + event("fail", "", ""), true, 0},
		{"a test failed before", result("TestA", "fail", "") + off + event("fail", "", ""), true, 1},
		{"a test failed after the line", off + result("TestA", "fail", "") + event("fail", "", ""), true, 1},
		{"another reason too", off + event("output", "", "cohort: TestA did not end\n") + event("fail", "", ""), true, 1},
		{"another reason before", event("output", "", "cohort: TestA did not end\n") + off + event("fail", "", ""), true, 1},
		{"another line", event("output", "", CalledOff+" by me\n") + event("fail", "", ""), true, 1},
		{"said by a test", event("run", "TestA", "") + event("output", "TestA", CalledOff+"\n") + event("pass", "TestA", "") + event("fail", "", ""), true, 1},
		{"a stream of somebody else", off + event("fail", "", ""), false, 1},
		{"fails in a rerun", off + event("fail", "", "") + event("start", "", "") + event("fail", "", ""), true, 1},
	} {
		lines := NewLines()
		lines.TestsEnd = test.promised
		var shown strings.Builder
		out := lines.Writer(&shown)
		h, err := NewHandler(Config{Format: "standard-json", Lines: lines, Stdout: out, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: h.Events(lines.Events(strings.NewReader(test.stream), nil)), Handler: h})
		if err := errors.Join(err, out.Flush()); err != nil {
			t.Fatal(err)
		}
		if got := len(exec.Failed()); got != test.failures {
			t.Errorf("%s: %d failures, want %d", test.name, got, test.failures)
		}
		if shown.String() != test.stream {
			t.Errorf("%s: shown\n%s\nwant\n%s", test.name, shown.String(), test.stream)
		}
	}
}
