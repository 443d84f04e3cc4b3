//go:build unix

// Package waits holds a test that says that it runs and then waits for a signal.
package waits

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
)

func TestPasses(*testing.T) {}

// TestWaits writes to the pipe DEATHS_READY and waits, in attempt DEATHS_WAIT.
// In others it fails. With DEATHS_STUBBORN it ignores signals, as does its child. With
// DEATHS_TALKS it waits aloud. While it lives it holds the pipe DEATHS_HELD, if there is one.
func TestWaits(t *testing.T) {
	if os.Getenv("COHORT_ATTEMPT") != os.Getenv("DEATHS_WAIT") {
		t.Fatal("not this attempt")
	}
	if os.Getenv("DEATHS_STUBBORN") != "" {
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	}
	if os.Getenv("DEATHS_CHILDLESS") == "" {
		if err := exec.Command("sleep", "300").Start(); err != nil { // nobody but the runner ends it
			t.Fatal(err)
		}
	}
	if name := os.Getenv("DEATHS_HELD"); name != "" {
		held, err := os.OpenFile(name, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			t.Fatal(err)
		}
		defer runtime.KeepAlive(held)
	}
	if err := os.WriteFile(os.Getenv("DEATHS_READY"), []byte("ready"), 0o600); err != nil {
		t.Fatal(err)
	}
	for os.Getenv("DEATHS_TALKS") != "" {
		fmt.Println("waiting")
	}
	select {}
}

func TestLast(*testing.T) {}
