// Package cache has tests whose inputs are a file and the environment, and
// which leave a mark outside the module each time they are run, so that one
// can see whether a result came from the go command's cache.
package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mark appends the test's name to the file named by AWKWARD_MARKS. That file
// is outside the module, so the go command does not count it among the inputs.
func mark(t *testing.T) {
	t.Helper()
	name := os.Getenv("AWKWARD_MARKS")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(t.Name() + "\n"); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadsFile(t *testing.T) {
	mark(t)
	data, err := os.ReadFile("testdata/input.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("input: %s", strings.TrimSpace(string(data)))
}

func TestReadsEnvironment(t *testing.T) {
	mark(t)
	t.Logf("AWKWARD_COLOUR=%s", os.Getenv("AWKWARD_COLOUR"))
	if os.Getenv("AWKWARD_COLOUR") == "red" {
		t.Error("red")
	}
}

func TestReadsNothing(t *testing.T) { mark(t) }

func TestMissingFile(t *testing.T) {
	mark(t)
	if _, err := os.Stat("testdata/not-there"); err == nil {
		t.Log("there after all")
	}
}

func TestChangesDirectory(t *testing.T) {
	mark(t)
	t.Chdir("testdata")
	if _, err := os.ReadFile("second.txt"); err != nil {
		t.Fatal(err)
	}
}

// TestUsesTemporaryFiles has inputs whose names are others each time, and asks
// for variables that name the directory they are in.
func TestUsesTemporaryFiles(t *testing.T) {
	mark(t)
	shared, err := os.MkdirTemp(os.TempDir(), "cache")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(shared) // what is left of a temporary directory harms nobody
	for _, dir := range []string{t.TempDir(), shared} {
		name := filepath.Join(dir, "file")
		if err := os.WriteFile(name, []byte("words"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
}
