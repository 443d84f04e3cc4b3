package report

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

// Sources finds the files that tests talk of. The zero value finds none.
type Sources struct {
	// Module is the import path of the module of the run, Dir its directory, absolute.
	Module, Dir string
	// Root is the directory, absolute, that paths are relative to: what CI systems call the
	// workspace. Files outside of it are not found.
	Root string
}

// Location is a line of a source file. Its zero value is that none is known.
type Location struct {
	File    string // relative to Sources.Root, with slashes
	Line    int
	Message string // what is said there, on the first line
}

// Find returns the line of a source file at which a test failed, by its output: t.Error says
// it ("    file_test.go:12: text"), and the stack of a panic does. t.Log says it the same way,
// so a line that only logs counts only if there is no other. And only a file that exists
// counts, as tests may print anything.
func (s Sources) Find(pkg string, output []string) Location {
	if s.Root == "" {
		return Location{}
	}
	var logged, stack Location // the first of each
	for _, text := range output {
		for line := range strings.Lines(text) {
			file, number, message, ok := position(strings.TrimSpace(line))
			if !ok {
				continue
			}
			inStack := strings.HasPrefix(line, "\t") && filepath.IsAbs(filepath.FromSlash(file))
			if inStack && (stack.File != "" || !strings.HasSuffix(file, "_test.go")) {
				continue
			}
			name, full := s.file(pkg, file)
			at := Location{File: name, Line: number, Message: message}
			switch {
			case name == "":
			case inStack:
				stack = at
			case !logs(full, number):
				return at
			case logged.File == "":
				logged = at
			}
		}
	}
	if stack.File != "" {
		return stack
	}
	return logged
}

// logs reports whether a line of a source file calls t.Log or t.Logf.
func logs(file string, line int) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close() // it is only read
	scanner := bufio.NewScanner(f)
	for n := 1; scanner.Scan(); n++ {
		if n == line {
			return bytes.Contains(scanner.Bytes(), []byte(".Log(")) || bytes.Contains(scanner.Bytes(), []byte(".Logf("))
		}
	}
	return false // also for a file with a line that is too long: then it is not known
}

// file returns file, which the output of a package names, relative to the root, and where it is;
// "" if it is not below the root.
func (s Sources) file(pkg, file string) (name, full string) {
	full = filepath.FromSlash(file)
	if !filepath.IsAbs(full) {
		dir, ok := s.packageDir(pkg)
		if !ok || !filepath.IsLocal(full) {
			return "", ""
		}
		full = s.below(dir, full)
	}
	rel, err := filepath.Rel(s.Root, full)
	if err != nil || !filepath.IsLocal(rel) {
		return "", ""
	}
	if info, err := os.Stat(full); err != nil || !info.Mode().IsRegular() {
		return "", ""
	}
	return filepath.ToSlash(rel), full
}

// below is where a file is that was named in a package's directory: tests say its name, the go
// command its path in the module.
func (s Sources) below(dir, file string) string {
	if full := filepath.Join(s.Dir, file); filepath.Dir(full) == dir {
		return full
	}
	return filepath.Join(dir, file)
}

// packageDir is the directory of a package of the run's module.
func (s Sources) packageDir(pkg string) (string, bool) {
	pkg = strings.TrimSuffix(pkg, "_test")
	if pkg == s.Module {
		return s.Dir, s.Dir != ""
	}
	rel, ok := strings.CutPrefix(pkg, s.Module+"/")
	return filepath.Join(s.Dir, filepath.FromSlash(rel)), ok && s.Module != "" && s.Dir != ""
}

// Tests finds where the functions of a package's test files are, by name.
func (s Sources) Tests(pkg string) map[string]Location { return s.tests(pkg) }

// position reads "file.go:12: text", "file.go:12:3: text", or the "file.go:12 +0x1d" of a stack.
func position(line string) (file string, number int, message string, ok bool) {
	at := strings.Index(line, ".go:")
	if at < 0 {
		return "", 0, "", false
	}
	file, rest := line[:at+len(".go")], line[at+len(".go:"):]
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	number, err := strconv.Atoi(rest[:digits])
	if err != nil || number == 0 || strings.ContainsAny(path.Base(filepath.ToSlash(file)), " \t\"'()") {
		return "", 0, "", false
	}
	rest = rest[digits:]
	if column, after, ok := strings.Cut(strings.TrimPrefix(rest, ":"), ":"); ok && column != "" && strings.Trim(column, "0123456789") == "" {
		rest = ":" + after // a compiler's
	}
	switch {
	case strings.HasPrefix(rest, ":"):
		return file, number, strings.TrimSpace(rest[1:]), true
	case rest == "" || strings.HasPrefix(rest, " +0x"):
		return file, number, "", true
	}
	return "", 0, "", false
}

// failure is a test case that failed, and is told of by itself: tests whose subtests failed are
// not.
type failure struct {
	tc     testjson.TestCase
	output []string // its own
	flaky  bool     // it passed in the end
	known  string   // what its quarantine is, "" if it is not excused
	again  string   // the command that shows it, "" if there is none
}

// failures returns the last failure of each test of exec that failed, flaky ones last.
func failures(exec *testjson.Execution, outcome Outcome) []failure {
	units := append(append([]Unit(nil), outcome.Failed...), outcome.Flaky...)
	var failed, flaky []failure
	for _, tc := range lastFailures(exec) {
		f := failure{tc: tc, output: failureOutput(exec.Package(tc.Package), tc)}
		if tc.Test == "" && len(f.output) == 0 {
			f.output = buildErrors(exec.Errors(), tc.Package)
		}
		if i, ok := unitOf(units, tc); ok {
			f.flaky, f.again = i >= len(outcome.Failed), units[i].again()
			if f.again == "" && len(units[i].Command) <= maxCommand {
				f.again = units[i].Command
			}
		}
		if f.flaky {
			flaky = append(flaky, f)
		} else {
			failed = append(failed, f)
		}
	}
	return append(failed, flaky...)
}

// excusedFailures returns the last failure of each test of exec that is excused: they count as skipped.
func excusedFailures(exec *testjson.Execution, outcome Outcome) []failure {
	var list []failure
	place := make(map[cutTest]int)
	for _, tc := range exec.Skipped() {
		root, _ := tc.Test.Split()
		known := outcome.ExcusedAs(tc)
		if known == "" || tc.Test.Name() != root {
			continue
		}
		f := failure{tc: tc, output: failureOutput(exec.Package(tc.Package), tc), known: known}
		name := cutTest{tc.Package, root}
		if i, ok := place[name]; ok {
			list[i] = f
			continue
		}
		place[name] = len(list)
		list = append(list, f)
	}
	return list
}

// buildErrors returns those of the errors of a run that are of the files of one package, with
// the lines that belong to them.
func buildErrors(errors []string, pkg string) []string {
	dir := testjson.RelativePackagePath(pkg)
	var of []string
	mine := false
	for _, text := range errors {
		for line := range strings.Lines(text) {
			if file, _, _, ok := position(strings.TrimSpace(line)); ok {
				mine = path.Dir(path.Clean(filepath.ToSlash(file))) == dir
			}
			if mine {
				of = append(of, strings.TrimRight(line, "\n")+"\n")
			}
		}
	}
	return of
}

// lastFailures returns the failed test cases that have no failed subtest, of several attempts
// the last.
func lastFailures(exec *testjson.Execution) []testjson.TestCase {
	type name struct {
		pkg  string
		test testjson.TestName
	}
	all := testjson.FilterFailedUnique(exec.Failed())
	last := map[name]int{}
	for i, tc := range all {
		last[name{tc.Package, tc.Test}] = i
	}
	var list []testjson.TestCase
	for i, tc := range all {
		// testjson makes up a root without a package for a subtest that has none.
		if last[name{tc.Package, tc.Test}] == i && exec.Package(tc.Package) != nil {
			list = append(list, tc)
		}
	}
	return list
}

// failureOutput is what a failed test, or a package that failed without one, printed itself.
func failureOutput(pkg *testjson.Package, tc testjson.TestCase) []string {
	if tc.Test == "" {
		return packageOutput(pkg)
	}
	return ownLines(outputOf(pkg, tc), tc.Test.Name())
}
