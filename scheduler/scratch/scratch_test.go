package scratch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// canLock skips a test where there are no locks.
func canLock(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if _, err := tryLock(f); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("there are no locks here")
	}
}

// abandon makes a folder as a process leaves it that is killed: what it locked is free.
func abandon(t *testing.T, parent, kind string) string {
	t.Helper()
	d, err := Make(parent, kind)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.lock.Close(); err != nil {
		t.Fatal(err)
	}
	return d.Path
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// TestSweep: what a killed process has left is removed, with folders that cannot be written to, and
// nothing else.
func TestSweep(t *testing.T) {
	t.Parallel()
	canLock(t)
	parent := t.TempDir()
	left := abandon(t, parent, "work-")
	write(t, filepath.Join(left, "a", "b", "file"), "x")
	if err := os.Chmod(filepath.Join(left, "a", "b"), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(left, "a", "b"), 0o700) }) // it is gone, or the test fails
	live, err := Make(parent, "work-")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(live.Path, "file"), "x")
	kept := map[string]string{"live": live.Path}
	kept["made without a lock"] = filepath.Join(parent, Prefix+"nolock")
	write(t, filepath.Join(kept["made without a lock"], "file"), "x")
	kept["another machine's"] = abandon(t, parent, "other-")
	write(t, filepath.Join(kept["another machine's"], lockName), "another")
	kept["killed before it said whose it is"] = abandon(t, parent, "early-")
	write(t, filepath.Join(kept["killed before it said whose it is"], lockName), "")
	kept["with another name"] = filepath.Join(parent, "x")
	if err := os.Rename(abandon(t, parent, ""), kept["with another name"]); err != nil {
		t.Fatal(err)
	}
	kept["a file"] = filepath.Join(parent, Prefix+"file")
	write(t, kept["a file"], "x")
	if runtime.GOOS != "windows" {
		elsewhere := abandon(t, t.TempDir(), "")
		kept["a link"], kept["behind the link"] = filepath.Join(parent, Prefix+"link"), elsewhere
		if err := os.Symlink(elsewhere, kept["a link"]); err != nil {
			t.Fatal(err)
		}
	}
	gone := Sweep(t.Context(), filepath.Join(parent, "none"), parent)
	if len(gone) != 1 || gone[0] != left || exists(left) {
		t.Errorf("removed %v, want %s", gone, left)
	}
	for what, path := range kept {
		if !exists(path) {
			t.Errorf("%s is gone", what)
		}
	}
	if err := live.Remove(); err != nil || exists(live.Path) {
		t.Errorf("removed by its owner: %v", err)
	}
}

// TestSweepEnds: with the context nothing more is removed.
func TestSweepEnds(t *testing.T) {
	t.Parallel()
	canLock(t)
	parent := t.TempDir()
	left := abandon(t, parent, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if gone := Sweep(ctx, parent); len(gone) > 0 || !exists(left) {
		t.Errorf("removed %v", gone)
	}
}

// TestMakeBesideSweep: a folder is its maker's from the moment at which Make returns, whatever others
// remove meanwhile.
func TestMakeBesideSweep(t *testing.T) {
	t.Parallel()
	canLock(t)
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var sweepers, makers sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for ctx.Err() == nil {
				Sweep(ctx, parent)
			}
		})
	}
	for range 4 {
		makers.Go(func() {
			for range 200 {
				d, err := Make(parent, "")
				if err != nil {
					t.Error(err)
					return
				}
				file := filepath.Join(d.Path, "file")
				if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
					t.Error(err)
				}
				if gone := Sweep(ctx, parent); !exists(file) {
					t.Errorf("%s is gone with %v", file, gone)
				}
				if err := d.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	makers.Wait()
	cancel()
	sweepers.Wait()
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestNoLocks: where a file cannot be locked there is a folder all the same, and none that somebody
// could take for abandoned.
func TestNoLocks(t *testing.T) {
	t.Parallel()
	d := &Dir{Path: t.TempDir()}
	if held, err := d.hold("host", func(*os.File) (bool, error) { return false, errors.ErrUnsupported }); !held || err != nil {
		t.Errorf("held: %v, %v", held, err)
	}
	if entries, err := os.ReadDir(d.Path); err != nil || len(entries) > 0 {
		t.Errorf("%v is in it, %v", entries, err)
	}
	if err := d.Remove(); err != nil || exists(d.Path) {
		t.Errorf("removed: %v", err)
	}
	if err := RemoveAll(d.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestMakeAbsolute: a folder is where it is for processes with another working directory too.
func TestMakeAbsolute(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	parent, err := filepath.Rel(here, t.TempDir())
	if err != nil {
		t.Skip(err) // another drive
	}
	d, err := Make(parent, "")
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(d.Path) {
		t.Errorf("%s is relative", d.Path)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}
