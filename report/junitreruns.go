package report

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

// RerunMode is how the attempts of a test appear in the JUnit file.
type RerunMode uint8

const (
	RerunAll      RerunMode = iota // a testcase for each attempt, as gotestsum writes
	RerunLast                      // one testcase: the last attempt
	RerunSurefire                  // one testcase, with the other attempts inside of it, as Maven Surefire writes
)

// RerunModes names the modes.
const RerunModes = "all, last, surefire"

// ParseRerunMode returns the mode of that name.
func ParseRerunMode(name string) (RerunMode, error) {
	switch name {
	case "all":
		return RerunAll, nil
	case "last":
		return RerunLast, nil
	case "surefire":
		return RerunSurefire, nil
	}
	return 0, fmt.Errorf("must be one of: %s", RerunModes)
}

func (m RerunMode) String() string { return strings.Split(RerunModes, ", ")[m] }

// xmlRerun is one of Surefire's flakyFailure, flakyError, rerunFailure and rerunError.
type xmlRerun struct {
	XMLName    xml.Name
	Message    string `xml:"message,attr"`
	Type       string `xml:"type,attr"`
	StackTrace string `xml:"stackTrace"`
}

// attempt is one run of a test.
type attempt struct {
	tc      testjson.TestCase
	failed  bool
	skipped bool
}

// attempts returns the runs of each test in the order they began, and the names of the
// tests in the order of their first. Runs with the same RunID are not attempts but what
// -count or -cpu asked for: each is a test of its own, told apart by its place.
func attempts(pkg *testjson.Package) (keys []attemptKey, runs map[attemptKey][]attempt) {
	byID := make([]attempt, pkg.Total+1)
	for _, tc := range pkg.Passed {
		byID[tc.ID] = attempt{tc: tc}
	}
	for _, tc := range pkg.Skipped {
		byID[tc.ID] = attempt{tc: tc, skipped: true}
	}
	for _, tc := range pkg.Failed {
		byID[tc.ID] = attempt{tc: tc, failed: true}
	}
	type run struct {
		name  testjson.TestName
		runID int
	}
	seen := map[run]int{}
	runs = map[attemptKey][]attempt{}
	for _, a := range byID {
		if a.tc.ID == 0 {
			continue // never ended, and its root passed: testjson leaves it out too
		}
		r := run{a.tc.Test, a.tc.RunID}
		key := attemptKey{a.tc.Test, seen[r]}
		seen[r]++
		if len(runs[key]) == 0 {
			keys = append(keys, key)
		}
		runs[key] = append(runs[key], a)
	}
	return keys, runs
}

type attemptKey struct {
	name  testjson.TestName
	place int // among the runs of the same name in one attempt
}

// mergedCases lists one testcase per test, in the order of cases. A test is what its last
// attempt was; its failures before that are inside of it in Surefire's mode.
func (j JUnit) mergedCases(pkg *testjson.Package) []xmlCase {
	var failed, skipped, passed []xmlCase
	if pkg.TestMainFailed() {
		failed = append(failed, j.testMainCase(pkg))
	}
	keys, runs := attempts(pkg)
	for _, key := range keys {
		all := runs[key]
		last := all[len(all)-1]
		switch {
		case last.failed:
			failed = append(failed, j.failedCase(pkg, all))
		case last.skipped:
			if j.HideSkippedTests {
				continue
			}
			c := j.newCase(last.tc)
			c.Skipped = j.skipped(pkg, last.tc)
			c.SystemOut = j.attachments(casesOf(all)...)
			skipped = append(skipped, j.detailed(c, pkg, last.tc))
		default:
			passed = append(passed, j.passedCase(pkg, all))
		}
	}
	return slices.Concat(failed, skipped, passed)
}

// failedCase is a test that never passed. In Surefire's mode its first failure is the
// failure, as Surefire has it, and those of the reruns follow.
func (j JUnit) failedCase(pkg *testjson.Package, all []attempt) xmlCase {
	if j.Reruns == RerunLast {
		last := all[len(all)-1]
		c := j.newCase(last.tc)
		c.Failure = &xmlFailure{Message: "Failed", Contents: j.output(pkg, last.tc)}
		c.SystemOut = j.attachments(casesOf(all)...)
		return j.detailed(c, pkg, last.tc)
	}
	first := 0
	for !all[first].failed {
		first++
	}
	c := j.newCase(all[first].tc)
	text := j.output(pkg, all[first].tc)
	failure := &xmlFailure{Message: "Failed", Contents: text}
	if crashed(text) {
		c.Error = failure
	} else {
		c.Failure = failure
	}
	c.Reruns = j.reruns("rerun", pkg, all[first+1:])
	c.SystemOut = j.attachments(casesOf(all)...)
	return j.detailed(c, pkg, all[first].tc)
}

// passedCase is a test that passed, perhaps only in a rerun.
func (j JUnit) passedCase(pkg *testjson.Package, all []attempt) xmlCase {
	last := all[len(all)-1].tc
	c := j.detailed(j.newCase(last), pkg, last)
	c.SystemOut = j.attachments(casesOf(all)...)
	if j.Reruns == RerunSurefire {
		c.Reruns = j.reruns("flaky", pkg, all)
	}
	return c
}

// reruns lists the failed ones of runs as elements whose names begin with prefix.
func (j JUnit) reruns(prefix string, pkg *testjson.Package, runs []attempt) []xmlRerun {
	var list []xmlRerun
	for _, a := range runs {
		if !a.failed {
			continue
		}
		text := j.output(pkg, a.tc)
		kind := "Failure"
		if crashed(text) {
			kind = "Error"
		}
		said := "Failed"
		if j.Details != nil {
			said = j.restore(message(failureOutput(pkg, a.tc)))
		}
		list = append(list, xmlRerun{XMLName: xml.Name{Local: prefix + kind}, Message: said, StackTrace: text})
	}
	return list
}

// crashed reports whether the output of a failed test shows that it did not end by
// itself: what JUnit calls an error and not a failure.
func crashed(output string) bool {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return true
		}
	}
	return false
}
