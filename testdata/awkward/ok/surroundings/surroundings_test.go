// Package surroundings looks at what a test process is given: its directory,
// its environment, its temporary files and its standard input.
package surroundings

import (
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

//go:embed surroundings_test.go
var source string

func TestDirectory(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(dir) != "surroundings" {
		t.Errorf("directory is %s, want the package's", dir)
	}
	if os.Getenv("PWD") != dir {
		t.Errorf("PWD is %s, want %s", os.Getenv("PWD"), dir)
	}
}

func TestSourceIsBesideMe(t *testing.T) {
	data, err := os.ReadFile("surroundings_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != source {
		t.Error("the embedded file is not the one on disk")
	}
}

func TestTempDir(t *testing.T) {
	t.Log("GOTMPDIR:", os.Getenv("GOTMPDIR")) // the user's, in which t.TempDir is
	if err := os.WriteFile(filepath.Join(t.TempDir(), "x"), nil, 0o644); err != nil {
		t.Error(err)
	}
}

func TestSetenv(t *testing.T) {
	t.Setenv("AWKWARD_OWN", "1")
	if os.Getenv("AWKWARD_OWN") != "1" {
		t.Error("t.Setenv did nothing")
	}
}

func TestStandardInputIsEmpty(t *testing.T) {
	data, err := io.ReadAll(os.Stdin)
	if err != nil || len(data) > 0 {
		t.Errorf("read %q, %v, want nothing", data, err)
	}
}

func TestCPUs(t *testing.T) { t.Log("GOMAXPROCS is at least 1:", runtime.GOMAXPROCS(0) >= 1) }

func TestDeadline(t *testing.T) {
	_, ok := t.Deadline()
	t.Log("has a deadline:", ok)
}
