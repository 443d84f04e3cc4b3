package report

import (
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

// outputOf is what a test case printed. That of a test that timed out is the stack of every
// goroutine, in no order that would help: the one of the test comes first here.
func outputOf(pkg *testjson.Package, tc testjson.TestCase) []string {
	lines := pkg.OutputLines(tc)
	if !slices.ContainsFunc(lines, beginsGoroutines) {
		return lines
	}
	root, _ := tc.Test.Split()
	return ownGoroutineFirst(lines, tc.Package, root)
}

// beginsGoroutines reports whether a line goes before the stack of every goroutine: go test's of a
// process that ran for too long, or cohort's of a test that did.
func beginsGoroutines(line string) bool {
	return strings.Contains(line, "panic: test timed out") ||
		strings.HasPrefix(line, "    cohort: ") && strings.HasSuffix(line, " was ended with its process; its goroutines:\n")
}

// ownGoroutineFirst moves the stack of the goroutine that runs a test before those of the
// others. Every line stays.
func ownGoroutineFirst(lines []string, pkg, test string) []string {
	first, begin := -1, -1
	for i, line := range lines {
		if strings.HasPrefix(line, "goroutine ") {
			begin = i
			if first < 0 {
				first = i
			}
		}
		if begin < 0 || !runsTest(line, pkg, test) {
			continue
		}
		end := begin + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "goroutine ") && !strings.HasPrefix(lines[end], "--- ") {
			end++
		}
		others := lines[first:begin]
		if n := len(others); n > 0 && others[n-1] == "\n" && lines[end-1] != "\n" {
			// It was the last: the empty line that stood before it now comes after it.
			return slices.Concat(lines[:first], lines[begin:end], others[n-1:], others[:n-1], lines[end:])
		}
		return slices.Concat(lines[:first], lines[begin:end], others, lines[end:])
	}
	return lines
}

// runsTest reports whether a line of a stack is a call of the test's function, or of a function
// inside of it.
func runsTest(line, pkg, test string) bool {
	for _, name := range []string{pkg + ".", pkg + "_test."} {
		if rest, ok := strings.CutPrefix(line, name+test); ok && (strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, ".func")) {
			return true
		}
	}
	return false
}
