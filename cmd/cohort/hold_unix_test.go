//go:build unix

package main_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// TestSignalAfterDone: a signal that comes when all is told, and files are still being put away, does not
// end cohort before it has done so. The exit code is the run's, which may just hear of the signal.
func TestSignalAfterDone(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	for _, tt := range []struct {
		name      string
		interrupt bool
		run       string
		codes     []int
	}{
		{"second", true, ".", []int{130}},
		{"first", false, "Passes", []int{0, 130}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			past := filepath.Join(t.TempDir(), "history")
			unlock, err := lockedfile.MutexAt(past + ".lock").Lock() // cohort waits for it at its end
			if err != nil {
				t.Fatal(err)
			}
			r := d.startRunner(t, []string{"DEATHS_WAIT=0", "COHORT_HISTORY=" + past}, "--", "-count=1", "-run="+tt.run, "./waits")
			if tt.interrupt {
				r.await()
				if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Error(err)
				}
			}
			r.awaitLine("DONE ")
			if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Error(err)
			}
			unlock()
			if code, _ := r.end(); !slices.Contains(tt.codes, code) {
				t.Errorf("exit code %d, want one of %v: %v\n%s", code, tt.codes, r.cmd.ProcessState, &r.stderr)
			}
			r.checkGone()
			r.checkFiles()
		})
	}
}
