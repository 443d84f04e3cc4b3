package watch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

func TestMatters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		op   fsnotify.Op
		want bool
	}{
		{"a/f_test.go", fsnotify.Rename, true},
		{"a/f_test.go", fsnotify.Remove, false},
		{"a/f_test.go", fsnotify.Chmod, false},
		{"a/f_test.go", fsnotify.Write | fsnotify.Chmod, true},
		{"a/f_test.go", fsnotify.Write, true},
		{"a/f_test.go", fsnotify.Create, true},
		{"a/readme.md", fsnotify.Write, false},
		{"a/.#f.go", fsnotify.Create, false},
		{"a/_f.go", fsnotify.Write, false},
		{"a/f.go~", fsnotify.Write, false},
		{"a/4913", fsnotify.Create, false},
	}
	for _, tt := range tests {
		if got := matters(fsnotify.Event{Name: filepath.FromSlash(tt.name), Op: tt.op}); got != tt.want {
			t.Errorf("%s %s: got %v, want %v", tt.op, tt.name, got, tt.want)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	abs := t.TempDir()
	tests := []struct{ dir, want string }{
		{".", "./."},
		{"a", "./a"},
		{filepath.Join("a", "b"), "./a/b"},
		{filepath.Join("..", "b"), "./../b"},
		{abs, filepath.ToSlash(abs)},
	}
	for _, tt := range tests {
		if got := pattern(tt.dir); got != tt.want {
			t.Errorf("pattern(%q) = %q, want %q", tt.dir, got, tt.want)
		}
	}
}

func TestBurstWait(t *testing.T) {
	t.Parallel()
	c := newChanges()
	start := time.Unix(1000, 0)
	e := fsnotify.Event{Name: "a.go", Op: fsnotify.Write}
	tests := []struct{ at, want time.Duration }{
		{0, quiet},
		{longest - quiet, quiet},
		{longest - quiet/2, quiet / 2},
		{longest, 0},
		{2 * longest, 0},
	}
	for _, tt := range tests {
		if got := c.add(e, false, start.Add(tt.at)); got != tt.want {
			t.Errorf("wait after %v: got %v, want %v", tt.at, got, tt.want)
		}
	}
	c.take()
	if got := c.add(e, false, start.Add(time.Hour)); got != quiet {
		t.Errorf("wait in the next burst: got %v, want %v", got, quiet)
	}
}

// TestTake follows two files through saves and runs: each step is a burst.
func TestTake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.go"), filepath.Join(dir, "b.go")
	pkg := []string{filepath.ToSlash(dir)}
	remove := func(file string) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name    string
		do      func()
		file    string
		op      fsnotify.Op
		running bool
		want    []string
	}{
		{"saved", func() { write(t, "1", a) }, a, fsnotify.Write, false, pkg},
		{"saved as it was", func() { write(t, "1", a) }, a, fsnotify.Write, false, pkg},
		{"run writes what was there", func() { write(t, "1", a) }, a, fsnotify.Write, true, nil},
		{"saved during a run", func() { write(t, "2", a) }, a, fsnotify.Write, true, pkg},
		{"reverted after it", func() { write(t, "1", a) }, a, fsnotify.Write, false, pkg},
		{"back during a run", func() { write(t, "2", a) }, a, fsnotify.Write, true, pkg},
		{"run writes a file not seen before", func() { write(t, "1", b) }, b, fsnotify.Create, true, pkg},
		{"and again", func() { write(t, "1", b) }, b, fsnotify.Write, true, nil},
		{"run's file is gone", func() { remove(b) }, b, fsnotify.Create, true, nil},
		{"moved away", func() {}, b, fsnotify.Rename, false, pkg},
		{"the last one moved away", func() { remove(a) }, a, fsnotify.Rename, false, nil},
	}
	c := newChanges()
	for _, s := range steps {
		s.do()
		c.add(fsnotify.Event{Name: s.file, Op: s.op}, s.running, time.Unix(0, 0))
		if got := c.take(); !slices.Equal(got, s.want) {
			t.Errorf("%s: got %q, want %q", s.name, got, s.want)
		}
	}
}
