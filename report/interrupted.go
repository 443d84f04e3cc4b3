package report

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/fatih/color"

	"github.com/gotestcohort/cohort/report/progress"
)

// TimedTest is a test and how long it ran.
type TimedTest = progress.TimedTest

// interruptedListed is how many tests that did not start are named: there may be thousands.
const interruptedListed = 10

// cutTest names a test that the end of the run kept from ending or from starting.
type cutTest struct{ pkg, test string }

// cut returns the tests that an interrupted run has no result of. They count as skipped, and a
// section of their own names them.
func (o Outcome) cut() map[cutTest]bool {
	cut := make(map[cutTest]bool)
	for _, t := range slices.Concat(o.Interrupted, o.NotStarted) {
		cut[cutTest{t.Package, t.Test}] = true
	}
	return cut
}

// writeInterrupted lists the tests that neither passed nor failed because the run was ended.
func writeInterrupted(out *bytes.Buffer, o Outcome) {
	if len(o.Interrupted)+len(o.NotStarted) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Interrupted"))
	for _, t := range o.Interrupted {
		fmt.Fprintf(out, "=== %s: %s after %s\n", color.YellowString("INTERRUPTED"), title(t.Package, t.Test), t.Elapsed.Round(100*time.Millisecond))
	}
	for i, t := range o.NotStarted {
		if i == interruptedListed {
			rest := len(o.NotStarted) - i
			fmt.Fprintf(out, "and %d more %s not started\n", rest, verb(rest))
			return
		}
		fmt.Fprintf(out, "=== %s: %s\n", color.YellowString("NOT STARTED"), title(t.Package, t.Test))
	}
}

// verb is what so many tests were.
func verb(n int) string {
	if n == 1 {
		return "test was"
	}
	return "tests were"
}
