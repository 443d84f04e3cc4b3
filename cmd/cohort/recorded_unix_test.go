//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// TestReplayInterrupted records a run that a signal ends: the record is complete, and the replay ends as it did.
func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "run.cohort")
	s := startAndWait(t, "", pipe, nil, "--rerun-fails", "--record="+file, "--raw-command", "--", "stay", pipe)
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+15)
	cmd := exec.Command("cohort", "tool", "replay", file)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnv(), &stdout, &stderr
	_ = cmd.Run() // its code is what counts
	if got := cmd.ProcessState.ExitCode(); got != 128+15 {
		t.Errorf("exit code %d", got)
	}
	// The event has no time, so the run's is that of the clock.
	clock := regexp.MustCompile(` in \d+\.\d+s\n`)
	for name, text := range map[string][2]string{"stdout": {stdout.String(), s.stdout.String()}, "stderr": {stderr.String(), s.stderr.String()}} {
		if got, want := clock.ReplaceAllString(text[0], ""), clock.ReplaceAllString(text[1], ""); got != want {
			t.Errorf("%s:\n%s\nthe run's:\n%s", name, got, want)
		}
	}
}

// TestRecordOfKilledRun kills a run: its record says that it is not complete.
func TestRecordOfKilledRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "run.cohort")
	s := startAndWait(t, dir, pipe, nil, "--record="+file, "--raw-command", "--", "sh", "-c", "echo $$ >pid; exec stay pipe")
	s.signal(t, syscall.SIGKILL)
	_ = s.cmd.Wait() // it was killed, and its command was not
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, filepath.Join(dir, "pid"))))
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = record.Open(file)
	if info, statErr := os.Stat(file); statErr != nil || info.Size() == 0 {
		t.Errorf("the file: %v, %v", info, statErr)
	}
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("not complete")) {
		t.Errorf("open: %v", err)
	}
	cmd := exec.Command("cohort", "tool", "replay", file)
	out, _ := cmd.CombinedOutput() // its code is what counts
	if code := cmd.ProcessState.ExitCode(); code != exitError || !bytes.Contains(out, []byte("not complete")) || !bytes.Contains(out, []byte("this is all that it holds")) {
		t.Errorf("replay: exit code %d\n%s", code, out)
	}
}
