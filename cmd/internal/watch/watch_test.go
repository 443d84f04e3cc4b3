package watch

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// watching is a Watch in a goroutine of its own, with real notifications.
type watching struct {
	t    *testing.T
	runs chan Event   // every call of Run; a run ends when the test asks for the next
	end  func() error // ends Watch and returns what it returned
}

// startWatch returns when dirs are watched.
func startWatch(t *testing.T, dirs ...string) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t: t, runs: make(chan Event)}
	out, in := io.Pipe()
	result := make(chan error, 1)
	go func() {
		err := Watch(ctx, Options{Dirs: dirs, Stdout: in,
			Run: func(ctx context.Context, e Event) error {
				select {
				case w.runs <- e:
				case <-ctx.Done():
				}
				return nil
			}})
		result <- errors.Join(err, in.Close())
	}()
	buf := make([]byte, 1024)
	n, err := out.Read(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "Watching ") {
		t.Fatalf("read %q, %v", buf[:n], err)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, out)
	}()
	w.end = func() error {
		cancel()
		err := <-result
		<-drained
		return err
	}
	return w
}

// want waits for the next run.
func (w *watching) want(when string, packages ...string) {
	w.t.Helper()
	if got := <-w.runs; !slices.Equal(got.Packages, packages) {
		w.t.Errorf("%s: run of %q, want %q", when, got.Packages, packages)
	}
}

// TestWatchFiles does to real files what editors do.
func TestWatchFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := filepath.ToSlash(filepath.Join(dir, "a"))
	file := write(t, "package a\n", dir, "a", "a.go")
	w := startWatch(t, dir+"/...")

	write(t, "package a // written\n", file)
	w.want("written in place", a)

	tmp := write(t, "package a // renamed\n", dir, "a", ".a.go.tmp")
	if err := os.Rename(tmp, file); err != nil {
		t.Fatal(err)
	}
	w.want("written and renamed", a)

	// vim with a backup: the old file is renamed, then a new one is written.
	if err := os.Rename(file, file+"~"); err != nil {
		t.Fatal(err)
	}
	write(t, "package a // new\n", file)
	w.want("moved away and written", a)

	deep := write(t, "package c\n", dir, "a", "deep", "c.go")
	w.want("new directory", a+"/deep")
	write(t, "package c // again\n", deep)
	w.want("in the new directory", a+"/deep")

	// None of these runs anything: the next run is that of the file after them.
	write(t, "text\n", dir, "a", "readme.md")
	write(t, "package v\n", dir, "a", "testdata", "v.go")
	if err := os.Symlink("nowhere", filepath.Join(dir, "a", ".#a.go")); err != nil {
		t.Log("no symbolic links:", err)
	}
	write(t, "package c // more\n", deep)
	w.want("after what does not count", a+"/deep")

	if err := w.end(); err != nil {
		t.Error(err)
	}
}

func TestWatchMissingDirectory(t *testing.T) {
	t.Parallel()
	err := Watch(t.Context(), Options{Dirs: []string{filepath.Join(t.TempDir(), "missing")}})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "watch directory ") {
		t.Errorf("got %v", err)
	}
}

// TestNoTerminal: a standard input that is no terminal is a warning, and the keys in
// it are not read.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	in, err := os.Open(write(t, "aaa", t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var warnings []string
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = Watch(ctx, Options{Dirs: []string{t.TempDir()}, Stdin: in,
		Warnf: func(f string, _ ...any) { warnings = append(warnings, f) },
		Run:   func(context.Context, Event) error { return errors.New("a key was read") }})
	if err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0], "no terminal input -- keyboard shortcuts disabled") {
		t.Errorf("got %v, warnings %q", err, warnings)
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for read, want := range map[string]string{
		"": "", "r": "r", "rl": "rl", "\x1b": "", "\x1bOd": "", "\x1bOdr": "r", "\x1b[Aa": "a",
		"\x1b[1;5Dl": "l", "\x1bdl": "l", "\x1b[": "", "r\x1b[1": "r",
	} {
		if got := string(typed([]byte(read))); got != want {
			t.Errorf("typed(%q) = %q, want %q", read, got, want)
		}
	}
}
