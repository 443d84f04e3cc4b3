package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/hunt"
)

func TestParseFlaky(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args       string
		runs       int
		args0, err string
	}{
		{args: "", runs: defaultRounds},
		{args: "--runs 7", runs: 7},
		{args: "--for 2s"},
		{args: "--until-fail"},
		{args: "--until-fail --runs 9", runs: 9},
		{args: "--runs=3 -n 4 -- -race ./x", runs: 3, args0: "-race"},
		{args: "--runs=3 ./x -race", runs: 3, args0: "./x"},
		{args: "--runs=-3", err: "--runs=-3: must be at least 1"},
		{args: "--runs=0", err: "--runs=0: must be at least 1"},
		{args: "--for=-3s", err: "--for=-3s: cannot be negative"},
		{args: "--for=3"},
		{args: "--for=x", err: "--for=x: must be a number of seconds or a duration"},
		{args: "-n 0", err: "must be auto or a whole number from 1 on"},
	} {
		o, err := (&command{}).parseFlaky(strings.Fields(tt.args))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %s", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
			continue
		}
		first := ""
		if len(o.args) > 0 {
			first = o.args[0]
		}
		if o.runs != tt.runs || first != tt.args0 {
			t.Errorf("%q: runs %d, arguments %q", tt.args, o.runs, o.args)
		}
	}
}

func TestHuntProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &progressLine{out: &out}
	for _, p := range []hunt.Progress{
		{Phase: hunt.Building},
		{Phase: hunt.Rounds, Round: 0, Of: 20, Processes: 1},
		{Phase: hunt.Rounds, Round: 1, Of: 20, Processes: 2},
		{Phase: hunt.Rounds, Round: 1, Of: 20, Processes: 3, Failed: 1, New: "p TestA"},
		{Phase: hunt.Rounds, Round: 2, Of: 20, Processes: 4, Failed: 1, Left: 89600 * time.Millisecond},
		{Phase: hunt.Rounds, Round: 3, Of: 20, Processes: 5, Failed: 1},
		{Phase: hunt.Probing, Round: 0, Of: 1, Processes: 30, Failed: 1},
	} {
		l.show(p)
	}
	l.clear()
	const want = `building the test binaries
round 0 of 20, 1 processes, 0 failed
failed: p TestA
round 2 of 20, 4 processes, 1 failed, 1m30s left
explaining failure 1 of 1, 30 processes, 1 failed
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHuntProgressOnTerminal rewrites one line, and removes it at the end.
func TestHuntProgressOnTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &progressLine{out: &out, terminal: true}
	l.show(hunt.Progress{Phase: hunt.Rounds, Round: 1, Processes: 2})
	l.show(hunt.Progress{Phase: hunt.Rounds, Round: 1, Processes: 3, Failed: 1, New: "p TestA"})
	l.clear()
	const want = "\r\x1b[Kround 1, 2 processes, 0 failed" +
		"\r\x1b[Kfailed: p TestA\n\r\x1b[Kround 1, 3 processes, 1 failed\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPrintHunt(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	c := &command{stdout: &stdout, stderr: &stderr, log: &logger{out: &stderr}}
	rep := &hunt.Report{
		Rounds: 20, Processes: 99, Packages: 2, Units: 3, Passed: 1, Seed: 7, Elapsed: 1234567 * time.Microsecond,
		BuildOutput: "x.go:1: no\n", Warnings: []grouping.Warning{{File: "a.go", Line: 2, Text: "parallel"}},
		Findings: []hunt.Finding{
			{
				Package: "m/p", Unit: "TestA", Kind: hunt.Random, Rounds: hunt.Tally{Runs: 20, Failures: 10}, Summary: "Why.",
				Probes: []hunt.Probe{
					{Name: "alone", Tally: hunt.Tally{Runs: 8, Failures: 4}},
					{Name: "twice", Tally: hunt.Tally{Runs: 2}},
					{Name: "idle", Tally: hunt.Tally{Runs: 8}},
					{Name: "again", Tally: hunt.Tally{Runs: 2}},
					{Name: "source", Tally: hunt.Tally{Runs: 2, Failures: 1}},
				},
				Command: "go test p", Fix: "//cohort:group a", Output: strings.Repeat("line\n", 20),
			},
			{Package: "m/p", Kind: hunt.Unexplained, Rounds: hunt.Tally{Runs: 20, Failures: 1}, Summary: "Over."},
		},
	}
	if err := c.printHunt(rep); err != nil {
		t.Fatal(err)
	}
	want := `=== random: m/p TestA
Why.
    failed  of  95% interval  probe
    4       8   21.5%-78.5%   alone
    0       8   0.0%-32.4%    idle
    1       2   9.5%-90.5%    source
    no failure in a few runs each: twice; again
    again:  go test p
    group:  //cohort:group a
` + strings.Repeat("    | line\n", 12) + `    | ...

=== unexplained: m/p (outside its tests)
Over.

KIND         FAILED  OF  RATE   95% INTERVAL  TEST
random       10      20  50.0%  29.9%-70.1%   m/p TestA
unexplained  1       20  5.0%   0.9%-23.6%    m/p (outside its tests)
HUNT 3 tests in 2 packages, 20 rounds, 99 processes, seed 7, in 1.235s: 1 passed every time, 2 did not
`
	if got := stdout.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, part := range []string{"a.go:2: parallel", "x.go:1: no"} {
		if !strings.Contains(stderr.String(), part) {
			t.Errorf("stderr lacks %q: %s", part, stderr.String())
		}
	}
}

func TestHuntSummary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rep  hunt.Report
		want string
	}{
		{hunt.Report{Rounds: 5, Units: 2, Passed: 2}, "all passed 5 of 5\n"},
		{hunt.Report{Rounds: 5, Units: 2, Passed: 2, Stopped: true}, "all passed 5 of 5 (stopped early)\n"},
		{hunt.Report{Stopped: true}, "no round was finished (stopped early)\n"},
		{hunt.Report{Rounds: 5, Units: 2, Passed: 1, Findings: make([]hunt.Finding, 1)}, "1 passed every time, 1 did not\n"},
	} {
		if got := huntSummary(&tt.rep); !strings.HasSuffix(got, ": "+tt.want) {
			t.Errorf("got %q, want the end %q", got, tt.want)
		}
	}
}

// TestNarrowFindings checks that the table becomes a list where it would wrap.
func TestNarrowFindings(t *testing.T) {
	t.Parallel()
	findings := []hunt.Finding{{Package: "example.com/m/a", Unit: "TestA", Kind: hunt.Random, Rounds: hunt.Tally{Failures: 1, Runs: 10}}}
	const table = "KIND    FAILED  OF  RATE   95% INTERVAL  TEST\nrandom  1       10  10.0%  1.8%-40.4%    example.com/m/a TestA\n"
	const list = "example.com/m/a TestA\n    random, failed 1 of 10\n    10.0% (95% interval 1.8%-40.4%)\n"
	for width, want := range map[int]string{0: table, 62: table, 61: list, 40: list} {
		var got strings.Builder
		if err := writeFindings(&got, findings, width); err != nil || got.String() != want {
			t.Errorf("width %d: %v\n%s\nwant:\n%s", width, err, &got, want)
		}
	}
}
