//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestArchiveEndsAtOnce: a signal that comes as soon as files of an archive have been extracted leaves none
// of them.
func TestArchiveEndsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	file := d.shopArchive(t)
	for range 10 {
		r := d.startRunner(t, nil, "--archive="+file)
		for deadline := time.Now().Add(runnerLimit); ; {
			files, err := filepath.Glob(filepath.Join(r.file("tmp"), "cohort-archive-*", "src", "testdata", "shop", "price", "price_test.go"))
			if err != nil || time.Now().After(deadline) {
				t.Fatal("nothing is extracted", err)
			}
			if len(files) > 0 {
				break
			}
			<-time.After(100 * time.Microsecond)
		}
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = r.cmd.Wait() // it says that a signal ended it
		checkNothingLeft(t, r.file("tmp"))
	}
}

// TestArchiveEndsEarly: a signal that comes when the files have been extracted, and the run does not
// yet watch for signals, leaves none of them, and nothing of what the run makes next.
func TestArchiveEndsEarly(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	file := d.shopArchive(t)
	for range 10 {
		config := filepath.Join(t.TempDir(), "pipe.yaml") // cohort waits for what comes through it
		if err := syscall.Mkfifo(config, 0o600); err != nil {
			t.Fatal(err)
		}
		r := d.startRunner(t, nil, "--archive="+file, "--config="+config)
		pipe, err := os.OpenFile(config, os.O_WRONLY, 0) // waits until cohort reads
		if err != nil {
			t.Fatal(err)
		}
		extracted := func() int {
			all, err := filepath.Glob(filepath.Join(r.file("tmp"), "cohort-archive-*"))
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if n := extracted(); n != 1 {
			t.Errorf("%d folders before the signal", n)
		}
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(runnerLimit); extracted() > 0 && time.Now().Before(deadline); {
			<-time.After(100 * time.Microsecond)
		}
		if err := pipe.Close(); err != nil { // cohort goes on, if it has not ended
			t.Error(err)
		}
		_ = r.cmd.Wait() // it says that a signal ended it
		if status, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
			t.Errorf("ended with %v", r.cmd.ProcessState)
		}
		checkNothingLeft(t, r.file("tmp"))
	}
}
