package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Key names the attempts of which files are kept.
type Key struct {
	Package, Test string
	Attempt       int // 0 for the first
}

// Store is the folder where files of failed tests are kept. Its methods may be called concurrently.
type Store struct {
	dir string // absolute
	max int64  // bytes of all files together; 0: no bound

	mu      sync.Mutex // guards what follows, and is held while files are moved
	bytes   int64
	kept    map[Key][]string
	dropped []string
	err     error // the first one
	errors  int
}

// NewStore makes the folder, if need be, and checks that files can be made in it. Max bounds the bytes
// that this Store adds to it, 0 for no bound.
func NewStore(dir string, max int64) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o777); err != nil {
		return nil, err
	}
	probe, err := os.MkdirTemp(abs, ".cohort-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(probe); err != nil {
		return nil, err
	}
	return &Store{dir: abs, max: max, kept: make(map[Key][]string)}, nil
}

// Dir is the absolute path of the folder.
func (s *Store) Dir() string { return s.dir }

// Kept returns the absolute paths of the files that an attempt of a test has left, in order.
func (s *Store) Kept(k Key) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[k]
}

// Dropped returns the names of the files that failed tests have left and that are not kept: those
// beyond the bound, and what is neither a file nor a folder.
func (s *Store) Dropped() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Err is what went wrong first in keeping files, with how often something did: a full disk fails for
// each test. It is nil for nothing.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.errors > 1 {
		return fmt.Errorf("%w (the first of %d such errors)", s.err, s.errors)
	}
	return s.err
}

// fail notes an error, if err is one. The caller holds mu.
func (s *Store) fail(err error) {
	if err == nil {
		return
	}
	s.errors++
	if s.err == nil {
		s.err = err
	}
}

// Keep moves the files of claims, those of an attempt of a package's tests.
func (s *Store) Keep(pkg string, attempt int, claims []Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range claims {
		k := Key{Package: pkg, Test: c.Test, Attempt: attempt}
		if err := s.keep(k, c.Dir); err != nil {
			s.fail(fmt.Errorf("keep the artifacts of %s %s: %w", pkg, c.Test, err))
		}
	}
}

// keep moves the files of one folder.
func (s *Store) keep(k Key, from string) error {
	files, err := list(from)
	if err != nil {
		return err
	}
	keep, drop, bytes := choose(files, s.max, s.bytes)
	for _, f := range drop {
		name := k.Package + " " + k.Test + " " + strconv.Quote(filepath.ToSlash(f.name))
		if !f.regular {
			name += " (no regular file)"
		}
		s.dropped = append(s.dropped, name)
	}
	if len(keep) == 0 {
		return nil
	}
	to, err := newFolder(filepath.Join(s.dir, folderOf(k.Package), nameOf(k.Test)), "attempt"+strconv.Itoa(k.Attempt))
	if err != nil {
		return err
	}
	s.bytes = bytes
	for _, f := range keep {
		path := filepath.Join(to, f.name)
		if err := move(filepath.Join(from, f.name), path); err != nil {
			return err
		}
		s.kept[k] = append(s.kept[k], path)
	}
	return nil
}

// file is what a test has left.
type file struct {
	name    string // relative to the test's folder
	size    int64
	regular bool
}

// choose divides files, in order, into those that are kept and those that are not: each that fits into
// what is left of max bytes, of which used are taken. It returns how many are taken then.
func choose(files []file, max, used int64) (keep, drop []file, bytes int64) {
	for _, f := range files {
		if !f.regular || max > 0 && f.size > max-used {
			drop = append(drop, f)
			continue
		}
		used += f.size
		keep = append(keep, f)
	}
	return keep, drop, used
}

// list returns what is in a test's folder and is no folder, by name. A test may have removed it.
func list(dir string) ([]file, error) {
	if fi, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !fi.IsDir() {
		return nil, nil
	}
	var files []file
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files = append(files, file{name: name, size: info.Size(), regular: info.Mode().IsRegular()})
		return err
	})
	return files, err
}

// newFolder makes a folder in parent that no other run has made: name, or name-2 and so on.
func newFolder(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		path := filepath.Join(parent, name)
		if n > 1 {
			path += "-" + strconv.Itoa(n)
		}
		if err := os.Mkdir(path, 0o777); !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

// move moves a file to another folder, which may be on another file system.
func move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	if os.Rename(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(to)) // no part of a file
	}
	return nil
}

// Remove removes the folder of a process, also what its tests have made read-only.
func (s *Store) Remove(dir string) {
	err := os.RemoveAll(dir)
	if err != nil {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if e != nil && e.IsDir() {
				_ = os.Chmod(path, 0o700) // if that does not help, the second try says why
			}
			return nil
		})
		err = os.RemoveAll(dir)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail(err)
}
