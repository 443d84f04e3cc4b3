package grouping

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// UnusedLocks returns those of the names that no lock directive has in the directories below root,
// where it looks as [CheckTree] does, but whatever the build constraints of a file are. The error is
// that of a root that could not be read.
func UnusedLocks(root string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	dirs, err := testDirs(filepath.Clean(root), make(map[string]bool))
	if err != nil {
		return nil, fmt.Errorf("find locks: %w", err)
	}
	unused := slices.Clone(names)
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // left to the go command: see CheckTree
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			src, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				continue // likewise
			}
			unused = slices.DeleteFunc(unused, func(name string) bool { return hasLock(src, name) })
		}
	}
	return unused, nil
}

// hasLock reports whether a line of a file is a lock directive with that name.
func hasLock(src []byte, name string) bool {
	for line := range bytes.Lines(src) {
		line = bytes.TrimSpace(line)
		if !bytes.HasPrefix(line, []byte(directivePrefix)) {
			continue
		}
		if word, args := parseDirective(string(line)); word == wordLock && slices.Contains(args, name) {
			return true
		}
	}
	return false
}
