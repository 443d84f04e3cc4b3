package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"
)

// writeFailed prints testjson's section of failures with a command below them. Without
// commands it is, byte for byte, what testjson prints; TestFailedSectionIsGotestsums
// compares the two.
func writeFailed(out *bytes.Buffer, exec *testjson.Execution, withOutput bool, c commands) {
	failed := exec.Failed()
	if len(failed) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.RedString("Failed"))
	for i, tc := range failed {
		writeCase(out, color.RedString("FAIL"), tc)
		if withOutput {
			writeOutput(out, outputOf(exec.Package(tc.Package), tc), tc.Test.Name())
		}
		c.below[i].write(out)
		if withOutput && i+1 < len(failed) {
			out.WriteByte('\n')
		}
	}
	if c.more > 0 {
		endLine(out)
		writeMore(out, c)
	}
}

// writeCase prints the line that names a test and says how it ended.
func writeCase(out *bytes.Buffer, result string, tc testjson.TestCase) {
	run := ""
	if tc.RunID > 0 {
		run = fmt.Sprintf(" (re-run %d)", tc.RunID)
	}
	fmt.Fprintf(out, "=== %s: %s %s%s (%s)\n", result, testjson.RelativePackagePath(tc.Package), tc.Test,
		run, testjson.FormatDurationAsSeconds(tc.Elapsed, 2))
}

// writeSkipped prints testjson's section of tests that were skipped, without those in cut. Without
// such it is, byte for byte, what testjson prints.
func writeSkipped(out *bytes.Buffer, exec *testjson.Execution, withOutput bool, cut map[cutTest]bool) {
	skipped := slices.DeleteFunc(slices.Clone(exec.Skipped()), func(tc testjson.TestCase) bool {
		root, _ := tc.Test.Split()
		return cut[cutTest{tc.Package, root}]
	})
	if len(skipped) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Skipped"))
	for i, tc := range skipped {
		writeCase(out, color.YellowString("SKIP"), tc)
		if !withOutput {
			continue
		}
		writeOutput(out, exec.Package(tc.Package).OutputLines(tc), tc.Test.Name())
		if i+1 < len(skipped) {
			out.WriteByte('\n')
		}
	}
}

func writeMore(out *bytes.Buffer, c commands) {
	what := "failures are"
	if c.more == 1 {
		what = "failure is"
	}
	fmt.Fprintf(out, "\n%d more %s listed without a command", c.more, what)
	if c.moreCommand != "" {
		fmt.Fprintf(out, "; all of them again: %s", c.moreCommand)
	}
	out.WriteByte('\n')
}

func (b below) write(out *bytes.Buffer) {
	if b == (below{}) {
		return
	}
	endLine(out)
	writeNote(out, b.note)
	if b.again != "" {
		fmt.Fprintf(out, "    %s %s\n", color.CyanString("again:"), b.again)
	}
}

// endLine ends a line that a test did not end.
func endLine(out *bytes.Buffer) {
	if b := out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		out.WriteByte('\n')
	}
}

// writeOutput prints what a test printed, without the lines that only say how it stood.
func writeOutput(out *bytes.Buffer, lines []string, test string) {
	for _, line := range lines {
		if !isFraming(line, test) {
			out.WriteString(line)
		}
	}
}

// isFraming reports whether line says how a test stood, as testjson's summary decides it.
func isFraming(line, test string) bool {
	for _, prefix := range []string{"=== RUN   Test", "=== PAUSE Test", "=== CONT  Test"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	for _, prefix := range []string{"--- FAIL: ", "--- SKIP: ", "--- PASS: "} {
		if rest, ok := strings.CutPrefix(line, prefix); ok && strings.HasPrefix(rest, test+" ") {
			return true
		}
	}
	return false
}
