// Package scratch makes temporary folders, and removes those that killed processes have left.
//
// A process holds a lock on a file in each of its folders, which the operating system frees when the
// process ends, in whatever way. So neither the number of a process that is another's by now nor a
// folder that containers share makes a folder that is in use look like one that nobody needs. Where
// files cannot be locked, folders are made all the same, and none is ever taken for an abandoned one.
package scratch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// lockName is the file in a folder that its process has locked. It holds the name of the machine: locks
// on a shared file system may be unknown to others.
const lockName = ".cohort-lock"

// Prefix begins the names of all folders that Sweep looks at.
const Prefix = "cohort-"

// Dir is a temporary folder of this process. It is to be kept, as the lock ends with it.
type Dir struct {
	// Path is the folder, below the parent that Make was given; absolute.
	Path string
	lock *os.File // nil: there are no locks here
}

// makeTries is how many folders Make makes at most: another process may take one that is not yet locked
// for an abandoned one.
const makeTries = 100

// Make makes a folder (mode 0700) in parent, "" for the one that the system has for such folders. Its
// name begins with Prefix and kind. The caller calls Remove.
func Make(parent, kind string) (*Dir, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // then nobody takes the folder for one of this machine
	}
	if parent == "" {
		parent = os.TempDir() // it may be relative
	}
	if parent, err = filepath.Abs(parent); err != nil {
		return nil, err
	}
	for range makeTries {
		path, err := os.MkdirTemp(parent, Prefix+kind)
		if err != nil {
			return nil, err
		}
		d := &Dir{Path: path}
		held, err := d.hold(host, tryLock)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make %s: %w", path, err), os.RemoveAll(path))
		}
		if held {
			return d, nil
		}
		_ = os.RemoveAll(path) // who was faster may be at it too
	}
	return nil, fmt.Errorf("make a temporary folder in %s: others remove it", parent)
}

// hold locks the folder. It reports false if another process has locked or removed it before.
func (d *Dir) hold(host string, tryLock func(*os.File) (bool, error)) (bool, error) {
	name := filepath.Join(d.Path, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	switch locked, err := tryLock(f); {
	case err != nil: // no locks here: without the file nobody takes it for abandoned
		return true, errors.Join(f.Close(), os.Remove(name))
	case !locked:
		return false, f.Close()
	}
	if _, err := f.WriteString(host); err != nil {
		return false, errors.Join(err, f.Close())
	}
	mine, err := f.Stat()
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	if there, err := os.Lstat(name); err != nil || !os.SameFile(mine, there) {
		return false, f.Close() // whatever is there now, another process is at it
	}
	d.lock = f
	return true, nil
}

// Remove removes the folder and frees its lock. It is called once.
func (d *Dir) Remove() error {
	err := clear(d.Path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close()) // Windows removes no open file
	}
	return errors.Join(err, RemoveAll(d.Path))
}

// clear removes what is in a folder, but for the lock: as long as that is there, the rest is found
// should this process be killed.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range entries {
		if e.Name() != lockName {
			errs = append(errs, RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// RemoveAll removes a folder with what tests have left in it: folders that cannot be written to among
// them.
func RemoveAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(name, 0o700) // what is then wrong, RemoveAll says
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// Sweep removes the folders in parents that processes of this user have left on this machine, and returns
// those that are gone. It ends early with ctx. What cannot be removed is left for another time: the
// folders are nobody's, so nobody is told.
func Sweep(ctx context.Context, parents ...string) (gone []string) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return nil
	}
	for _, parent := range parents {
		entries, err := os.ReadDir(parent)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				return gone
			}
			if !e.IsDir() || !strings.HasPrefix(e.Name(), Prefix) {
				continue
			}
			if dir := filepath.Join(parent, e.Name()); sweep(dir, host) {
				gone = append(gone, dir)
			}
		}
	}
	return gone
}

// sweep removes a folder if it was abandoned on this machine, and reports whether it did.
func sweep(dir, host string) bool {
	name := filepath.Join(dir, lockName)
	folder, err := os.Lstat(dir)
	if err != nil || !folder.IsDir() || !isMine(folder) {
		return false
	}
	if file, err := os.Lstat(name); err != nil || !file.Mode().IsRegular() || !isMine(file) {
		return false
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	locked, err := tryLock(f)
	if err == nil && locked {
		var text []byte
		if text, err = os.ReadFile(name); err == nil && string(text) == host {
			err = clear(dir)
		} else {
			locked = false
		}
	}
	// The lock is freed before the rest is removed, for Windows: only one that also sweeps can take it.
	if f.Close() != nil || err != nil || !locked {
		return false
	}
	return RemoveAll(dir) == nil
}
