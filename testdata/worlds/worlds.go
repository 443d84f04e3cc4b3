//go:build unix

// Package worlds has tests that need set-ups, and die in the middle of them.
package worlds

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Need is what each test does: it checks that the set-ups stand, and writes down that it ran. By a
// chance that WORLDS_SEED decides it fails, dies, kills the exec-test of its package, or interrupts
// cohort.
func Need(t *testing.T, workers ...string) {
	dir := os.Getenv("WORLDS_DIR")
	say(t, "test "+t.Name())
	user := filepath.Join(dir, "users", strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(user, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check := func() {
		for _, name := range []string{"net", "api"} {
			up(t, name, name+".run")
		}
		for _, name := range workers {
			who := name + "." + os.Getenv("COHORT_WORKER")
			if name == "rows" {
				alone(t, who)
				continue
			}
			up(t, name, who)
		}
	}
	check()
	harm(t)
	time.Sleep(time.Duration(chance(t, "sleep")) * 20 * time.Microsecond)
	check()
	if err := os.Remove(user); err != nil {
		t.Fatal(err)
	}
	if odds(t, "fail", 20) {
		t.Fatal("by chance")
	}
}

func up(t *testing.T, name, who string) {
	_, err := os.Stat(filepath.Join(os.Getenv("WORLDS_DIR"), "up", who))
	if err != nil || os.Getenv("UP_"+name) != who {
		say(t, "MISSING "+who)
		t.Error(who, err)
	}
}

// alone checks that what is set up for each attempt stands, and that no other process has used it.
func alone(t *testing.T, who string) {
	dir := filepath.Join(os.Getenv("WORLDS_DIR"), "up", who)
	id, err := os.ReadFile(filepath.Join(dir, "id"))
	if err != nil || strings.TrimSpace(string(id)) != os.Getenv("UP_rows") {
		say(t, "MISSING "+who)
		t.Errorf("%s: %q, %v", os.Getenv("UP_rows"), id, err)
		return
	}
	own := filepath.Join(dir, fmt.Sprint("user-", os.Getpid()))
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Error(err)
	}
	if users, err := filepath.Glob(filepath.Join(dir, "user-*")); err != nil || len(users) != 1 {
		say(t, "SHARED "+who)
		t.Error(users, err)
	}
}

// harm does what a run has to survive.
func harm(t *testing.T) {
	switch {
	case odds(t, "die", 15):
		kill(t, os.Getpid(), syscall.SIGKILL)
	case odds(t, "exit", 10):
		os.Exit(3)
	case odds(t, "exec-test", 8):
		killExecTests(t)
	case odds(t, "interrupt", 8):
		kill(t, os.Getppid(), syscall.SIGINT)
		select {}
	case odds(t, "twice", 3):
		kill(t, os.Getppid(), syscall.SIGINT)
		time.Sleep(300 * time.Millisecond)
		kill(t, os.Getppid(), syscall.SIGINT)
		select {}
	}
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	if err := syscall.Kill(pid, sig); err != nil {
		t.Error(err)
	}
}

// killExecTests kills the processes that the go command waits for.
func killExecTests(t *testing.T) {
	dirs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	mark := []byte("WORLDS_DIR=" + os.Getenv("WORLDS_DIR") + "\x00")
	for _, name := range dirs {
		line, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(line, []byte("exec-test\x00")) {
			continue // it has ended, or is something else
		}
		env, err := os.ReadFile(filepath.Join(filepath.Dir(name), "environ"))
		if err != nil || !bytes.Contains(env, mark) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

// odds is true so often of a thousand, times WORLDS_HARM.
func odds(t *testing.T, what string, often int) bool {
	harm, err := strconv.Atoi(os.Getenv("WORLDS_HARM"))
	if err != nil {
		t.Fatal(err)
	}
	return chance(t, what) < often*harm
}

// chance is a number below a thousand.
func chance(t *testing.T, what string) int {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %s %s", os.Getenv("WORLDS_SEED"), t.Name(), what)
	return int(h.Sum32()>>8) % 1000
}

func say(t *testing.T, what string) {
	log, err := os.OpenFile(filepath.Join(os.Getenv("WORLDS_DIR"), "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(log, what); err != nil {
		t.Error(err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}
