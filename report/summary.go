package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
)

// Summary prints gotestsum's summary of exec to out. Before it come the sections of
// cohort's own, if anything failed, and below failures the commands that show them again.
func Summary(out io.Writer, exec *testjson.Execution, shown testjson.Summary, outcome Outcome) error {
	var buf bytes.Buffer
	var failed []testjson.TestCase // none if they are not shown
	if shown.Includes(testjson.SummarizeFailed) {
		failed = exec.Failed()
	}
	c := newCommands(failed, outcome)
	writeSetups(&buf, outcome.Setups)
	writeExcused(&buf, exec, outcome, shown.Includes(testjson.SummarizeOutput))
	writeFlaky(&buf, outcome.Flaky)
	writeInterrupted(&buf, outcome)
	writeOrder(&buf, outcome.Order)
	writeReproduce(&buf, c.same, outcome)
	writeCoverage(&buf, outcome.Coverage)
	writeTimed(&buf, "Slow", outcome.Slow)
	writeTimed(&buf, "Slowest", outcome.Slowest)
	if cut := outcome.apart(exec); len(c.below) == 0 && len(cut) == 0 {
		testjson.PrintSummary(&buf, exec, shown)
	} else {
		writeSummary(&buf, exec, shown, c, cut)
	}
	_, err := out.Write(buf.Bytes())
	return err
}

// writeSummary prints gotestsum's summary with commands below the failures, and without the tests
// in cut among those that were skipped. Its last line, DONE, comes with every part of it.
func writeSummary(out *bytes.Buffer, exec *testjson.Execution, shown testjson.Summary, c commands, cut map[cutTest]bool) {
	withOutput := shown.Includes(testjson.SummarizeOutput)
	if shown.Includes(testjson.SummarizeSkipped) {
		writeSkipped(out, exec, withOutput, cut)
	}
	if shown.Includes(testjson.SummarizeFailed) {
		writeFailed(out, exec, withOutput, c)
	}
	testjson.PrintSummary(out, exec, shown&testjson.SummarizeErrors)
}

// Interim prints the line that gotestsum prints before each round of reruns.
func Interim(out io.Writer, exec *testjson.Execution) error {
	var buf bytes.Buffer
	testjson.PrintSummary(&buf, exec, testjson.SummarizeNone)
	buf.WriteByte('\n')
	_, err := out.Write(buf.Bytes())
	return err
}

func writeFlaky(out *bytes.Buffer, units []Unit) {
	if len(units) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Flaky"))
	for _, u := range units {
		fmt.Fprintf(out, "=== %s: %s (passed in rerun %d)\n", color.YellowString("FLAKY"), u.title(), u.Attempts-1)
		writeNote(out, u.Note)
	}
}

// writeReproduce prints the commands of processes, and how to get the order of the run.
func writeReproduce(out *bytes.Buffer, processes []sameProcess, outcome Outcome) {
	var lines bytes.Buffer
	for _, p := range processes {
		if p.command != "" {
			fmt.Fprintf(&lines, "%s\n", p.command)
		}
		for _, u := range p.units {
			if p.command == "" || len(p.units) > 1 {
				u.Note = u.title() + ": " + u.Note
			}
			writeNote(&lines, u.Note)
		}
	}
	if outcome.Seed != "" && len(outcome.Failed)+len(outcome.Flaky) > 0 {
		fmt.Fprintf(&lines, "the whole run in the same order: add --shuffle=%s to the command\n", outcome.Seed)
	}
	if lines.Len() == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.CyanString("Reproduce"))
	out.Write(lines.Bytes())
}

func writeNote(out *bytes.Buffer, note string) {
	if note != "" {
		fmt.Fprintf(out, "    %s\n", note)
	}
}

// writeTimed lists tests with what they took.
func writeTimed(out *bytes.Buffer, header string, tests []progress.TimedTest) {
	if len(tests) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.CyanString(header))
	for _, t := range tests {
		fmt.Fprintf(out, "%s %.2fs\n", title(t.Package, t.Test), t.Elapsed.Seconds())
	}
}
