// Package grouping decides which tests of a package must run together and in
// which order: it turns the go command's list of tests, the source around them
// and the user's selection into units, the things that are scheduled.
//
// It is pure. It reads files and runs nothing; it knows neither processes nor
// reports. What a package's tests are comes from the file that the go command
// generates ([ParseTestmain]); the source only says where they are and what
// their directives ask for ([Annotate]). [Rules] of the configuration may add to that. [Units] puts
// it together, and [Select] also completes groups of which only a part is selected. [List] reads
// everything from the source, for questions that are asked before anything is built.
//
// # Directives
//
//	//cohort:group NAME
//	//cohort:serial
//	//cohort:label NAME...
//	//cohort:lock NAME...
//	//cohort:timeout DURATION
//	//cohort:split
//
// A directive stands in the doc comment of a Test, Fuzz or Example function, or
// on any line before the package clause, and then holds for every test of that
// file; a blank line between it and the clause makes no difference, as with
// //go:build. A group or a timeout in a test's own doc comment wins over the
// file's; labels and locks add up. Like every Go directive it has no space
// after the slashes and is in lower case; what is only nearly a directive is an
// error, as is one that is wrong, out of place, contradicts another, or is not
// supported by this version (see supported).
//
// The names of groups and locks consist of letters, digits and the characters
// _ - . / and those of labels of letters, digits, _ and . so that each can stand
// in a [LabelExpr]. A duration is one of Go's, more than 0. A test that may be
// split is in no group and not serial.
package grouping

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Kind says what sort of function a test is.
type Kind uint8

// The kinds of test, in the order in which a test binary runs them.
const (
	KindTest    Kind = iota // func TestX(*testing.T)
	KindFuzz                // func FuzzX(*testing.F), run with its seeds
	KindExample             // func ExampleX() with an output comment
)

// String returns the prefix that the names of this kind have.
func (k Kind) String() string {
	switch k {
	case KindTest:
		return "Test"
	case KindFuzz:
		return "Fuzz"
	case KindExample:
		return "Example"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Test is one top-level test with all its subtests.
type Test struct {
	// Name is the function's name. An internal and an external test package
	// may both have one of that name; a process runs either both or none.
	Name string
	Kind Kind
	// External reports whether the test is in the package NAME_test.
	External bool

	// File is the base name of the source file and Line the line of the func
	// keyword, from 1. Both are zero where the source was not looked at (see
	// [SourceOptions.Positions]) or not found.
	File string
	Line int
	// Parallel reports whether the function itself calls t.Parallel. It is
	// known where File is.
	Parallel bool
	// Group is the group that a directive puts the test in, or "". In the
	// tests of a [Unit] it is also the group that a regexp put it in.
	Group string
	// Serial reports whether a directive asks that no other test process runs
	// at the same time.
	Serial bool
	// Labels and Locks are the names that directives give the test, sorted, each once.
	Labels, Locks []string
	// Timeout is how long the test may run, 0 if no directive says so.
	Timeout time.Duration
	// Split reports whether a directive allows to run the test's subtests in
	// several processes.
	Split bool
	// Directives are those that the test is under, the file's first.
	Directives []Directive

	// parallelLine is the line of the call of t.Parallel, or 0.
	parallelLine int
}

// Package is the list of the tests of one test binary.
type Package struct {
	// ImportPath is the path of the package under test; for a run of named
	// files it is "command-line-arguments".
	ImportPath string
	// Dir is the directory of the source. ParseTestmain cannot know it; the
	// caller sets it before [Annotate].
	Dir string
	// Tests are all that the binary can run except benchmarks, in the order in
	// which it runs them: tests, then fuzz targets, then examples, each in order
	// of file name and position, internal before external test package.
	Tests []Test
	// Benchmarks are the names of the benchmarks, in order.
	Benchmarks []string
	// TestMain reports whether the package has a TestMain function.
	TestMain bool
}

// Unit is what is scheduled: a group, or a single test that is in no group.
// A name that the internal and the external test package share is one unit
// with two tests.
type Unit struct {
	// Group is the name of the group, the file name under loadfile and the
	// import path under loadpackage. It is "" for a single test.
	Group string
	// Declared reports whether a directive or --group made the group. Only
	// such a group stops at its first failure.
	Declared bool
	// Serial reports whether no other test process may run meanwhile: one of
	// the tests asks for it.
	Serial bool
	// Labels and Locks are those of all tests together, sorted, each once. A
	// timeout is each test's own.
	Labels, Locks []string
	// Split reports whether the unit is one test that may be split (see [Part]). Two
	// tests of one name are not, since no -run pattern tells their subtests apart, and
	// neither is a test of which -run or -skip select a part.
	Split bool
	// Tests are the members in the order in which go runs them. There is at
	// least one.
	Tests []Test
}

// Name returns what to call the unit in messages: the group's name, or the
// test's if it is in no group. It is unique among single tests and among the
// groups of one package, not between the two.
func (u Unit) Name() string {
	if u.Group != "" {
		return u.Group
	}
	return u.Tests[0].Name
}

// Names returns the names of the unit's tests in order, each once.
func (u Unit) Names() []string {
	names := make([]string, 0, len(u.Tests))
	seen := make(map[string]bool, len(u.Tests))
	for _, t := range u.Tests {
		if !seen[t.Name] {
			seen[t.Name] = true
			names = append(names, t.Name)
		}
	}
	return names
}

// Warning is something a user should know that does not stop the run.
type Warning struct {
	// File is the path of the source file: the package's directory as it was
	// given, and the file's name. Line is from 1. Both may be zero.
	File string
	Line int
	Text string
}

// String returns the warning as "file:line: text".
func (w Warning) String() string { return at(w.File, w.Line) + w.Text }

// Problem is a directive that is wrong.
type Problem struct {
	// File is the path of the source file: the directory as it was given, and
	// the file's name. Line is from 1.
	File string
	Line int
	Text string
}

// String returns the problem as "file:line: text".
func (p Problem) String() string { return at(p.File, p.Line) + p.Text }

// at returns "file:line: ", or "" for a position that is not known.
func at(file string, line int) string {
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

// DirectiveError lists everything that is wrong with the directives of some
// source files.
type DirectiveError struct {
	// Problems has at least one element and is sorted by file and line.
	Problems []Problem
}

// Error returns the problems, one per line.
func (e *DirectiveError) Error() string {
	var text []byte
	for i, p := range e.Problems {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(text, p.String()...)
	}
	return string(text)
}

// directiveError returns nil if there are no problems. It sorts them.
func directiveError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return &DirectiveError{Problems: problems}
}

func sortWarnings(warnings []Warning) {
	slices.SortStableFunc(warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
}
