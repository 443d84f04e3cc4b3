package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// TestPackagesOf: a history knows packages that a run leaves out. Patterns that need the go command name
// all.
func TestPackagesOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m.test/a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	const root, sub, deep, like = "m.test/a", "m.test/a/sub", "m.test/a/sub/deep", "m.test/a/subway"
	for _, tc := range []struct {
		dir      string
		patterns []string
		want     []string
	}{
		{"", nil, []string{root}},
		{"sub", nil, []string{sub}},
		{"", []string{"./..."}, []string{root, sub, deep, like}},
		{"", []string{"./sub"}, []string{sub}},
		{"", []string{"./sub/..."}, []string{sub, deep}},
		{"", []string{".", "./subway"}, []string{root, like}},
		{"", []string{"./sub", "m.test/a/subway"}, []string{root, sub, deep, like}},
		{"", []string{"./.../deep"}, []string{root, sub, deep, like}},
		{"", []string{"./../b"}, []string{root, sub, deep, like}},
	} {
		named := packagesOf(&gotest.Args{Dir: filepath.Join(dir, tc.dir), Packages: tc.patterns}, root)
		var got []string
		for _, pkg := range []string{root, sub, deep, like} {
			if named(pkg) {
				got = append(got, pkg)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q in %q: %v, want %v", tc.patterns, tc.dir, got, tc.want)
		}
	}
}
