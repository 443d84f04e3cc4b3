package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
)

// options is everything the command line and the environment say about a run. The
// flags are bound to its fields; nothing changes it after parse.
type options struct {
	args []string       // what follows the flags: go test's arguments, or the raw command
	file *config.Config // what the configuration file says beyond flags
	// rules are the file's entries of tests, without what flags decide; nil without any.
	rules *grouping.Rules
	// archive is the file that the tests come from, "" for none.
	archive string

	format        string
	formatOptions testjson.FormatOptions
	noColor       bool
	hideSummary   hideSummaryValue
	debug         bool
	version       bool

	rawCommand               bool
	ignoreNonJSONOutputLines bool
	packages                 listValue
	testDirectory            string // TEST_DIRECTORY: the package when no list is given
	maxFails                 int    // 0: no limit
	noTests                  noTestsMode

	jsonFile             string
	jsonFileTimingEvents string
	junit                junitOptions
	postRun              commandValue

	watch, watchChdir, watchClear bool

	rerun   rerunOptions
	world   worldOptions
	limits  limitOptions
	run     runOptions
	shard   shardOptions
	queue   queueOptions
	telling tellingOptions
	record  recordOptions
	cover   coverOptions
}

// junitOptions says whether and how the JUnit file is written.
type junitOptions struct {
	file              string
	projectName       string
	suiteName         fieldFormatValue
	classname         fieldFormatValue
	hideEmptyPackages bool
	hideSkippedTests  bool
	reruns            junitRerunsValue
}

// rerunOptions says what happens to failed units.
type rerunOptions struct {
	maxAttempts     int // reruns of one unit at most; 0: none
	maxFailures     int // more failures than this in the first pass: no reruns
	reportFile      string
	runRootTest     bool // gotestsum's; only how failures are counted depends on it
	abortOnDataRace bool
	delay           time.Duration // between the end of an attempt and the start of the next
	terms           rerunTerms
	showOnlyLast    bool
	hideDetails     bool
	failOnFlaky     bool
}

// runOptions says how tests are spread over processes: it is for the scheduler.
type runOptions struct {
	workers       int // 0: auto
	shuffle       shuffleValue
	dist          distMode
	groups        regexpsValue
	fileGroups    bool // they come from the configuration file, which is about the whole module
	testMain      testMainMode
	groupFailfast bool
	wholeGroups   bool
	label         labelValue
	changedSince  refValue
	lastFailed    lastFailedValue
	failedFirst   bool
	quarantine    quarantineMode
	history       string // a file; "": the default one; "off": none
	timingFiles   string // a glob; "": none
	linkCache     bool
	explain       explainMode
}

// rerunsEnabled reports whether failed units, or some of them, are to be run again.
func (o *options) rerunsEnabled() bool {
	return o.rerun.maxAttempts > 0 ||
		slices.ContainsFunc(o.rules.Values(scheduler.KeyRerunFails), func(n any) bool { return n != 0 })
}

// rerunRule is where the first rule stands that lets something run again, "" for none.
func (o *options) rerunRule() string {
	for _, r := range o.file.Rules {
		if r.RerunFails != nil && *r.RerunFails > 0 {
			return r.Keys[scheduler.KeyRerunFails].String()
		}
	}
	return ""
}

// holdMode says which attempts are held back. Without reruns none is.
func (o *options) holdMode() report.HoldMode {
	switch {
	case !o.rerunsEnabled():
		return report.HoldNothing
	case o.rerun.showOnlyLast:
		return report.OnlyLast
	case o.rerun.hideDetails:
		return report.HideDetails
	}
	return report.HoldNothing
}

// problems returns what is wrong with o, one line each.
func (o *options) problems() []string {
	var all []string
	check := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	check(o.telling.slowest < 0, "--slowest=%d: the number of tests cannot be negative", o.telling.slowest)
	check(o.rerun.maxAttempts < 0, "--rerun-fails=%d: the number of reruns cannot be negative", o.rerun.maxAttempts)
	check(o.rerun.maxAttempts > 0 && hasFailfast(o.args),
		"-(test.)failfast cannot be used with --rerun-fails because not all test cases will run")
	check(o.rerun.maxAttempts == 0 && o.rerunsEnabled() && hasFailfast(o.args),
		"-failfast cannot be used with a rule that sets rerun-fails (%s): --rerun-fails=0 turns reruns off", o.rerunRule())
	check(o.rawCommand && len(o.args) == 0 && !o.watch, "--raw-command: the command to run is missing")
	_, err := filepath.Match(o.run.timingFiles, "")
	check(err != nil, "--timing-files=%s: %v", o.run.timingFiles, err)
	return slices.Concat(all, o.coverProblems(), o.shardProblems(), o.queueProblems())
}

// hasFailfast reports whether args turn go test's -failfast on. What follows -args
// belongs to the test binary's own flags.
func hasFailfast(args []string) bool {
	names := []string{"-failfast", "--failfast", "-test.failfast", "--test.failfast"}
	return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(names, a) })
}
