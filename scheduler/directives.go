package scheduler

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/gotestcohort/cohort/grouping"
)

// CheckDirectives reads the directives of the packages that the user named by
// their place (./..., ./a/b), so that a wrong one is an error before any test
// runs: a *grouping.DirectiveError. Packages named by import path are checked
// when the go command hands them over.
func (c *Config) CheckDirectives() error {
	source := c.source()
	source.Positions = false
	var trees []string
	var errs []error
	for _, pattern := range c.localPatterns() {
		root, rest, tree := strings.Cut(pattern, "...")
		dir := filepath.Join(c.Dir, c.GoTest.Dir, filepath.FromSlash(strings.TrimSuffix(root, "/")))
		switch {
		case tree && rest == "" && (strings.HasSuffix(root, "/") || root == ""):
			trees = append(trees, dir)
		case tree: // ./a...b: rare, and checked at the packages themselves
		case strings.HasSuffix(pattern, ".go"):
			// Named files: whether they make a package is for the go command.
		default:
			_, err := grouping.CheckDir(dir, source)
			errs = append(errs, err)
		}
	}
	if len(trees) > 0 {
		_, err := grouping.CheckTree(trees, source)
		errs = append(errs, err)
	}
	return directiveErrors(errs)
}

// localPatterns returns the package patterns that are places.
func (c *Config) localPatterns() []string {
	if len(c.GoTest.Packages) == 0 {
		return []string{"."}
	}
	var local []string
	for _, pattern := range c.GoTest.Packages {
		if pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../") {
			local = append(local, pattern)
		}
	}
	return local
}

// directiveErrors joins what is wrong with directives. Anything else (a
// directory that does not exist, say) is the go command's to report.
func directiveErrors(errs []error) error {
	all := &grouping.DirectiveError{}
	for _, err := range errs {
		if wrong, ok := errors.AsType[*grouping.DirectiveError](err); ok {
			all.Problems = append(all.Problems, wrong.Problems...)
		}
	}
	if len(all.Problems) == 0 {
		return nil
	}
	return all
}
