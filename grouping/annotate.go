package grouping

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Annotate adds to the tests of p what the source in p.Dir says of them: file,
// line, directives, and whether they call t.Parallel. The list itself stays as
// it is: a function that is not in it is not added, and a test that is not
// found in the source keeps what it has.
//
// The error is a [DirectiveError] with all that is wrong in the directory, or
// that of a file that could not be read.
func Annotate(p *Package, o SourceOptions) ([]Warning, error) {
	files, err := readDir(p.Dir, o, o.Positions)
	if err != nil {
		return nil, fmt.Errorf("find tests of %s: %w", p.ImportPath, err)
	}
	warnings, err := verdict(files)
	if err != nil {
		return nil, err
	}
	byName := make(map[testID][]int, len(p.Tests))
	for i, t := range p.Tests {
		id := testID{t.Name, t.External}
		byName[id] = append(byName[id], i)
	}
	// In a package that is itself called x_test, files of package x_test are
	// internal, whatever their package clause looks like.
	hasExternal := slices.ContainsFunc(p.Tests, func(t Test) bool { return t.External })
	for _, f := range files {
		for _, fn := range f.funcs {
			for _, i := range byName[testID{fn.name, f.external && hasExternal}] {
				p.Tests[i].annotate(f, fn)
			}
		}
	}
	return warnings, nil
}

// testID tells the tests of one binary apart.
type testID struct {
	name     string
	external bool
}

// annotate enters what a file says of the test.
func (t *Test) annotate(f *testFile, fn testFunc) {
	t.File = filepath.Base(f.path)
	t.Line = fn.line
	t.parallelLine = fn.parallelLine
	t.Parallel = fn.parallelLine > 0
	t.Group = f.group(fn)
	t.Serial = f.serial(fn)
	t.Labels = union(f.marks.labels, fn.marks.labels)
	t.Locks = union(f.marks.locks, fn.marks.locks)
	t.Timeout = f.timeout(fn)
	t.Split = f.split(fn) != 0
	t.Directives = slices.Concat(f.marks.right, fn.marks.right)
}

// readDir reads the test files of a directory that are part of the build:
// all of them, or those that mention a directive.
func readDir(dir string, o SourceOptions, all bool) ([]*testFile, error) {
	names, err := o.testFiles(dir)
	if err != nil {
		return nil, err
	}
	context := o.context()
	var files []*testFile
	for _, name := range names {
		path := filepath.Join(dir, name)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !all && !mentionsDirective(src) {
			continue
		}
		if f := parseTestFile(context, path, src); f != nil {
			files = append(files, f)
		}
	}
	return files, nil
}

// verdict returns what is to be said of the files of one directory.
func verdict(files []*testFile) ([]Warning, error) {
	var warnings []Warning
	var problems []Problem
	type place struct {
		path string
		test Test
	}
	groups := make(map[string]place)
	for _, f := range files {
		warnings = append(warnings, f.warnings...)
		problems = append(problems, f.problems...)
		problems = append(problems, f.unsupported...)
		for _, fn := range f.funcs {
			group := f.group(fn)
			if group == "" {
				continue
			}
			test := Test{Name: fn.name, Group: group, Line: fn.line}
			if prev, ok := groups[fn.name]; ok && prev.test.Group != group {
				problems = append(problems, disagreement(f.path, test, prev.path, prev.test))
				continue
			}
			groups[fn.name] = place{f.path, test}
		}
	}
	sortWarnings(warnings)
	return warnings, directiveError(problems)
}
