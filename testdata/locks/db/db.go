//go:build unix

// Package db is a database that has room for one process: a file with an exclusive lock,
// as SQLite or a development server is in many a test suite. Each of cohort's workers has
// one of its own, named by COHORT_WORKER.
package db

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Open opens the worker's database, and fails the test if another process has it.
func Open(t testing.TB) *os.File {
	t.Helper()
	dir := os.Getenv("LOCKS_DIR")
	if dir == "" {
		dir = t.TempDir() // without cohort: nobody else is there
	}
	name := filepath.Join(dir, "worker"+os.Getenv("COHORT_WORKER")+".db")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatalf("%s is in use: %v", name, err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil { // which ends the lock
			t.Error(err)
		}
	})
	if _, err := fmt.Fprintf(file, "%d %s\n", os.Getpid(), t.Name()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Millisecond) // a query: long enough to be met by others
	return file
}
