package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/history"
)

// historyDay is a fixed moment, so that no test depends on the clock.
var historyDay = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// historyTool returns what the tool prints.
func historyTool(t *testing.T, path string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runHistory(t.Context(), args, &out, &errs, historyEnv{Location: history.Location{Env: path}, Now: historyDay})
	return code, out.String(), errs.String()
}

// historySample writes a history of four runs.
func historySample(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "h")
	h, warning := history.Open(path, "example.org/m")
	if warning != nil {
		t.Fatal(warning)
	}
	for i := range 4 {
		r := h.NewRun(history.Run{ID: fmt.Sprint(i), Start: historyDay.Add(time.Duration(i) * time.Hour), Seed: int64(i), Shuffled: true})
		result := []history.Result{history.Pass, history.Fail}[i%2]
		r.Add("m/a", "TestFlaky", history.Outcome{Result: result, Elapsed: 20 * time.Millisecond})
		r.Add("m/a", "TestBroken", history.Outcome{Result: history.Fail, Elapsed: time.Millisecond})
		r.Add("m/b", "TestGood", history.Outcome{Result: history.Pass, Elapsed: 3 * time.Second})
		r.Add("m/b", "Test\x1b[31m", history.Outcome{Result: history.Skip, Elapsed: 0})
	}
	if err := h.Save(t.Context(), historyDay); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHistoryReport(t *testing.T) {
	t.Parallel()
	path := historySample(t)
	code, got, stderr := historyTool(t, path)
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

// TestNarrowHistory checks that no line wraps where the table would.
func TestNarrowHistory(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := runHistory(t.Context(), []string{"--history", historySample(t), "--num=1"}, &stdout, &stderr, historyEnv{Width: 50})
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
	runHistory(t.Context(), []string{"--history", historySample(t)}, &stdout, &stderr, historyEnv{Width: 120})
	if !strings.Contains(stdout.String(), "FAILED  OF") {
		t.Errorf("no table in 120 columns:\n%s", &stdout)
	}
}

// TestNoHistoryYet checks that a module in which no test has run is no error.
func TestNoHistoryYet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	code, stdout, stderr := historyTool(t, path)
	if code != 0 || stdout != "no test has run here yet: cohort will write "+path+"\n" || stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	code, stdout, _ = historyTool(t, path, "--json")
	var report historyReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 0 || report.File != path || report.Slowest == nil {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

func TestHistoryJSON(t *testing.T) {
	t.Parallel()
	code, got, _ := historyTool(t, historySample(t), "--json", "--num=1")
	var report historyReport
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

func TestHistoryErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("hello\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args []string
		want string
	}{
		{[]string{"--history", bad}, "bad: "},
		{[]string{"--history", filepath.Join(dir, "none")}, "none: there is no such file"},
		{[]string{"--history", "off"}, "the history is off"},
		{[]string{"--nonsense"}, "unknown flag: --nonsense"},
		{[]string{"--num=-1"}, "--num is -1"},
		{[]string{"list"}, `unexpected argument "list"`},
		{[]string{"merge", "out"}, "at least one file"},
		{[]string{"merge", filepath.Join(dir, "out"), bad}, bad + ": "},
	}
	for _, c := range cases {
		code, stdout, stderr := historyTool(t, "", c.args...)
		if code != 3 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, stdout %q, stderr %q, want %q", c.args, code, stdout, stderr, c.want)
		}
	}
	if code, stdout, _ := historyTool(t, "", "--help"); code != 0 || !strings.Contains(stdout, "--json") {
		t.Errorf("--help: exit %d, %s", code, stdout)
	}
}
