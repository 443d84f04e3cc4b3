package archive

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Match returns the numbers of the packages that patterns name, in the order in which the go command
// would have them: that of the patterns, and of the archive. Without patterns it is the package in
// the folder in which the go command was started. dir is where the source is, for absolute
// patterns. A pattern that names no package is an error.
func (m *Manifest) Match(dir string, patterns []string) ([]int, error) {
	if slices.Equal(patterns, m.Patterns) { // words like std, too
		return count(len(m.Packages)), nil
	}
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	var all []int
	for _, pattern := range patterns {
		found := m.match(dir, pattern)
		if len(found) == 0 {
			return nil, fmt.Errorf("no package in the archive matches %s: it was made of %s", pattern, strings.Join(m.Patterns, " "))
		}
		for _, n := range found {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all, nil
}

// count returns the numbers below n.
func count(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// match returns the numbers of the packages that a pattern names.
func (m *Manifest) match(dir, pattern string) []int {
	name := func(p Package) string { return p.ImportPath }
	if below, ok := m.folder(dir, pattern); ok {
		name = func(p Package) string { return p.Dir }
		pattern = below
	}
	matches := matcher(pattern)
	var found []int
	for i, p := range m.Packages {
		if matches(name(p)) {
			found = append(found, i)
		}
	}
	return found
}

// folder returns a pattern that names folders as one of paths of the source; false for one that names
// import paths. One that leads out of the source matches nothing.
func (m *Manifest) folder(dir, pattern string) (string, bool) {
	if filepath.IsAbs(pattern) {
		rel, err := filepath.Rel(dir, pattern)
		if err != nil {
			return "", true
		}
		return filepath.ToSlash(rel), true
	}
	slashed := filepath.ToSlash(pattern)
	if first, _, _ := strings.Cut(slashed, "/"); first != "." && first != ".." {
		return "", false
	}
	return path.Join(m.WorkDir, slashed), true
}

// matcher returns what reports whether a pattern names a package, as the go command's patterns do:
// "..." stands for anything, a "/..." at the end for nothing too, and not for folders that the go
// command leaves out (see go help packages).
func matcher(pattern string) func(name string) bool {
	literal, _, wild := strings.Cut(pattern, "...")
	if !wild {
		return func(name string) bool { return name == pattern }
	}
	if pattern == "..." {
		literal = ""
	}
	expr := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, `.*`)
	if before, ok := strings.CutSuffix(expr, `/.*`); ok {
		expr = before + `(/.*)?`
	}
	re := regexp.MustCompile("^" + expr + "$")
	return func(name string) bool {
		if !re.MatchString(name) {
			return false
		}
		rest := strings.TrimPrefix(name, literal)
		return !slices.ContainsFunc(strings.Split(rest, "/"), func(element string) bool {
			return element == "testdata" || element == "vendor" || strings.HasPrefix(element, "_") ||
				len(element) > 1 && strings.HasPrefix(element, ".")
		})
	}
}
