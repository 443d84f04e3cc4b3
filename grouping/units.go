package grouping

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Dist says how the tests of a package are distributed over processes.
type Dist string

// The modes of --dist. The zero value means [LoadScope].
const (
	// LoadScope keeps declared groups together; every other test is by itself.
	LoadScope Dist = "loadscope"
	// LoadFile also keeps the other tests of a file together.
	LoadFile Dist = "loadfile"
	// LoadPackage makes a package one unit, in source order, as go test does.
	LoadPackage Dist = "loadpackage"
	// Load ignores declared groups: every test is by itself. A test that asks
	// to be serial stays so, since that is not about its own package's order
	// but about what runs beside it.
	Load Dist = "load"
)

// ParseDist returns the mode with that name, or an error that lists the modes.
func ParseDist(s string) (Dist, error) {
	modes := []Dist{LoadScope, LoadFile, LoadPackage, Load}
	names := make([]string, len(modes))
	for i, mode := range modes {
		if s == string(mode) {
			return mode, nil
		}
		names[i] = string(mode)
	}
	return "", fmt.Errorf("unknown mode %q (there are %s)", s, strings.Join(names, ", "))
}

// Options say how [Units] makes units.
type Options struct {
	// Dist is the mode; the zero value means LoadScope.
	Dist Dist
	// Groups are the --group expressions. The first that matches a test's name
	// puts it in a group, unless a directive already does. The group's name is
	// what the expression's first capture group matched, or the text of the
	// expression if that is nothing.
	Groups []*regexp.Regexp
	// Run and Skip are the -run and -skip patterns; "" means none.
	Run, Skip string
	// Label, if not nil, selects tests by their labels. A declared group has those of its members
	// together, and tests of one name too.
	Label *LabelExpr
	// Only, if not nil, selects the units of which it reports true for the name of a test: the
	// whole unit, for a unit that failed is run again whole.
	Only func(name string) bool
	// PartialGroups runs only those members of declared groups that are selected, even if members
	// before them are not. It is for [Select]; [Units] never adds any.
	PartialGroups bool
}

// Units returns the units of the package's tests that are selected (Run, Skip, Label and Only
// all agree), in the order of their first members; members have the order of p.Tests. No unit is
// without a test and no test is in two. p is not changed. Of a group it takes only the selected
// members: see [Select].
//
// Tests of one name are kept in one unit whatever the mode, because no -run
// pattern tells them apart: if a directive puts one of the two in a group, the
// other goes with it; two directives that disagree are a [DirectiveError].
//
// There is a warning for each member of a declared group that calls t.Parallel, for each test that
// asks to be split and cannot be and, under LoadFile, for each test whose file is not known.
func Units(p *Package, o Options) ([]Unit, []Warning, error) {
	s, err := choose(p, o)
	if err != nil {
		return nil, nil, err
	}
	sel := s.selection(p, o)
	return sel.Units, sel.Warnings, nil
}

// add makes a test a member of the unit.
func (u *Unit) add(t Test) {
	u.Tests = append(u.Tests, t)
	u.Serial = u.Serial || t.Serial
	u.Labels = union(u.Labels, t.Labels)
	u.Locks = union(u.Locks, t.Locks)
	u.Split = u.Group == "" && len(u.Tests) == 1 && t.Split
}

// unitKey tells units apart: tests with the same key are one unit.
type unitKey struct {
	kind  keyKind
	group string // Unit.Group
	name  string // of a single test
}

type keyKind uint8

const (
	single keyKind = iota
	declared
	file
	wholePackage
)

// keyOf returns the key of a test whose group is final. A new mode is a new
// case here.
func keyOf(t Test, dist Dist, importPath string, files map[string]string) unitKey {
	switch {
	case dist == LoadPackage:
		return unitKey{kind: wholePackage, group: importPath}
	case dist != Load && t.Group != "":
		return unitKey{kind: declared, group: t.Group}
	case dist == LoadFile && files[t.Name] != "":
		return unitKey{kind: file, group: files[t.Name]}
	}
	return unitKey{name: t.Name}
}

// fileByName returns for each name the file of the first test of that name.
func fileByName(p *Package) map[string]string {
	files := make(map[string]string, len(p.Tests))
	for _, t := range p.Tests {
		if files[t.Name] == "" {
			files[t.Name] = t.File
		}
	}
	return files
}

// declaredGroups returns the group of each name that is in one. It looks at all
// tests, not only the selected ones, so that a selection moves none to another
// group.
func declaredGroups(p *Package, o Options) (map[string]string, error) {
	groups := make(map[string]string)
	by := make(map[string]Test)
	var problems []Problem
	for _, t := range p.Tests {
		if t.Group == "" {
			continue
		}
		if prev, ok := by[t.Name]; ok && prev.Group != t.Group {
			problems = append(problems, disagreement(filepath.Join(p.Dir, t.File), t, filepath.Join(p.Dir, prev.File), prev))
			continue
		}
		by[t.Name] = t
		groups[t.Name] = t.Group
	}
	for _, t := range p.Tests {
		if groups[t.Name] == "" {
			if group := matchGroup(o.Groups, t.Name); group != "" {
				groups[t.Name] = group
			}
		}
		if t.Split && groups[t.Name] != "" && o.Dist != Load {
			problems = append(problems, Problem{File: filepath.Join(p.Dir, t.File), Line: t.Line, Text: fmt.Sprintf(
				"%s says //cohort:split, but is in group %s, whose members run in one process", t.Name, groups[t.Name])})
		}
	}
	return groups, directiveError(problems)
}

// disagreement is the problem of two tests of one name in two groups.
func disagreement(path string, t Test, prevPath string, prev Test) Problem {
	return Problem{File: path, Line: t.Line, Text: fmt.Sprintf(
		"%s is in group %s, but in group %s at %s:%d: tests of one name always run together",
		t.Name, t.Group, prev.Group, prevPath, prev.Line)}
}

// matchGroup returns the group that the first matching expression puts a name
// in, or "".
func matchGroup(exprs []*regexp.Regexp, name string) string {
	for _, re := range exprs {
		m := re.FindStringSubmatch(name)
		switch {
		case m == nil:
		case len(m) > 1 && m[1] != "":
			return m[1]
		default:
			return re.String()
		}
	}
	return ""
}

// unitWarnings returns what is to be said of a test in the unit with that key.
func unitWarnings(p *Package, t Test, key unitKey, dist Dist) []Warning {
	switch {
	case key.kind == declared && t.Parallel:
		line := t.Line
		if t.parallelLine > 0 {
			line = t.parallelLine
		}
		return []Warning{{File: filepath.Join(p.Dir, t.File), Line: line, Text: fmt.Sprintf(
			"%s is in group %s and calls t.Parallel: it does not keep its place in the group's order", t.Name, t.Group)}}
	case key.kind == single && dist == LoadFile:
		return []Warning{{Text: fmt.Sprintf("%s of %s runs by itself: its source file was not found", t.Name, p.ImportPath)}}
	}
	return nil
}
