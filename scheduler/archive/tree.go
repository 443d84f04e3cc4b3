package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the part of a source that is packed.
type tree struct {
	// base is the folder that holds all of it, absolute.
	base string
	// left reports whether a file or folder is left out.
	left func(name string, info fs.FileInfo) bool

	files map[string]File // by path below base
	notes []string        // what cannot be packed
}

// versionControl are folders, or files in their place, with the past of the source.
func versionControl() []string { return []string{".git", ".hg", ".svn", ".bzr", ".jj", "_FOSSIL_"} }

// path returns where a file or folder is below base, with slashes.
func (t *tree) path(name string) (string, error) {
	rel, err := filepath.Rel(t.base, name)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s is not below %s", name, t.base)
	}
	slashed := filepath.ToSlash(rel)
	if !isBelow(slashed) {
		return "", fmt.Errorf("%s cannot be packed: another system would read its name as a path", name)
	}
	return slashed, nil
}

// add adds a file, or a folder with all that is in it.
func (t *tree) add(name string) error {
	if err := t.addParents(name); err != nil {
		return err
	}
	return filepath.WalkDir(name, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile
		}
		if err != nil {
			return err
		}
		if slices.Contains(versionControl(), d.Name()) || t.left(name, info) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return t.note(name, info)
	})
}

// addIfThere adds a file if there is one of that name.
func (t *tree) addIfThere(name string) error {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.addParents(name); err != nil {
		return err
	}
	return t.note(name, info)
}

// addParents adds the folders that lead from base to a file or folder, without what is in them.
func (t *tree) addParents(name string) error {
	rel, err := t.path(name)
	if err != nil {
		return err
	}
	dir := t.base
	for _, element := range strings.Split(rel, "/") {
		if element == "." || filepath.Join(dir, element) == name {
			return nil
		}
		dir = filepath.Join(dir, element)
		info, err := os.Lstat(dir)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is no folder", dir)
		}
		if err := t.note(dir, info); err != nil {
			return err
		}
	}
	return nil
}

// addFolder adds a folder, without what is in it.
func (t *tree) addFolder(name string) error {
	return t.addParents(filepath.Join(name, "_"))
}

// note notes one file, folder or link.
func (t *tree) note(name string, info fs.FileInfo) error {
	rel, err := t.path(name)
	if err != nil {
		return err
	}
	if _, ok := t.files[rel]; ok || rel == "." {
		return nil
	}
	f := File{Path: rel, Perm: info.Mode().Perm(), Time: info.ModTime()}
	switch {
	case info.IsDir():
		f.Folder = true
	case info.Mode()&fs.ModeSymlink != 0:
		if f.Link, err = os.Readlink(name); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		f.Size = info.Size()
	default:
		t.notes = append(t.notes, fmt.Sprintf("%s is left out: it is no file, folder or link", name))
		return nil
	}
	t.files[rel] = f
	return nil
}

// checkLinks notes which links lead to what is not packed, and how it can be. Those that lead nowhere
// do so in the archive, too.
func (t *tree) checkLinks() {
	for _, f := range t.sorted() {
		if f.Link == "" {
			continue
		}
		name := filepath.Join(t.base, filepath.FromSlash(f.Path))
		to, advice := f.Link, ""
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
			if t.leadsInside(to) {
				continue
			}
			advice = ": --include=" + to
		}
		t.notes = append(t.notes, fmt.Sprintf("%s links to %s, which is not in the archive%s", name, to, advice))
	}
}

// leadsInside reports whether a link to a file or folder leads to one that is packed, or to nothing.
func (t *tree) leadsInside(to string) bool {
	real, err := filepath.EvalSymlinks(to)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	rel, err := t.path(real)
	_, packed := t.files[rel]
	return err == nil && (packed || rel == ".")
}

// sorted returns all that was added, folders before what is in them.
func (t *tree) sorted() []File {
	files := slices.Collect(maps.Values(t.files))
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// commonBase returns the deepest folder that holds all of these, which are absolute.
func commonBase(dirs []string) (string, error) {
	base := dirs[0]
	for _, dir := range dirs[1:] {
		for {
			rel, err := filepath.Rel(base, dir)
			if err == nil && filepath.IsLocal(rel) {
				break
			}
			parent := filepath.Dir(base)
			if parent == base {
				return "", fmt.Errorf("%s and %s are below no folder together", base, dir)
			}
			base = parent
		}
	}
	return base, nil
}
