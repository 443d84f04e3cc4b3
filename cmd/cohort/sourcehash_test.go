package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHashSource changes a source in every way that makes it another one, and in some that do not.
func TestHashSource(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("NOT TESTED: there is no git here")
	}
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	env = append(env, "GIT_CEILING_DIRECTORIES="+os.TempDir())
	write := func(dir, name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hashOf := func(dir string) string {
		t.Helper()
		sum, err := hashSource(dir, env)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	checkout := func(versioned bool) string {
		t.Helper()
		dir := t.TempDir()
		for name, text := range map[string]string{"go.mod": "module m\n", "a/a.go": "package a\n", "a/a.txt": "1", ".gitignore": "*.out\n"} {
			write(dir, name, text)
		}
		if versioned {
			for _, words := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "x"}} {
				if out, err := git(dir, env, words...); err != nil {
					t.Fatalf("%v: %v %s", words, err, out)
				}
			}
		}
		return dir
	}
	for _, tt := range []struct {
		name       string
		git, files bool // whether it is another source with git, and without
		change     func(dir string)
	}{
		{"nothing", false, false, func(string) {}},
		{"a source file", true, true, func(dir string) { write(dir, "a/a.go", "package b\n") }},
		{"touched", false, false, func(dir string) { write(dir, "a/a.go", "package a\n") }},
		{"a new source file", true, true, func(dir string) { write(dir, "a/b_test.go", "package a\n") }},
		{"test data", true, false, func(dir string) { write(dir, "a/a.txt", "2") }},
		{"what is ignored", false, false, func(dir string) { write(dir, "cover.out", "mode: set\n") }},
		{"a report", false, false, func(dir string) { write(dir, "junit.xml", "<x/>") }},
		{"a file that is gone", true, true, func(dir string) {
			if err := os.Remove(filepath.Join(dir, "a/a.go")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		for _, versioned := range []bool{true, false} {
			prefix, want := "files:", tt.files
			if versioned {
				prefix, want = "git:", tt.git
			}
			dir, same := checkout(versioned), checkout(versioned)
			before := hashOf(filepath.Join(dir, "a"))
			if other := hashOf(same); other != before || !strings.HasPrefix(before, prefix) {
				t.Errorf("%s: two checkouts have %s and %s", tt.name, before, other)
			}
			tt.change(dir)
			if got := hashOf(dir) != before; got != want {
				t.Errorf("%s (%s): another source: %v, want %v", tt.name, prefix, got, want)
			}
		}
	}
	if _, err := hashSource(t.TempDir(), env); err == nil {
		t.Error("a folder without git and go.mod has a hash")
	}
}
