package grouping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnusedLocks: a name counts as used wherever a directive has it, whatever the build constraints
// of the file are, but not in other comments, other modules or testdata.
func TestUnusedLocks(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                 "module m",
		"a/a_test.go":            "//go:build never\n\n//cohort:lock db web\npackage a",
		"a/b_test.go":            "package a\n\n\t//cohort:lock\tport\r\nfunc TestA() {}\n// cohort:lock prose\n//cohort:group grouped\n//cohort:lock dbx",
		"a/c.go":                 "//cohort:lock source\npackage a",
		"a/testdata/d_test.go":   "//cohort:lock data\npackage a",
		"nested/go.mod":          "module n",
		"nested/nested_test.go":  "//cohort:lock nested\npackage nested",
		"lock lock/lock_test.go": "lock bare\npackage l",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := strings.Fields("db web port prose grouped d source data nested bare")
	got, err := UnusedLocks(root, names)
	if want := "prose grouped d source data nested bare"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("unused are %v, want %s; %v", got, want, err)
	}
	if got, err := UnusedLocks(filepath.Join(root, "none"), nil); err != nil || got != nil {
		t.Errorf("without names: %v, %v", got, err)
	}
	if _, err := UnusedLocks(filepath.Join(root, "none"), names); err == nil {
		t.Error("no error for a folder that is not there")
	}
}
