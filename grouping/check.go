package grouping

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// CheckDir reports what is wrong with the directives of one directory, as
// [CheckTree] does for many.
func CheckDir(dir string, o SourceOptions) ([]Warning, error) {
	return check([]string{dir}, o)
}

// CheckTree reports what is wrong with the directives in the directories below
// the roots, the roots included, so that it can be said before anything is
// built. It looks where the pattern ./... does: not into testdata, vendor and
// nested modules, nor into directories whose name begins with _ or a dot. Only
// files that mention a directive are parsed.
//
// The error is a [DirectiveError] with all problems of all directories, or that
// of a root that could not be read. A file or directory further down that
// cannot be read is left to the go command, which names it for the packages
// that are really tested.
func CheckTree(roots []string, o SourceOptions) ([]Warning, error) {
	seen := make(map[string]bool)
	var dirs []string
	for _, root := range roots {
		below, err := testDirs(filepath.Clean(root), seen)
		if err != nil {
			return nil, fmt.Errorf("check directives: %w", err)
		}
		dirs = append(dirs, below...)
	}
	return check(dirs, o)
}

// testDirs returns the directories with test files in the tree below root,
// without those already seen.
func testDirs(root string, seen map[string]bool) ([]string, error) {
	if seen[root] {
		return nil, nil
	}
	seen[root] = true
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var dirs []string
	if slices.ContainsFunc(entries, func(e os.DirEntry) bool { return isTestFile(e.Name()) }) {
		dirs = append(dirs, root)
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		if !e.IsDir() || outsidePatterns(e.Name()) || isModule(dir) {
			continue
		}
		below, err := testDirs(dir, seen)
		if err != nil {
			continue // left to the go command: see CheckTree
		}
		dirs = append(dirs, below...)
	}
	return dirs, nil
}

// outsidePatterns reports whether ./... does not match directories of that name.
func outsidePatterns(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".")
}

// isModule reports whether a directory is the root of a module.
func isModule(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && !info.IsDir()
}

// check reads the directories, a few at a time.
func check(dirs []string, o SourceOptions) ([]Warning, error) {
	var (
		mu       sync.Mutex // guards what follows
		warnings []Warning
		problems []Problem
	)
	var g errgroup.Group
	g.SetLimit(2 * runtime.GOMAXPROCS(0)) // one computes while one waits for the disk
	for _, dir := range dirs {
		g.Go(func() error {
			files, err := readDir(dir, o, false)
			if err != nil {
				return nil // left to the go command: see CheckTree
			}
			w, err := verdict(files)
			mu.Lock()
			defer mu.Unlock()
			warnings = append(warnings, w...)
			var wrong *DirectiveError
			if errors.As(err, &wrong) {
				problems = append(problems, wrong.Problems...)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sortWarnings(warnings)
	return warnings, directiveError(problems)
}
