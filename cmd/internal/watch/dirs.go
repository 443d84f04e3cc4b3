package watch

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// recursive is the end of a root that stands for the directories below it too.
	recursive = "/..."

	// maxDepth is how many levels below a root directories are watched: gotestsum's
	// limit. It keeps a root too far up (a home directory) from using up all the
	// notifications that the OS grants a user.
	maxDepth = 7
)

// tree is the part of the file system that is to be watched.
type tree struct {
	roots  []root
	debugf func(format string, args ...any)
	warnf  func(format string, args ...any)
}

type root struct {
	dir     string // cleaned
	subdirs bool   // the directories below are part of the tree
}

func newTree(dirs []string, o Options) *tree {
	t := &tree{debugf: o.Debugf, warnf: o.Warnf}
	for _, dir := range dirs {
		dir = filepath.ToSlash(dir)
		trimmed, subdirs := strings.CutSuffix(dir, recursive)
		if subdirs && trimmed == "" {
			trimmed = "/"
		}
		t.roots = append(t.roots, root{filepath.Clean(trimmed), subdirs})
	}
	return t
}

// dirs returns the directories to watch: each root, where the ones that stand for
// what is below them, and everything below, only count if they have Go files.
func (t *tree) dirs() []string {
	var all []string
	for _, r := range t.roots {
		if !r.subdirs {
			all = append(all, r.dir)
			continue
		}
		t.walk(r.dir, func(dir string) {
			if !t.hasGoFiles(dir) {
				t.debugf("Ignoring %v because it has no .go files", dir)
				return
			}
			all = append(all, dir)
		})
	}
	return all
}

// newDirs returns dir, which has just appeared, and the directories below it, as far
// as they belong to the tree: also those without Go files, which may be on their way.
func (t *tree) newDirs(dir string) []string {
	var all []string
	t.walk(dir, func(dir string) { all = append(all, dir) })
	return all
}

// walk calls visit with dir and the directories below it that belong to the tree.
func (t *tree) walk(dir string, visit func(dir string)) {
	// With a separator at the end a root that is a symbolic link is followed.
	top := dir + string(filepath.Separator)
	walker := func(path string, entry fs.DirEntry, err error) error {
		path = filepath.Clean(path)
		switch {
		case err != nil:
			t.warnf("watch %v: %v", path, err)
			return nil
		case !entry.IsDir():
			return nil
		case !t.contains(path):
			t.debugf("Ignoring %v because of max depth or exclude list", path)
			return fs.SkipDir
		}
		visit(path)
		return nil
	}
	// walker returns no error but SkipDir, so neither does WalkDir.
	_ = filepath.WalkDir(top, walker)
}

// contains reports whether the directory is a root, or below one that has
// subdirectories, by its name alone.
func (t *tree) contains(dir string) bool {
	for _, r := range t.roots {
		rel, err := filepath.Rel(r.dir, dir)
		if err != nil || rel != "." && !r.subdirs {
			continue
		}
		if rel == "." || withinRoot(rel) {
			return true
		}
	}
	return false
}

// withinRoot reports whether a directory, relative to a root and not the root
// itself, is near enough and not excluded. A path out of the root begins with "..",
// which is excluded like everything that begins with a dot.
func withinRoot(rel string) bool {
	names := strings.Split(rel, string(filepath.Separator))
	if len(names) > maxDepth {
		return false
	}
	for _, name := range names {
		if name == "vendor" || name == "testdata" || strings.HasPrefix(name, ".") {
			return false
		}
	}
	return true
}

// hasGoFiles reports whether a Go file is directly in dir. It reads no further than
// the first one.
func (t *tree) hasGoFiles(dir string) bool {
	fh, err := os.Open(dir)
	if err != nil {
		t.warnf("watch %v: %v", dir, err)
		return false
	}
	defer func() { _ = fh.Close() }() // it was only read
	for {
		names, err := fh.Readdirnames(64) // most directories are read at once
		for _, name := range names {
			if strings.HasSuffix(name, ".go") {
				return true
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return false
		case err != nil:
			t.warnf("watch %v: %v", dir, err)
			return false
		}
	}
}

// goFiles returns the paths of the Go files directly in dir that go itself would
// look at. A directory that cannot be read has none: it may be gone again.
func goFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, entry := range entries {
		if isGoFile(entry.Name()) {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	return files
}

// isGoFile reports whether go looks at a file of this name. It ignores those that
// begin with "_" or ".", among them the lock files that Emacs makes (".#name.go")
// when a buffer is first changed.
func isGoFile(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(name, ".go") && name[0] != '.' && name[0] != '_'
}
