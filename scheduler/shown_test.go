package scheduler

import (
	"fmt"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
)

// shownSource is a package with a group and two other tests.
const shownSource = "//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:group g\nfunc TestB(t *testing.T) {}\n\n" +
	"func TestC(t *testing.T) {}\n\nfunc TestD(t *testing.T) {}\n"

// TestShown ends the processes of a package in many ways and says what has to run again.
func TestShown(t *testing.T) {
	t.Parallel()
	type process struct {
		words script.Process
		code  int
	}
	pass := process{}
	for _, tc := range []struct {
		name     string
		testMain bool
		args     []string
		config   Config
		first    process // what the process with TestA does; the others pass
		bad      string
		good     string
		flags    string // failed, passed
	}{
		{name: "all pass", first: pass, good: "[TestA TestB TestC TestD]", flags: "passed"},
		{name: "a member of the group fails", config: Config{GroupFailFast: true}, first: process{"+TestA fTestA FAIL", 1},
			bad: "[TestA TestB]", good: "[TestC TestD]"},
		{name: "a part of the tests", args: []string{"-test.run=TestC"}, good: "[TestC]"},
		{name: "a part of a test", args: []string{"-test.run=TestC/x|TestD"}, good: "[TestD]"},
		{name: "a part of a test is left out", args: []string{"-test.skip=TestA|TestB|TestC/x"}, good: "[TestD]"},
		{name: "whole, and died in its TestMain", testMain: true, first: process{"", 3},
			bad: "[TestA TestB TestC TestD]", flags: "failed"},
		{name: "whole, and failed after its tests", testMain: true, first: process{"+TestA pTestA +TestB pTestB +TestC pTestC +TestD pTestD PASS", 3},
			good: "[TestA TestB TestC TestD]", flags: "failed"},
		{name: "whole, and TestMain runs nothing", testMain: true, first: process{"", 0}},
		{name: "-failfast", args: []string{"-test.failfast"}, config: Config{GoTest: &gotest.Args{FailFast: true}},
			first: process{"+TestA pTestA +TestB pTestB +TestC fTestC FAIL", 1}, bad: "[TestC TestD]", good: "[TestA TestB]"},
		{name: "unknown tests fail", args: []string{"-test.list=."}, first: process{"", 1},
			bad: "[TestA TestB TestC TestD]", flags: "failed"},
	} {
		tc.config.Workers = 1
		b := newBench(t, &tc.config)
		s := b.arrives(shownSource, tc.testMain, tc.args...)
		for started := b.fill(); len(started) > 0; started = b.fill() {
			j := started[0]
			p := process{passing(j), 0}
			if tc.first != pass && (!j.Known || j.Tests[0].Name == "TestA") || tc.name == "whole, and TestMain runs nothing" {
				p = tc.first
			}
			b.finish(j, p.words, p.code)
		}
		b.exit()
		got := b.shownOf(s)
		check := func(what string, got, want any) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s: %v, want %v", tc.name, what, got, want)
			}
		}
		or := func(list string) string { return list + map[bool]string{true: "[]"}[list == ""] }
		check("bad", got.Bad, or(tc.bad))
		check("good", got.Good, or(tc.good))
		check("failed", got.Failed, tc.flags == "failed")
		check("passed", got.Passed, tc.flags == "passed")
	}
}

// TestShownOfAnInterrupt: what was cut off and what did not start has to run again, and the package
// has not failed.
func TestShownOfAnInterrupt(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1})
	s := b.arrives(shownSource, false)
	j := b.fill()[0]
	b.stop()
	b.script.canceled = true
	b.finish(j, "+TestC pTestC +TestD", -1)
	b.exit()
	if got := fmt.Sprint(b.shownOf(s).Debt); got != "{[TestA TestB TestD] [TestC] false false}" {
		t.Error(got)
	}
}
