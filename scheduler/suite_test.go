package scheduler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// loaderIn is a loader whose files are in a folder.
func loaderIn(dir string) *loader {
	return &loader{cfg: &Config{GoTest: &gotest.Args{}}, dir: dir, binaries: dir, env: func(env []string) []string { return env }}
}

// TestUnknownTests: a binary without the go command's list of its tests runs as it is, and that is said.
func TestUnknownTests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := loaderIn(dir).load(1, &gotest.Request{Binary: filepath.Join(dir, "p.test"), Dir: dir})
	if len(s.warnings) != 1 || !strings.Contains(s.warnings[0].Text, "all tests of the package run in one process") || s.account.Mode() != ledger.Opaque {
		t.Errorf("warnings %v, mode %v", s.warnings, s.account.Mode())
	}
}

// TestBinaryReturns: a suite's processes can have its binary made anew.
func TestBinaryReturns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "p.test")
	if err := os.WriteFile(binary, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	s := loaderIn(dir).load(1, &gotest.Request{Binary: binary, Dir: dir})
	if err := os.Remove(binary); err != nil {
		t.Fatal(err)
	}
	s.binary.Restore(binary)
	if _, err := os.Stat(binary); err != nil {
		t.Error(err)
	}
}
