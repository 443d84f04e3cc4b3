package report

import (
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/progress"
)

// Outcome is what is known about a run beyond its events: which units needed reruns,
// and how failures can be seen again.
type Outcome struct {
	Flaky  []Unit // failed, then passed
	Failed []Unit // failed to the end
	// Excused are units that failed, of tests in quarantine, and Ready such tests that may leave it.
	Excused []Excused
	Ready   []Known
	// InQuarantine are the tests that cannot fail the run, of all packages: "path.Test".
	InQuarantine []string
	Seed         string // what --shuffle takes to get this run's order again; "": none was used
	// Order are the units whose failure depends on the tests that ran before them.
	Order []OrderFinding
	// Interrupted are the tests that an interrupt has cut off, NotStarted those that it has kept
	// from starting.
	Interrupted []TimedTest
	NotStarted  []TimedTest
	// More is the command that runs everything that failed again, for the failures whose own
	// commands are not printed; "": there is none.
	More string
	// Slow are the tests that took longer than --slow, and Slowest those that --slowest asks
	// for, the longest first.
	Slow, Slowest []progress.TimedTest
	// Setups are what came of the commands that ran before the tests, and after them.
	Setups []Setup
	// Coverage is whether the tests cover as much as was asked for; nil: nobody asked.
	Coverage *cover.Verdict
}

// Unit is a unit of the run that did not simply pass.
type Unit struct {
	Package  string   // import path
	Name     string   // of the group or test; "": the package as a whole
	Tests    []string // its root tests; nil: the one of its name, or for a group, not known
	Attempts int      // runs of it, the first one counted
	// Command is a plain go test command that runs the same tests in the same order as the
	// process that failed; "": none is known.
	Command string
	// Again is a plain go test command that runs only this unit; "": none is known.
	Again string
	// FailsAlone is whether Again shows the failure.
	FailsAlone Answer
	Note       string // what is known about the failure; "": nothing
	// Machine is where it failed first, of a run on several machines; "": not known.
	Machine string
}

// Answer is what is known of a question. The zero value is that nothing is.
type Answer uint8

const (
	Unknown Answer = iota // nobody has tried
	Yes
	No
)

func (u Unit) title() string { return title(u.Package, u.Name) }

// title names a unit in a line of the summary.
func title(pkg, name string) string {
	pkg = testjson.RelativePackagePath(pkg)
	if name == "" {
		return pkg
	}
	return pkg + " " + name
}

// isGroup reports whether the unit is a group of tests, as far as its name tells.
func (u Unit) isGroup() bool { return u.Name != "" && !isTestName(u.Name) }

// covers reports whether the unit is known to have the root test of that name.
func (u Unit) covers(root string) bool {
	if u.Tests == nil {
		return u.Name == root
	}
	for _, test := range u.Tests {
		if test == root {
			return true
		}
	}
	return false
}

// unitOf finds the unit of a failed test case among units; false: it is in none. A group
// whose tests are not known has those of its package that are in no other unit.
func unitOf(units []Unit, tc testjson.TestCase) (int, bool) {
	root, _ := tc.Test.Split()
	group, groups := 0, 0
	for i, u := range units {
		if u.Package != tc.Package {
			continue
		}
		if u.covers(root) {
			return i, true
		}
		if u.Tests == nil && u.isGroup() {
			group, groups = i, groups+1
		}
	}
	return group, root != "" && groups == 1
}

// isTestName reports whether go test would take a function of that name for a test. A group
// has any name, so one that is named like a test is not recognized as a group.
func isTestName(name string) bool {
	for _, prefix := range []string{"Test", "Fuzz", "Example", "Benchmark"} {
		if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}
