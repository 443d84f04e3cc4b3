package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/built"
	"github.com/gotestcohort/cohort/report/record"
)

// TestReplaySameAsRun records the streams of the oracle test, each with some of its flags, and replays them:
// everything is what the run printed and wrote.
func TestReplaySameAsRun(t *testing.T) {
	t.Parallel()
	streams, err := filepath.Glob("testdata/streams/*.jsonl")
	if err != nil || len(streams) == 0 {
		t.Fatalf("streams: %v, %v", streams, err)
	}
	for i, stream := range streams {
		stream, err := filepath.Abs(strings.TrimSuffix(stream, ".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(stream), func(t *testing.T) {
			t.Parallel()
			all := rows(filepath.Base(stream))
			for j := i % 5; j < len(all); j += 5 { // over all streams, each of them is used some times
				if slices.ContainsFunc(all[j], func(arg string) bool { return strings.HasPrefix(arg, "--post-run") || arg == "--debug" }) {
					continue // a replay runs no command, and --debug tells of the process
				}
				compareReplay(t, all[j], stream)
			}
		})
	}
}

// compareReplay runs the raw command that plays stream, and replays its record.
func compareReplay(t *testing.T, args []string, stream string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(stream))
	args = append([]string{"--record=" + file}, args...)
	want := invoke(t, built.Cohort(t), append(args, "--raw-command", "--", "replay", stream))
	got := replayRecord(t, file)
	compareResults(t, fmt.Sprint(args), got, want)
}

func compareResults(t *testing.T, what string, got, want result) {
	t.Helper()
	for _, part := range []struct{ name, got, want string }{
		{"stdout", got.stdout, want.stdout}, {"stderr", got.stderr, want.stderr},
		{"JUnit file", got.junit, want.junit}, {"JSON file", got.json, want.json}, {"timing file", got.timing, want.timing},
	} {
		if part.got != part.want {
			t.Errorf("%s: %s differs\n--- replay:\n%s\n--- run:\n%s", what, part.name, part.got, part.want)
		}
	}
	if got.code != want.code {
		t.Errorf("%s: exit code %d, the run's was %d\n%s", what, got.code, want.code, got.stderr)
	}
}

// replayRecord replays a record with files to write, as invoke does.
func replayRecord(t *testing.T, file string, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(built.Cohort(t), append([]string{
		"tool", "replay", "--junitfile=" + name("sub/junit.xml"), "--jsonfile=" + name("sub/all.json"),
		"--jsonfile-timing-events=" + name("timing.json"), file}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(cleanEnv(), "GOVERSION=another")
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	last := []string{file} // blank looks at its name
	return result{
		stdout: blank(stdout.String(), dir, last), stderr: blank(stderr.String(), dir, last), code: cmd.ProcessState.ExitCode(),
		junit: blank(read(t, name("sub/junit.xml")), dir, last), json: read(t, name("sub/all.json")), timing: read(t, name("timing.json")),
	}
}

// TestReplayAttempts does the same with reruns, shown in each of the three ways, and with a signal's exit code.
func TestReplayAttempts(t *testing.T) {
	t.Parallel()
	stream := rerunStream(t)
	for _, args := range [][]string{
		{"-f", "testname"}, {"--rerun-show-only-last", "-f", "standard-verbose"}, {"--hide-rerun-details", "-f", "pkgname-and-test-fails"},
		{"--fail-on-flaky", "-f", "standard-json"}, {"--junitfile-reruns=surefire"}, {"--rerun-fails-run-root-test", "--no-color=false"},
	} {
		compareReplay(t, append([]string{"--rerun-fails=2", "--rerun-fails-max-failures=50", "--rerun-delay=0"}, args...), stream)
	}
}

// rerunStream makes a stream whose tests fail at first, one of them again, and returns its name.
func rerunStream(t *testing.T) string {
	t.Helper()
	stream := filepath.Join(t.TempDir(), "again")
	event := func(action, test, more string) string {
		return fmt.Sprintf(`{"Time":"2026-01-02T03:04:05Z","Action":%q,"Package":"example.com/p","Test":%q%s}`+"\n", action, test, more)
	}
	test := func(name, result string) string {
		return event("run", name, "") + event("output", name, `,"Output":"=== RUN   `+name+`\n"`) +
			event("output", name, `,"Output":"it says `+result+`\n"`) + event(result, name, `,"Elapsed":0.25`)
	}
	end := func(result string) string {
		return fmt.Sprintf(`{"Time":"2026-01-02T03:04:06Z","Action":%q,"Package":"example.com/p","Elapsed":1}`+"\n", result)
	}
	for name, text := range map[string]string{
		".jsonl":       test("TestA", "pass") + test("TestB", "fail") + test("TestC", "fail") + end("fail"),
		".exit":        "1",
		".stderr":      "warning: something\n",
		".rerun.jsonl": test("TestB", "pass") + test("TestC", "pass") + end("pass"),
	} {
		if err := os.WriteFile(stream+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return stream
}

// TestReplayInAnotherFormat checks that a record shows what a run in that format shows.
func TestReplayInAnotherFormat(t *testing.T) {
	t.Parallel()
	stream, err := filepath.Abs("testdata/streams/fail")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fail")
	invoke(t, built.Cohort(t), []string{"--record=" + file, "-f", "dots", "--raw-command", "--", "replay", stream})
	for _, args := range [][]string{{"-f", "testdox"}, {"--format=standard-quiet", "--hide-summary=all"}, {"-f=github-actions", "--max-fails=1"}} {
		want := invoke(t, built.Cohort(t), append(slices.Clone(args), "--raw-command", "--", "replay", stream))
		compareResults(t, fmt.Sprint(args), replayRecord(t, file, args...), want)
	}
}

// TestReplayElsewhere replays in a folder of another module, and under GitHub Actions.
func TestReplayElsewhere(t *testing.T) {
	t.Parallel()
	stream, err := filepath.Abs("testdata/streams/fail")
	if err != nil {
		t.Fatal(err)
	}
	module, temp, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "fail")
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte("module example.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(dir string, args ...string) string {
		t.Helper()
		cmd := exec.Command(built.Cohort(t), args...)
		cmd.Dir, cmd.Env = dir, append(cleanEnv(), "PWD="+dir, "TMPDIR="+temp, "TMP="+temp)
		if args[0] == "tool" {
			cmd.Env = append(cmd.Env, "GITHUB_ACTIONS=true")
		}
		out, err := cmd.Output()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out)
	}
	want := run(module, "--record="+file, "-f=testname", "--no-color", "--raw-command", "--", "replay", stream)
	if strings.Contains(want, "example.com/") {
		t.Fatalf("the run did not shorten its package paths:\n%s", want)
	}
	if got := run(t.TempDir(), "tool", "replay", file); got != want {
		t.Errorf("replay:\n%s\nrun:\n%s", got, want)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestReplayOfGitHub replays here what was printed under GitHub Actions, where testname is another format.
func TestReplayOfGitHub(t *testing.T) {
	t.Parallel()
	stream, err := filepath.Abs("testdata/streams/fail")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fail")
	want := invoke(t, built.Cohort(t), []string{"--record=" + file, "-f=testname", "--raw-command", "--", "replay", stream}, "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+filepath.Dir(file))
	if !strings.Contains(want.stdout, "::group::") || !strings.Contains(want.stdout, "::error ") {
		t.Fatalf("not GitHub's format, or no annotations:\n%s", want.stdout)
	}
	compareResults(t, "in GitHub's format", replayRecord(t, file), want)
}

// TestReplayFailed shows only what failed.
func TestReplayFailed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run")
	invoke(t, built.Cohort(t), []string{"--record=" + file, "--rerun-fails", "--rerun-delay=0", "-f=testname", "--raw-command", "--", "replay", rerunStream(t)})
	got := replayRecord(t, file, "--failed")
	if strings.Contains(got.stdout, "TestA") || !strings.Contains(got.stdout, "FAIL example.com/p.TestB") || !strings.Contains(got.stdout, "(re-run 1)") {
		t.Errorf("--failed shows\n%s", got.stdout)
	}
}

// TestReplayProcess prints a process of the golden record.
func TestReplayProcess(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("..", "..", "report", "record", "testdata", "v1.cohort")
	for number, want := range map[string]string{
		"0": "COHORT_WORKER=1 COHORT_WORKERS=2 COHORT_ATTEMPT=0 COHORT_GROUP=checkout go test -count=1 -run '^(TestCart|TestPay)$' shop/e2e\n\n" +
			"process 0 (first) of shop/e2e on worker 1, attempt 0: exit 1 after 500ms\npass    TestCart (0.10s)\nfail    TestPay (0.25s)\n",
		"1": "COHORT_WORKER=0 COHORT_WORKERS=2 COHORT_ATTEMPT=1 COHORT_GROUP=checkout go test ./e2e\n\n" +
			"process 1 (attempt) of shop/e2e on worker 0, attempt 1: had not ended\nno end  TestPay (0.00s)\n",
	} {
		out, err := exec.Command(built.Cohort(t), "tool", "replay", golden, "--process", number).Output()
		if err != nil || string(out) != want {
			t.Errorf("process %s: %v\n%s\nwant\n%s", number, err, out, want)
		}
	}
	cmd := exec.Command(built.Cohort(t), "tool", "replay", golden, "--process=7")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "no such process") || cmd.ProcessState.ExitCode() != exitError {
		t.Errorf("process 7: %v\n%s", err, out)
	}
}

// TestReplayedFlags checks that it was decided for every flag whether a replay takes it from the record.
func TestReplayedFlags(t *testing.T) {
	t.Parallel()
	notReplayed := []string{
		// what a run does
		"debug", "version", "packages", "watch", "watch-clear", "watch-chdir", "workers", "shuffle", "dist", "group", "whole-groups", "label", "changed-since", "last-failed", "failed-first", "quarantine",
		"shard", "shard-by", "shard-plan", "archive",
		"queue", "queue-run", "queue-role", "queue-env", "queue-wait", "queue-binaries", "queue-creds", "queue-token-file", "queue-ca", "queue-cert", "queue-key", "queue-insecure",
		"testmain", "group-failfast", "rerun-delay", "rerun-backoff", "rerun-only", "rerun-except", "rerun-budget", "history", "timing-files", "link-cache", "config", "profile",
		"keep-env", "strict-teardown", "test-timeout", "artifacts", "artifacts-max",
		// what it tells while it runs; what is in the summary of that is recorded
		"progress", "heartbeat", "slow", "slowest", "github", "explain-failures",
		// what it runs and writes beside its output
		"post-run-command", "jsonfile", "jsonfile-timing-events", "junitfile", "owners", "rerun-fails-report", "record", "redact", "htmlfile",
		"tracefile", "coverfile-cobertura", "coverfile-lcov",
		"cover-min", "cover-min-changed", "cover-base", // the answer is recorded
		"no-summary", // hide-summary's other name
	}
	table, _ := newFlags(newEnviron(nil))
	for _, f := range table.flags {
		if slices.Contains(replayedFlags(), f.Name) == slices.Contains(notReplayed, f.Name) {
			t.Errorf("--%s: name it in replayedFlags if it changes what a run prints or writes, else here", f.Name)
		}
	}
	var o recordOptions
	o.remember(nil, table, newEnviron(nil))
	other, _ := newFlags(newEnviron(nil))
	if problems := other.apply(recordedLayer(o.flags)); len(problems) > 0 {
		t.Errorf("flags cannot be set to their own values: %v", problems)
	}
}

// TestRecordOnlyOwnVariables looks at what a record holds of the environment.
func TestRecordOnlyOwnVariables(t *testing.T) {
	t.Parallel()
	stream, err := filepath.Abs("testdata/streams/pass")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.cohort")
	invoke(t, built.Cohort(t), []string{"--record=" + file, "--raw-command", "--", "replay", stream}, "COHORT_HISTORY=off", "SECRET_TOKEN=abc")
	r, err := record.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	if env := r.Manifest.Env; len(env) != 1 || env["COHORT_HISTORY"] != "off" {
		t.Errorf("environment: %v", env)
	}
	if m := r.Manifest; m.Go != "go1.test" || m.Module != "github.com/gotestcohort/cohort" || m.Start.IsZero() || m.End.Before(m.Start) {
		t.Errorf("manifest: %+v", m)
	}
}
