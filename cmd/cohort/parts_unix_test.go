//go:build unix

package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestExecTestDies kills the exec-test of one package of two: its test processes end
// then, not with the run, and the other package, which waits for that, passes. Nothing of
// the first is run again, or remembered as a failure; what did not end is owed.
func TestExecTestDies(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	for _, flags := range [][]string{nil, {"--rerun-fails=1", "--rerun-delay=0s"}} {
		t.Run(strings.Join(flags, ","), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			held, past := filepath.Join(dir, "held"), filepath.Join(dir, "history")
			if err := syscall.Mkfifo(held, 0o600); err != nil {
				t.Fatal(err)
			}
			r := d.startRunner(t, []string{"DEATHS_WAIT=0", "DEATHS_HELD=" + held, "COHORT_HISTORY=" + past},
				slices.Concat(flags, []string{"--format=testname", "--", "-count=1", "./waits", "./outlives"})...)
			r.await()
			waits := r.pidsOf("waits.test")
			for _, pid := range r.pidsOf("exec-test\x00/") {
				if slices.Contains(waits, pid) {
					if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
						t.Error(err)
					}
				}
			}
			code, stdout := r.end()
			if want := 1 + len(flags); code != want { // 3: what has to be rerun was not run to its end
				t.Errorf("exit code %d, want %d", code, want)
			}
			for _, want := range []string{"PASS slow/outlives.TestOutlives", "signal: killed", "\nDONE "} {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q", want)
				}
			}
			if text, err := os.ReadFile(past); err != nil || !bytes.Contains(text, []byte("\nt\tTestOutlives")) ||
				bytes.Contains(text, []byte("\nt\tTestWaits")) || !bytes.Contains(text, []byte("\no\tTestWaits")) {
				t.Errorf("want only what ended by itself as results in the history, and the rest as owed\n%s%v", text, err)
			}
			r.checkGone()
			r.checkFiles()
			if t.Failed() {
				t.Logf("%s\n%s\n%s", r.cmd, stdout, &r.stderr)
			}
		})
	}
}
