// Package leak finds what tests leave running: goroutines and processes.
package leak

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long something may take to end after the last test: on a busy
// machine a goroutine that was told to end has to be given a processor first.
const patience = 10 * time.Second

// Main runs the tests and returns the exit status for TestMain. It is 1 if the
// tests pass and leave something running.
func Main(m *testing.M) int {
	code := m.Run()
	var left string
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if left = goroutines() + processes(); left == "" || time.Now().After(end) {
			break
		}
	}
	if left == "" {
		return code
	}
	fmt.Fprintf(os.Stderr, "after the last test there are still\n%s", left)
	return max(code, 1)
}

// goroutines shows the goroutines but this one and os/signal's, which never ends.
func goroutines() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left strings.Builder
	for i, stack := range strings.Split(string(stacks), "\n\n") {
		if i > 0 && !strings.Contains(stack, "os/signal.signal_recv") {
			left.WriteString(stack + "\n\n")
		}
	}
	return left.String()
}

// processes lists the living children of this process, where the kernel tells (Linux).
func processes() string {
	var left strings.Builder
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return ""
	}
	for _, name := range tasks {
		children, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		for pid := range strings.FieldsSeq(string(children)) {
			command, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			if err == nil {
				fmt.Fprintf(&left, "process %s: %q\n", pid, command)
			}
		}
	}
	return left.String()
}
