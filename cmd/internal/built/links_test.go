package built

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestSourceSum: another text or another file is another sum, and the same ones the same.
func TestSourceSum(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := map[string]string{}
	for _, step := range []struct{ file, text, same string }{
		{"a.go", "package a", ""}, {"a.go", "package b", ""}, {"b.go", "", ""}, {"a.go", "package a", ""},
		{"a.txt", "no source", "package a"},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.file), []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		sum, err := sourceSum(dir)
		if err != nil {
			t.Fatal(err)
		}
		if last, ok := seen[sum]; ok != (step.same != "") || last != step.same {
			t.Errorf("%s with %q: the sum was seen with %q", step.file, step.text, last)
		}
		seen[sum] = step.text
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{"links-kept": 9, "links-old": 9, "links-new": 1, "other": 9} {
		folder := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(folder, "entry"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(folder, now, now.Add(-age*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := forget(filepath.Join(dir, "links-kept"), now.Add(-5*time.Hour)); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if want := []string{"links-kept", "links-new", "other"}; !slices.Equal(left, want) {
		t.Errorf("%q are left, want %q", left, want)
	}
}
