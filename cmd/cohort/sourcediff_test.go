package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDifferingFiles: two checkouts that differ are told apart by the files that differ, whether they
// are committed or not, and with and without git.
func TestDifferingFiles(t *testing.T) {
	t.Parallel()
	env := append(cleanEnv(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	for name, tc := range map[string]struct {
		git     bool
		changes map[string]string // of the other machine; "": the file is removed
		want    string
	}{
		"the same":          {true, nil, ""},
		"changed":           {true, map[string]string{"a.go": "package b\n"}, "files that differ: a.go"},
		"removed":           {true, map[string]string{"a.go": ""}, "files that differ: a.go (only here)"},
		"added":             {true, map[string]string{"x y.go": "package a\n"}, "files that differ: x y.go (not here)"},
		"many":              {true, map[string]string{"a.go": "", "b.go": "x", "c/c.go": "x", "d.go": "x", "e.go": "x"}, "files that differ: a.go (only here), b.go, c/c.go and 2 more"},
		"a file of no kind": {true, map[string]string{"notes.txt": "x"}, ""},
		"without git":       {false, map[string]string{"b.go": "x", "e.go": "x"}, "files that differ: b.go, e.go (not here)"},
	} {
		read := func(changes map[string]string) sourceList {
			dir := t.TempDir()
			write := func(name, text string) {
				file := filepath.Join(dir, name)
				err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600))
				if text == "" {
					err = os.Remove(file)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"go.mod", "a.go", "b.go", "c/c.go", "d.go"} {
				write(name, "package a\n")
			}
			if tc.git {
				for _, words := range [][]string{{"init", "-q"}, {"add", "."}} {
					if _, err := git(dir, env, words...); err != nil {
						t.Fatal(err)
					}
				}
			}
			for name, text := range changes {
				write(name, text)
			}
			list, err := readSource(dir, env)
			if err != nil || (list.kind == "git") != tc.git {
				t.Fatalf("%s: %s, %v", name, list.kind, err)
			}
			return list
		}
		if got := differingFiles(read(tc.changes), read(nil)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	if got := differingFiles(sourceList{"git", nil}, sourceList{"files", []byte("x")}); got != "" {
		t.Errorf("of two kinds: %q", got)
	}
}

// FuzzSourceFiles: a list that another machine has sent does no harm.
func FuzzSourceFiles(f *testing.F) {
	f.Add("100644 aa 0\ta.go\x00\"b.go\" bb\n\"a.go\" is gone\n")
	f.Add("\"")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{"git", "files"} {
			list := sourceList{kind, []byte(text)}
			for name := range list.files() {
				if !strings.Contains(text, name) && !strings.Contains(text, "\\") {
					t.Errorf("a file %q that is not in it", name)
				}
			}
			if got := differingFiles(list, list); got != "" {
				t.Errorf("it differs from itself: %s", got)
			}
		}
	})
}
