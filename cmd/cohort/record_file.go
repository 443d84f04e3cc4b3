package main

import (
	"os"
	"sync"

	"github.com/gotestcohort/cohort/report/record"
)

// lateFile is a file that is created only when it is opened; until then it is in memory.
type lateFile struct {
	name string // "": a temporary file, whose name open sets

	mu   sync.Mutex
	held []byte
	file *os.File
	err  error
	told bool // it has been opened
}

func (f *lateFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.err != nil:
		return 0, f.err
	case f.file == nil:
		f.held = append(f.held, p...)
		return len(p), nil
	}
	return f.file.Write(p)
}

// open creates the file. If that fails, Write tells.
func (f *lateFile) open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = true
	if f.name == "" {
		f.file, f.err = os.CreateTemp("", "cohort-*.cohort")
	} else {
		f.file, f.err = record.CreateFile(f.name)
	}
	if f.err == nil {
		f.name = f.file.Name()
		_, f.err = f.file.Write(f.held)
	}
	f.held = nil
}

func (f *lateFile) opened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told
}

// Close closes the file, if there is one.
func (f *lateFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// discard removes the file if it was for this run only.
func (f *lateFile) discard(temporary bool) error {
	if !temporary {
		return nil
	}
	return os.Remove(f.name)
}
