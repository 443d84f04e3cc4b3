package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// actor is a [Runner] whose process prints words and ends so. A nil actor starts none.
type actor struct {
	words script.Process
	exit  testbin.Exit
	specs []testbin.Spec // that it was given
}

func (a *actor) Run(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	a.specs = append(a.specs, spec)
	a.exit.Err = errors.Join(a.exit.Err, a.words.Write(out))
	return a.exit
}

// run is a Run of one worker whose clock stands still.
func (a *actor) run() *Run {
	return &Run{ID: "id", Workers: 1, Runner: a, Now: func() time.Time { return time.Unix(1, 0) }}
}

// jobOf returns a job of tests, each once.
func jobOf(names ...string) *Job {
	j := &Job{Binary: Binary{Program: "p.test", Args: gotest.ParseBinaryArgs(nil)}, Known: true, Out: stream.Discard()}
	for _, name := range names {
		j.Tests = append(j.Tests, ledger.Planned{Name: name, Want: 1})
	}
	return j
}

// TestRestores: a process's binary is restored by the name that it is started from.
func TestRestores(t *testing.T) {
	t.Parallel()
	a, j := &actor{words: "+A pA PASS"}, jobOf("A")
	var restored []string
	j.Binary.Restore = func(program string) { restored = append(restored, program) }
	a.run().Do(t.Context(), j)
	if len(a.specs) != 1 || a.specs[0].Restore == nil {
		t.Fatalf("%+v", a.specs)
	}
	if a.specs[0].Restore(a.specs[0].Path); !slices.Equal(restored, []string{"p.test"}) {
		t.Errorf("%v", restored)
	}
}

// TestGood: only a process that ran all its tests, and each was good, has shown anything.
func TestGood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		words script.Process
		exit  testbin.Exit
		job   func(j *Job)
		want  bool
	}{
		"passes":                    {"+A pA +B pB PASS", testbin.Exit{}, nil, true},
		"skips":                     {"+A sA +B pB PASS", testbin.Exit{}, nil, true},
		"fails":                     {"+A fA +B pB FAIL", testbin.Exit{Code: 1}, nil, false},
		"fails and exits 0":         {"+A fA +B pB FAIL", testbin.Exit{}, nil, false},
		"exits 1":                   {"+A pA +B pB PASS", testbin.Exit{Code: 1}, nil, false},
		"leaves one out":            {"+A pA PASS", testbin.Exit{}, nil, false},
		"runs nothing":              {"PASS", testbin.Exit{}, nil, false},
		"prints nothing":            {"", testbin.Exit{}, nil, false},
		"idles":                     {"", testbin.Exit{}, func(j *Job) { j.Binary.MayIdle = true }, false},
		"dies in the second":        {"+A pA +B", testbin.Exit{Code: 2}, nil, false},
		"one is open at the end":    {"+A pA +B", testbin.Exit{}, nil, false},
		"is killed":                 {"+A pA +B pB PASS", testbin.Exit{Code: -1, Signal: syscall.SIGKILL}, nil, false},
		"is timed out":              {"+A pA +B pB PASS", testbin.Exit{TimedOut: true}, nil, false},
		"leaves its output open":    {"+A pA +B pB PASS", testbin.Exit{IncompleteIO: true}, nil, false},
		"is cut off unasked":        {"+A pA +B pB PASS", testbin.Exit{Code: -1, Canceled: true}, nil, false},
		"not started":               {"", testbin.Exit{Code: -1, Err: errors.New("no")}, nil, false},
		"fails after its pass":      {"+A pA +B pB fA", testbin.Exit{}, nil, false},
		"a subtest comes up again":  {"+A +A/x pA/x pA +B pB PASS", testbin.Exit{}, owes("A/x"), true},
		"a subtest does not":        {"+A pA +B pB PASS", testbin.Exit{}, owes("A/x"), false},
		"its parent is skipped":     {"+A sA +B pB PASS", testbin.Exit{}, owes("A/x"), true},
		"a subtest fails":           {"+A +A/x fA/x fA +B pB FAIL", testbin.Exit{Code: 1}, nil, false},
		"unknown tests":             {"+A pA PASS", testbin.Exit{}, unknown, true},
		"unknown tests, one fails":  {"+A fA FAIL", testbin.Exit{Code: 1}, unknown, false},
		"unknown tests, no closing": {"+A pA", testbin.Exit{}, unknown, false}, // os.Exit(0) in the middle
		"a pattern that is wrong":   {"+A pA +B pB PASS", testbin.Exit{}, func(j *Job) { j.Binary.Args.Run = "(" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := jobOf("A", "B")
			if tc.job != nil {
				tc.job(j)
			}
			a := &actor{words: tc.words, exit: tc.exit}
			r := a.run().Do(t.Context(), j)
			if got := r.Good(j.Known); got != tc.want {
				t.Errorf("good: %v, want %v; %+v", got, tc.want, r.Settlement)
			}
			if !tc.exit.OK() && r.Clean() {
				t.Errorf("the ledger knows nothing of the end: %+v", r.Settlement)
			}
		})
	}
}

func owes(subtest string) func(j *Job) {
	return func(j *Job) { j.Owed = map[string]bool{subtest: true} }
}

func unknown(j *Job) { j.Tests, j.Known, j.All = nil, false, true }

// TestDo: what a job makes of its process, in arguments and in its result.
func TestDo(t *testing.T) {
	t.Parallel()
	a := &actor{words: "+A pA +X fX +B fB FAIL", exit: testbin.Exit{Code: 1}}
	run := a.run()
	run.Exec, run.Timeout = []string{"wrapper"}, time.Minute
	j := jobOf("A", "B")
	j.Binary.Args, j.Binary.Dir = gotest.ParseBinaryArgs([]string{"-test.run=A|B|C", "-test.count=2", "rest"}), "dir"
	j.Shuffle, j.StopsEarly, j.Count, j.Files.TestLog = "7", true, 1, "log"
	var seen []string
	j.Watch = func(e Moment) {
		if e.Kind == testbin.KindRun {
			seen = append(seen, e.Test)
		}
	}
	r := run.Do(t.Context(), j)
	if len(a.specs) != 1 {
		t.Fatalf("%d processes", len(a.specs))
	}
	spec := a.specs[0]
	args := strings.Join(spec.Args, " ")
	for _, want := range []string{"-test.run=^(A|B)$", "-test.shuffle=7", "-test.failfast", "-test.count=1", "-test.timeout=1m0s", "-test.testlogfile=log", " rest"} {
		if !strings.Contains(args, want) {
			t.Errorf("%s is not in %s", want, args)
		}
	}
	if spec.Path != "p.test" || spec.Dir != "dir" || !slices.Equal(spec.Exec, run.Exec) || spec.KillAfter != 2*time.Minute || spec.WaitDelay != 6*time.Second || spec.Grace != Grace {
		t.Errorf("%+v", spec)
	}
	// X is not on the list: whatever the process prints of it is output.
	if got, want := strings.Join(seen, " "), "A B"; got != want || strings.Join(r.Seen, " ") != want {
		t.Errorf("the events of %s, seen %v, want %s", got, r.Seen, want)
	}
	if r.Reason != "exit status 1" || !slices.Equal(r.Failed, []string{"B"}) || len(r.Ended) != 2 || len(r.Times) != 2 || r.Begun.IsZero() || r.First.IsZero() {
		t.Errorf("%+v", r)
	}
}

// TestDoEnds: how the end of a process reads, and what becomes of its tests.
func TestDoEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		exit   testbin.Exit
		reason string
		line   string
	}{
		"status":   {testbin.Exit{Code: 3}, "exit status 3", ""},
		"signal":   {testbin.Exit{Code: -1, Signal: syscall.SIGKILL}, "signal: killed", "signal: killed\n"},
		"timeout":  {testbin.Exit{Code: 2, TimedOut: true}, "timeout after 2m0s", "*** Test killed with quit: ran too long (2m0s).\n"},
		"stubborn": {testbin.Exit{Code: -1, TimedOut: true, Killed: true}, "timeout after 2m0s", "*** Test killed: ran too long (2m0s).\n"},
		"output":   {testbin.Exit{IncompleteIO: true}, "its output was still open 6s after it had ended", "*** Test I/O incomplete 6s after exiting.\n"},
		"error":    {testbin.Exit{Code: -1, Err: errors.New("start p.test: no")}, "start p.test: no", "start p.test: no\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			a := &actor{words: "+A pA +B", exit: tc.exit}
			run := a.run()
			run.Timeout = time.Minute
			j := jobOf("A", "B")
			merger := stream.New(&out, false, nil)
			j.Out = merger.Process(stream.ProcessOptions{Verbatim: true})
			r := run.Do(t.Context(), j)
			if r.Reason != tc.reason || !slices.Equal(r.Failed, []string{"B"}) {
				t.Errorf("%q, failed %v; want %q", r.Reason, r.Failed, tc.reason)
			}
			if merger.Err() != nil || !strings.Contains(out.String(), tc.line) || !strings.Contains(out.String(), "--- FAIL: B") {
				t.Errorf("it prints %q, want %q", out.String(), tc.line)
			}
		})
	}
}

// TestDoNotRun: a job that no process can do starts none.
func TestDoNotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "there"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		job  func(j *Job)
		want string
	}{
		"a pattern that is wrong": {func(j *Job) { j.Binary.Args.Run = "(" }, "invalid regexp"},
		"a folder that is there":  {func(j *Job) { j.Files.CoverDir = filepath.Join(dir, "there") }, "there"},
		"a folder that is not": {func(j *Job) {
			j.Files.CoverDir, j.Binary.Args.CoverDir = filepath.Join(dir, "new"), filepath.Join(dir, "none")
			j.Binary.Env = []string{"GOCOVERDIR=" + j.Binary.Args.CoverDir}
		}, "none: "},
	} {
		a := new(actor)
		j := jobOf("A")
		tc.job(j)
		r := a.run().Do(t.Context(), j)
		if r.Err == nil || !strings.Contains(r.Err.Error(), tc.want) || len(a.specs) > 0 || r.Good(true) || r.Good(false) {
			t.Errorf("%s: %v after %d processes, want %s", name, r.Err, len(a.specs), tc.want)
		}
	}
}

// TestCheckPattern: a list of names that is too long for an argument is an error that says whose.
func TestCheckPattern(t *testing.T) {
	t.Parallel()
	pattern := strings.Repeat("x", 90) // 100 bytes with -test.run=
	for name, tc := range map[string]struct {
		job   Job
		limit int
		want  string
	}{
		"fits":        {Job{}, 100, ""},
		"no limit":    {Job{}, 0, ""},
		"all":         {Job{All: true}, 10, ""},
		"one too far": {Job{Tests: make([]ledger.Planned, 2)}, 99, "the tests of one process cannot run: the names of its 2 tests make an argument of 100 bytes, more than the 99 "},
		"a group":     {Job{Group: "g"}, 99, "group g cannot run: "},
	} {
		err := tc.job.checkPattern(pattern, tc.limit)
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

// TestLimits are the go command's own, for several -timeout values.
func TestLimits(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration][2]time.Duration{
		0:                {0, 0},
		time.Second:      {time.Minute + time.Second, 5 * time.Second},
		10 * time.Minute: {11 * time.Minute, time.Minute},
		time.Hour:        {time.Hour + 6*time.Minute, 6 * time.Minute},
	} {
		if got := [2]time.Duration{killAfter(timeout), waitDelay(timeout)}; got != want {
			t.Errorf("%v: %v, want %v", timeout, got, want)
		}
	}
}
