package history

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runTool returns what the tool prints.
func runTool(t *testing.T, path string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = RunTool(context.Background(), args, &out, &errs, ToolEnv{Location: Location{Env: path}, Now: day})
	return code, out.String(), errs.String()
}

func reportSample(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "h")
	h := mustOpen(t, path)
	for i := range 4 {
		r := h.NewRun(Run{ID: fmt.Sprint(i), Start: day.Add(time.Duration(i) * time.Hour), Seed: int64(i), Shuffled: true})
		result := []Result{Pass, Fail}[i%2]
		r.Add("m/a", "TestFlaky", Outcome{Result: result, Elapsed: 20 * time.Millisecond})
		r.Add("m/a", "TestBroken", Outcome{Result: Fail, Elapsed: time.Millisecond})
		r.Add("m/b", "TestGood", Outcome{Result: Pass, Elapsed: 3 * time.Second})
		r.Add("m/b", "Test\x1b[31m", Outcome{Result: Skip, Elapsed: 0})
	}
	mustSave(t, h, day)
	return path
}

func TestReport(t *testing.T) {
	t.Parallel()
	path := reportSample(t)
	code, got, stderr := runTool(t, path)
	const want = `=== Least reliable
FAILED  OF  RATE    95% INTERVAL  FLIPS  LAST FAILURE      LAST SEEN         TEST
4       4   100.0%  51.0%-100.0%  0      2026-03-01 15:00  2026-03-01 15:00  m/a TestBroken
2       4   50.0%   15.0%-85.0%   3      2026-03-01 15:00  2026-03-01 15:00  m/a TestFlaky

=== Slowest
3s    m/b TestGood
20ms  m/a TestFlaky
1ms   m/a TestBroken
0s    "m/b Test\x1b[31m"
`
	if code != 0 || stderr != "" || got != want {
		t.Errorf("exit %d, stderr %q, stdout:\n%s\nwant:\n%s", code, stderr, got, want)
	}
}

// TestNarrowReport checks that no line wraps where the table would.
func TestNarrowReport(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := RunTool(t.Context(), []string{"--history", reportSample(t), "--num=1"}, &stdout, &stderr, ToolEnv{Width: 50})
	const want = `=== Least reliable
m/a TestBroken
    failed 4 of 4, flips 0
    100.0% (95% interval 51.0%-100.0%)
    last failure 2026-03-01 15:00
    last seen    2026-03-01 15:00

=== Slowest
3s  m/b TestGood
`
	if code != 0 || stdout.String() != want {
		t.Errorf("exit %d, %s, stdout:\n%s\nwant:\n%s", code, &stderr, &stdout, want)
	}
	stdout.Reset()
	RunTool(t.Context(), []string{"--history", reportSample(t)}, &stdout, &stderr, ToolEnv{Width: 120})
	if !strings.Contains(stdout.String(), "FAILED  OF") {
		t.Errorf("no table in 120 columns:\n%s", &stdout)
	}
}

// TestNoHistoryYet checks that a module in which no test has run is no error.
func TestNoHistoryYet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	code, stdout, stderr := runTool(t, path)
	if code != 0 || stdout != "no test has run here yet: cohort will write "+path+"\n" || stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	code, stdout, _ = runTool(t, path, "--json")
	var report toolReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 0 || report.File != path || report.Slowest == nil {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	code, got, _ := runTool(t, reportSample(t), "--json", "--num=1")
	var report toolReport
	if err := json.Unmarshal([]byte(got), &report); err != nil || code != 0 {
		t.Fatalf("exit %d, %v:\n%s", code, err, got)
	}
	if len(report.LeastReliable) != 1 || len(report.Slowest) != 1 {
		t.Fatalf("--num=1 gives %+v", report)
	}
	if l := report.LeastReliable[0]; l.Test != "TestBroken" || l.Failures != 4 || l.FailureSeed == nil || *l.FailureSeed != 3 {
		t.Errorf("least reliable: %+v", l)
	}
	if s := report.Slowest[0]; s.Test != "TestGood" || *s.Seconds != 3 || s.LastFailure != nil {
		t.Errorf("slowest: %+v", s)
	}
}

func TestToolErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte(sealed("m\tx\t9\nr\twhat\t1\t-\t\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args []string
		want string
	}{
		{[]string{"--history", bad}, "bad: line 3: damaged: \"what\" is no number"},
		{[]string{"--history", filepath.Join(dir, "none")}, "none: there is no such file"},
		{[]string{"--history", "off"}, "the history is off"},
		{[]string{"--nonsense"}, "unknown flag: --nonsense"},
		{[]string{"--num=-1"}, "--num is -1"},
		{[]string{"list"}, `unexpected argument "list"`},
		{[]string{"merge", "out"}, "at least one file"},
		{[]string{"merge", filepath.Join(dir, "out"), bad}, bad + ": line 3"},
	}
	for _, c := range cases {
		code, stdout, stderr := runTool(t, "", c.args...)
		if code != 3 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, stdout %q, stderr %q, want %q", c.args, code, stdout, stderr, c.want)
		}
	}
	if code, stdout, _ := runTool(t, "", "--help"); code != 0 || !strings.Contains(stdout, "--json") {
		t.Errorf("--help: exit %d, %s", code, stdout)
	}
}

// TestMergeIsAUnion merges what two CI jobs made of one common file, in both orders and again.
func TestMergeIsAUnion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	record(t, file("a"), "common", "p", "T", Outcome{Result: Fail, Elapsed: time.Second})
	text, err := os.ReadFile(file("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("b"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	record(t, file("a"), "job-a", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	record(t, file("b"), "job-b", "p", "T", Outcome{Result: Pass, Elapsed: time.Second})
	record(t, file("b"), "job-b", "q", "T", Outcome{Result: Pass, Elapsed: time.Second})
	for _, args := range [][]string{{"ab", "a", "b"}, {"ba", "b", "a"}, {"aab", "a", "a", "b", "b"}, {"ab", "ab", "a"}} {
		merge := []string{"merge"}
		for _, a := range args {
			merge = append(merge, file(a))
		}
		if code, _, stderr := runTool(t, "", merge...); code != 0 {
			t.Fatalf("%v: %s", args, stderr)
		}
		s := mustOpen(t, file(args[0])).Snapshot("")
		past := s.Outcomes("p", "T")
		if len(past) != 3 || past[0].Result != Fail && past[1].Result != Fail && past[2].Result != Fail {
			t.Errorf("%v: %v, want one failure and two passes", args, past)
		}
		if _, ok := s.Estimate("q", "T"); !ok {
			t.Errorf("%v: q is lost", args)
		}
	}
	ab, err := os.ReadFile(file("ab"))
	if err != nil {
		t.Fatal(err)
	}
	ba, err := os.ReadFile(file("ba"))
	if err != nil {
		t.Fatal(err)
	}
	if string(ab) != string(ba) {
		t.Errorf("the order of the files matters:\n%s\n%s", ab, ba)
	}
}

func TestMergeGoesOnWithoutABadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad, out := filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "out")
	record(t, good, "1", "p", "T", Outcome{Result: Pass})
	if err := os.WriteFile(bad, []byte("hello\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := runTool(t, "", "merge", out, bad, good)
	if code != 3 || !strings.Contains(stderr, bad) {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if len(mustOpen(t, out).Snapshot("").Outcomes("p", "T")) != 1 {
		t.Error("the good file was not merged")
	}
}

// TestCombineHoldsBounds combines large random histories: decode enforces the bounds.
func TestCombineHoldsBounds(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(7, 8))
	all := &state{next: 1}
	for f := range 6 {
		st := &state{next: 1}
		for i := range 60 {
			run := Run{ID: fmt.Sprint(f%4, "-", i), Start: day.Add(time.Duration(rnd.IntN(1000)) * time.Minute), Variant: fmt.Sprint(rnd.IntN(30))}
			applyRun(st, run, func(r *Recorder) {
				for range 20 {
					r.Startup("p", time.Millisecond)
					r.Add("p", fmt.Sprint("T", rnd.IntN(8)), Outcome{Result: []Result{Pass, Fail, Skip}[rnd.IntN(3)]})
				}
			})
		}
		all = combine(all, st)
		mustDecode(t, all)
	}
}

func TestWilson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{{0, 10, 0, 0.2775}, {1, 10, 0.0179, 0.4042}, {5, 10, 0.2366, 0.7634}, {10, 10, 0.7225, 1}, {1, 1, 0.2065, 1}} {
		low, high := Wilson(c.hits, c.n)
		if math.Abs(low-c.low) > 1e-3 || math.Abs(high-c.high) > 1e-3 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f, want %.4f, %.4f", c.hits, c.n, low, high, c.low, c.high)
		}
	}
}

func TestTimingFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a.log", `{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":9}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1.5}

{"Action":"output","Package":"p","Test":"TestA","Output":"`+strings.Repeat("x", 200_000)+`"}
{"Action":"fail","Package":"p","Elapsed":20}
{"Action":"fail","Package":"p","Test":"TestB","Elapsed":0.25}`)
	write("b.log", `{"Action":"skip","Package":"p","Test":"TestC","Elapsed":0}`+"\n")
	s, err := ReadTimingFiles(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]time.Duration{"TestA": 1500 * time.Millisecond, "TestB": 250 * time.Millisecond, "TestC": 0} {
		if got, ok := s.Estimate("p", test); !ok || got != want {
			t.Errorf("%s: %v, %v, want %v", test, got, ok, want)
		}
	}
	if _, ok := s.Estimate("p", "TestA/sub"); ok {
		t.Error("a subtest has an estimate")
	}
	h := mustOpen(t, "").Snapshot("").WithEstimates(s)
	if got, ok := h.Estimate("p", "TestB"); !ok || got != 250*time.Millisecond {
		t.Errorf("WithEstimates: %v, %v", got, ok)
	}

	write("bad.log", "{\"Action\":\"pass\"}\nnot json\n")
	_, err = ReadTimingFiles(filepath.Join(dir, "bad.log"))
	if err == nil || !strings.Contains(err.Error(), "bad.log: line 2: ") {
		t.Errorf("a bad line: %v", err)
	}
	if _, err = ReadTimingFiles(filepath.Join(dir, "none*")); err == nil {
		t.Error("no file matches: no error")
	}
}
