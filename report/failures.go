package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
)

const (
	// maxShown is how many lines of a test's output are shown with its failure while others
	// run, and maxShownLine how many bytes of each: all of it is in the summary. The second is
	// less than what Lines leaves of a long line before its token.
	maxShown     = 10
	maxShownLine = 1000
)

// showsFailures reports whether a format shows failures when they happen, or draws over what it
// has drawn, so that nothing may come in between.
func showsFailures(format string) bool {
	switch format {
	case "dots-v2", "testname", "short-verbose", "standard-verbose", "github-actions", "github-action",
		"pkgname-and-test-fails", "short-with-failures", "debug":
		return true
	}
	return false
}

// tellFailure tells of a failure that event brings, unless the format shows it.
func (h *Handler) tellFailure(event testjson.TestEvent, exec *testjson.Execution) {
	if h.live == nil || event.Action != testjson.ActionFail {
		return
	}
	pkg := exec.Package(event.Package)
	f := progress.Failure{
		Package: event.Package, Test: event.Test, Attempt: event.RunID, Elapsed: time.Duration(event.Elapsed * float64(time.Second)),
	}
	var lines []string
	switch {
	case event.Test != "":
		tc := pkg.LastFailedByName(event.Test)
		lines = ownLines(outputOf(pkg, tc), event.Test)
		if len(lines) == 0 && hasFailedSubtest(pkg, event.Test) {
			return // what failed has been told
		}
	case !pkg.TestMainFailed():
		return // so it is here
	default:
		lines = packageOutput(pkg)
		if len(lines) == 0 {
			return // the line of the package says as much
		}
	}
	if f.Elapsed < 0 {
		f.Elapsed = -1
	}
	for i, line := range lines {
		if i == maxShown {
			f.More = len(lines) - i
			break
		}
		f.Output = append(f.Output, shortened(line))
	}
	h.live.TestFailed(f)
}

// ownLines leaves out what the testing package prints, and empty lines around the rest.
func ownLines(lines []string, test string) []string {
	var own []string
	end := 0 // behind the last line that is not empty
	for _, line := range lines {
		text := strings.TrimSpace(line)
		switch {
		case text == "" && len(own) == 0, text == "FAIL", isFraming(line, test), strings.HasPrefix(text, "--- FAIL: "),
			strings.HasPrefix(line, "=== RUN "), strings.HasPrefix(line, "=== NAME "), strings.HasPrefix(line, "FAIL\t"):
			continue
		}
		own = append(own, line)
		if text != "" {
			end = len(own)
		}
	}
	return own[:end]
}

// packageOutput is what a package printed outside of its tests.
func packageOutput(pkg *testjson.Package) []string {
	var b strings.Builder
	_ = pkg.WriteOutputTo(&b, 0) // a strings.Builder does not fail
	return ownLines(strings.SplitAfter(b.String(), "\n"), "")
}

func hasFailedSubtest(pkg *testjson.Package, test string) bool {
	for _, tc := range pkg.Failed {
		if strings.HasPrefix(tc.Test.Name(), test+"/") {
			return true
		}
	}
	return false
}

// shortened is the beginning of a line, without its end.
func shortened(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if len(line) <= maxShownLine {
		return line
	}
	end := maxShownLine
	for !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end] + " ..."
}
