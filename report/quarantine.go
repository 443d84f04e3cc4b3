package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/record"
)

// Known is a test in quarantine.
type Known struct {
	Package, Test string
	Owner, Issue  string    // "": not said
	Until         string    // the last day on which it cannot fail the run
	Since         time.Time // when it began to fail; zero: not known
	Passes        int       // how often it has passed in a row
	Place         string    // of the entry in the configuration: "file:line"
}

// Excused is a unit that failed, and whose failure does not fail the run: nothing is wrong with it
// but tests in quarantine.
type Excused struct {
	Unit
	Known []Known // the tests of it that failed
}

// of says until when a test is in quarantine and whose it is.
func (k Known) of() string {
	return record.Known{Owner: k.Owner, Issue: k.Issue, Until: k.Until, Since: k.Since}.String()
}

// Note is what is said below the failure of a test whose quarantine is over, or does not excuse it for
// that reason.
func (k Known) Note(why string) string {
	if why == "" {
		return "was " + k.of()
	}
	return k.of() + ", but not excused: " + why
}

// excusedAs returns the entry of a test case that is excused; nil for any other.
func (o Outcome) excusedAs(tc testjson.TestCase) *Known {
	root, _ := tc.Test.Split()
	for i := range o.Excused {
		u := &o.Excused[i]
		if u.Package != tc.Package || !u.covers(root) {
			continue
		}
		for j := range u.Known {
			if u.Known[j].Test == root {
				return &u.Known[j]
			}
		}
	}
	return nil
}

// ExcusedAs says of a test case what its quarantine is, "" if it is not excused.
func (o Outcome) ExcusedAs(tc testjson.TestCase) string {
	if k := o.excusedAs(tc); k != nil {
		return k.of()
	}
	return ""
}

// Excuse makes the failures of exec that are excused skipped tests, so that what is counted and
// listed is what the run has come to. The last scan into exec was of that run.
func (o Outcome) Excuse(exec *testjson.Execution, run int) error {
	var passed strings.Builder
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		var failed []testjson.TestCase
		for _, tc := range pkg.Failed {
			if o.excusedAs(tc) == nil {
				failed = append(failed, tc)
			} else {
				pkg.Skipped = append(pkg.Skipped, tc)
			}
		}
		moved := len(failed) < len(pkg.Failed)
		pkg.Failed = failed
		// A package that failed, and has no failed test, counts as a failure itself.
		if moved && pkg.TestMainFailed() && !slices.ContainsFunc(o.Failed, func(u Unit) bool { return u.Package == name }) {
			fmt.Fprintf(&passed, `{"Action":"pass","Package":%q,"Elapsed":%g}`+"\n", name, pkg.Elapsed().Seconds())
		}
	}
	if passed.Len() == 0 {
		return nil
	}
	_, err := testjson.ScanTestOutput(testjson.ScanConfig{
		RunID: run, Stdout: strings.NewReader(passed.String()), Execution: exec,
	})
	return err
}

// Accounts reports whether all failures of exec are of units that passed in the end or are excused,
// so that the exit status of go test is explained.
func (o Outcome) Accounts(exec *testjson.Execution) bool {
	if len(o.Failed) > 0 || len(exec.Errors()) > 0 || len(o.Interrupted)+len(o.NotStarted) > 0 {
		return false
	}
	for _, tc := range exec.Failed() {
		if _, flaky := unitOf(o.Flaky, tc); !flaky && o.excusedAs(tc) == nil {
			return false
		}
	}
	return true
}

// apart returns the skipped tests that sections of their own tell of.
func (o Outcome) apart(exec *testjson.Execution) map[cutTest]bool {
	apart := o.cut()
	for _, tc := range exec.Skipped() {
		if o.excusedAs(tc) != nil {
			apart[cutTest{tc.Package, tc.Test.Name()}] = true
		}
	}
	return apart
}

// writeExcused lists what failed and does not fail the run, and what has passed for long enough to
// leave the quarantine.
func writeExcused(out *bytes.Buffer, exec *testjson.Execution, o Outcome, withOutput bool) {
	if len(o.Excused)+len(o.Ready) == 0 {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.YellowString("Quarantined"))
	for _, u := range o.Excused {
		for _, k := range u.Known {
			fmt.Fprintf(out, "=== %s: %s (%s)\n", color.YellowString("QUARANTINED"), title(k.Package, k.Test), k.of())
			if withOutput {
				o.writeOutputs(out, exec, k)
			}
		}
		if rest := u.notRun(exec); len(rest) > 0 {
			fmt.Fprintf(out, "    did not run: %s\n", strings.Join(rest, ", "))
		}
		below{u.Note, u.again()}.write(out)
	}
	for _, k := range o.Ready {
		fmt.Fprintf(out, "=== %s: %s passed %d times in a row: remove it from %s\n", color.GreenString("READY TO LEAVE"), title(k.Package, k.Test), k.Passes, k.Place)
	}
}

// writeOutputs prints what a test and its subtests printed in their last attempt.
func (o Outcome) writeOutputs(out *bytes.Buffer, exec *testjson.Execution, k Known) {
	pkg := exec.Package(k.Package)
	if pkg == nil {
		return
	}
	last := 0
	for _, tc := range pkg.Skipped {
		if root, _ := tc.Test.Split(); root == k.Test {
			last = max(last, tc.RunID)
		}
	}
	for _, tc := range pkg.Skipped {
		if root, _ := tc.Test.Split(); root == k.Test && tc.RunID == last {
			writeOutput(out, outputOf(pkg, tc), tc.Test.Name())
		}
	}
	endLine(out)
}

// notRun are the members of the unit that were skipped since another failed.
func (u Excused) notRun(exec *testjson.Execution) []string {
	pkg := exec.Package(u.Package)
	if pkg == nil {
		return nil
	}
	var names []string
	for _, tc := range pkg.Skipped {
		name := tc.Test.Name()
		known := slices.ContainsFunc(u.Known, func(k Known) bool { return k.Test == name })
		if u.covers(name) && !known && !slices.Contains(names, name) && strings.Contains(strings.Join(pkg.OutputLines(tc), ""), "failed earlier in group") {
			names = append(names, name)
		}
	}
	return names
}

// Counted returns the failed test cases without those of root tests that are excused; nil excuses none.
func Counted(failed []testjson.TestCase, excuses func(pkg, test string) bool) []testjson.TestCase {
	if excuses == nil {
		return failed
	}
	return slices.DeleteFunc(slices.Clone(failed), func(tc testjson.TestCase) bool {
		root, _ := tc.Test.Split()
		return root != "" && excuses(tc.Package, root)
	})
}
