package built

import (
	"slices"
	"strings"
	"testing"
)

// QuickFlags are flags of the go command for runs to which it does not matter how tests are built: it
// neither vets them nor writes what only a debugger needs, which is half of what a small run costs.
const QuickFlags = "-vet=off -ldflags=-w " + Trimmed

// Trimmed has the go command leave out the folder of what it builds, so that a sample in a folder of its own is
// compiled and linked once for all runs of the tests.
const Trimmed = "-trimpath"

// Cohort returns the path of a cohort for a test: with the race detector if the test is one of those
// that Raced names, and without it for all others, which start it some thousand times: with it, each
// start takes four times as long.
func Cohort(t testing.TB) string {
	t.Helper()
	return cohort(Race && Raced(t.Name())).Path(t)
}

// PlainCohort returns the path of the cohort without the race detector.
func PlainCohort(t testing.TB) string {
	t.Helper()
	return cohort(false).Path(t)
}

func cohort(race bool) Program {
	return Program{Name: "cohort", Package: "github.com/gotestcohort/cohort/cmd/cohort", Race: race}
}

// Raced reports whether the cohort of a test of cmd/cohort has the race detector when the tests have
// it. These are the suites in which much happens at a time: signals, deaths, faults, reruns, and a
// script or a stream for each part of the command. Tests that start the cohort of their PATH have it
// too: it is their own binary.
func Raced(test string) bool {
	return slices.ContainsFunc(racedTests(), func(name string) bool {
		return test == name || strings.HasPrefix(test, name+"/")
	})
}

// racedTests are names of tests, or of one subtest each.
func racedTests() []string {
	return []string{
		"TestSoak", "TestSoakGo", "TestWorldSoak", "TestArchiveEndsEarly", "TestInterruptIsRemembered",
		"TestDeathsContained", "TestDeathsRerun", "TestExecTestDies", "TestFaultsOfFullDisks", "TestFaultsOfFiles",
		"TestSignals", "TestPartsDie", "TestNobodyReads", "TestCohortKilled", "TestSocketRemoved",
		"TestSameAsGotestsum/fail", "TestSameAsGotestsum/timeout",
		"TestReplaySameAsRun/fail", "TestReplaySameAsRun/timeout", "TestReplayAttempts",
		"TestScripts/adopt", "TestScripts/archive", "TestScripts/artifacts", "TestScripts/changed", "TestScripts/cover", "TestScripts/explain",
		"TestScripts/flaky", "TestScripts/linkcache", "TestScripts/merge", "TestScripts/report", "TestScripts/reruns",
		"TestScripts/shard", "TestScripts/split", "TestScripts/world",
	}
}
