//go:build unix

package main_test

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptIsRemembered: --last-failed runs what an interrupt cut off.
func TestInterruptIsRemembered(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	history := "COHORT_HISTORY=" + t.TempDir() + "/history"
	r := d.startRunner(t, []string{"DEATHS_WAIT=0", history}, "--format=testname", "--", "-count=1", "./waits")
	r.awaitLine("PASS slow/waits.TestPasses ") // in another process than the one that waits
	r.await()
	if err := syscall.Kill(r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Error(err)
	}
	if code, stdout := r.end(); code != 128+int(syscall.SIGINT) {
		t.Fatalf("exit code %d\n%s", code, stdout)
	}
	cmd := exec.Command(d.subject, "--no-color", "--format=testname", "--last-failed", "--", "./waits")
	cmd.Dir, cmd.Env = r.cmd.Dir, slices.Concat(d.env, []string{history})
	out, _ := cmd.CombinedOutput() // the output says how it ended
	for _, want := range []string{"--last-failed: ", " of 1 package; ", "FAIL slow/waits.TestWaits "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("not there: %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
