package grouping

import (
	"fmt"
	"time"
)

// What the directives of a file and of one of its functions come to together: what is said of
// the function itself wins where there can be only one (group, timeout); names add up.

// group returns the group that the directives put a function of the file in.
func (f *testFile) group(fn testFunc) string {
	if fn.marks.groupLine != 0 {
		return fn.marks.group
	}
	return f.marks.group
}

// serial reports whether a function of the file runs while no other test process does.
func (f *testFile) serial(fn testFunc) bool { return fn.marks.serial || f.marks.serial }

// timeout returns the limit of a function of the file, 0 for none of its own.
func (f *testFile) timeout(fn testFunc) time.Duration {
	if fn.marks.timeLine != 0 {
		return fn.marks.timeout
	}
	return f.marks.timeout
}

// split returns the line of the directive that allows to split a function of the file, or 0. Said
// of a file it is about its Test functions: nothing else has subtests of its own.
func (f *testFile) split(fn testFunc) int {
	if fn.marks.split == 0 && fn.kind == KindTest {
		return f.marks.split
	}
	return fn.marks.split
}

// contradictions returns what the directives of a function of the file and of the file itself
// say that cannot be true together.
func (f *testFile) contradictions(fn testFunc) []Problem {
	split := f.split(fn)
	if split == 0 {
		return nil
	}
	var problems []Problem
	problem := func(format string, args ...any) {
		problems = append(problems, Problem{File: f.path, Line: split, Text: fmt.Sprintf(format, args...)})
	}
	if fn.kind != KindTest {
		problem("//cohort:split is on %s: only a Test function can be split", fn.name)
	}
	if group := f.group(fn); group != "" {
		problem("//cohort:split: %s is in group %s, whose members run in one process", fn.name, group)
	}
	if f.serial(fn) {
		problem("//cohort:split: %s is serial, so no two of its parts could run at the same time", fn.name)
	}
	return problems
}
