package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/pflag"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
)

// flagSets are the flags in the two groups that the help text shows.
type flagSets struct {
	gotestsum *pflag.FlagSet
	own       *pflag.FlagSet
	all       *pflag.FlagSet
}

// Args returns what follows the flags.
func (f *flagSets) Args() []string { return f.all.Args() }

// newFlags binds every flag to the options it returns, with defaults from env.
func newFlags(env environ) (*flagSets, *options) {
	opts := &options{
		hideSummary:   hideSummaryValue{shown: testjson.SummarizeAll},
		testDirectory: env.get("TEST_DIRECTORY"),
	}
	f := &flagSets{
		gotestsum: pflag.NewFlagSet("cohort", pflag.ContinueOnError),
		own:       pflag.NewFlagSet("cohort", pflag.ContinueOnError),
		all:       pflag.NewFlagSet("cohort", pflag.ContinueOnError),
	}
	bindOutput(f.gotestsum, opts, env)
	bindFiles(f.gotestsum, opts, env)
	bindReruns(f.gotestsum, opts)
	bindOwn(f.own, opts, env)
	f.all.AddFlagSet(f.gotestsum)
	f.all.AddFlagSet(f.own)
	f.all.SetInterspersed(false)
	f.all.Usage = func() {}
	return f, opts
}

// parseFlags parses args. Wrong values are reported all together; a flag that does
// not exist ends the parsing, as what follows it can not be told apart.
func parseFlags(f *flagSets, args []string) error {
	var errs []error
	err := f.all.ParseAll(args, func(flag *pflag.Flag, value string) error {
		if err := f.all.Set(flag.Name, value); err != nil {
			errs = append(errs, err)
		}
		return nil
	})
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	// pflag leaves out arguments like -test.v without a word; gotestsum rejects them,
	// and a flag that does nothing is worse than an error.
	for _, arg := range args[:len(args)-len(f.all.Args())] {
		if strings.HasPrefix(arg, "-test.") {
			errs = append(errs, fmt.Errorf("unknown shorthand flag: 't' in %s", arg))
		}
	}
	return errors.Join(errs...)
}

// bindOutput binds what gotestsum shows on the terminal.
func bindOutput(f *pflag.FlagSet, o *options, env environ) {
	f.StringVarP(&o.format, "format", "f", env.or("GOTESTSUM_FORMAT", "pkgname"), "print format of test input")
	f.BoolVar(&o.formatOptions.HideEmptyPackages, "format-hide-empty-pkg", false,
		"do not print empty packages in compact formats")
	f.BoolVar(&o.formatOptions.UseHiVisibilityIcons, "format-hivis", false,
		"use high visibility characters in some formats")
	f.StringVar(&o.formatOptions.Icons, "format-icons", env.get("GOTESTSUM_FORMAT_ICONS"),
		"use different icons, see help for options")
	f.BoolVar(&o.noColor, "no-color", env.noColor(!color.NoColor), "disable color output")
	f.Var(&o.hideSummary, "no-summary", "do not print summary of: "+testjson.SummarizeAll.String())
	f.Var(&o.hideSummary, "hide-summary", "hide sections of the summary: "+testjson.SummarizeAll.String())
	f.IntVar(&o.maxFails, "max-fails", 0, "end the test run after this number of failures")
	f.BoolVar(&o.debug, "debug", false, "enabled debug logging")
	f.BoolVar(&o.version, "version", false, "show version and exit")
	hide(f, "format-hivis", "no-summary")
}

// bindFiles binds where gotestsum's input comes from and which files it writes.
func bindFiles(f *pflag.FlagSet, o *options, env environ) {
	f.BoolVar(&o.rawCommand, "raw-command", false, "don't prepend 'go test -json' to the 'go test' command")
	f.BoolVar(&o.ignoreNonJSONOutputLines, "ignore-non-json-output-lines", false,
		"write non-JSON 'go test' output lines to stderr instead of failing")
	f.Var(&o.packages, "packages", "space separated list of package to test")
	f.Var(&o.postRun, "post-run-command", "command to run after the tests have completed")
	f.BoolVar(&o.watch, "watch", false, "watch go files, and run tests when a file is modified")
	f.BoolVar(&o.watchClear, "watch-clear", false, "in watch mode clear screen when rerun tests")
	f.BoolVar(&o.watchChdir, "watch-chdir", false, "in watch mode change the working directory "+
		"to the directory with the modified file before running tests")

	f.StringVar(&o.jsonFile, "jsonfile", env.get("GOTESTSUM_JSONFILE"), "write all TestEvents to file")
	f.StringVar(&o.jsonFileTimingEvents, "jsonfile-timing-events", env.get("GOTESTSUM_JSONFILE_TIMING_EVENTS"),
		"write only the pass, skip, and fail TestEvents to the file")
	f.StringVar(&o.junit.file, "junitfile", env.get("GOTESTSUM_JUNITFILE"), "write a JUnit XML file")
	f.Var(&o.junit.suiteName, "junitfile-testsuite-name", "format the testsuite name field as: "+fieldFormats)
	f.Var(&o.junit.classname, "junitfile-testcase-classname", "format the testcase classname field as: "+fieldFormats)
	f.StringVar(&o.junit.projectName, "junitfile-project-name", env.get("GOTESTSUM_JUNITFILE_PROJECT_NAME"),
		"name of the project used in the junit.xml file")
	f.BoolVar(&o.junit.hideEmptyPackages, "junitfile-hide-empty-pkg", env.truthy("GOTESTSUM_JUNIT_HIDE_EMPTY_PKG"),
		"omit packages with no tests from the junit.xml file")
	f.BoolVar(&o.junit.hideSkippedTests, "junitfile-hide-skipped-tests", env.truthy("GOTESTSUM_JUNIT_HIDE_SKIPPED_TESTS"),
		"omit skipped tests from the junit.xml file")
	hide(f, "ignore-non-json-output-lines")
}

// bindReruns binds gotestsum's rerun flags.
func bindReruns(f *pflag.FlagSet, o *options) {
	f.IntVar(&o.rerun.maxAttempts, "rerun-fails", 0, "rerun failed tests until they all pass, "+
		"or attempts exceeds maximum. Defaults to max 2 reruns when enabled")
	f.Lookup("rerun-fails").NoOptDefVal = "2"
	f.BoolVar(&o.rerun.abortOnDataRace, "rerun-fails-abort-on-data-race", false,
		"do not rerun tests if a data race is detected")
	f.IntVar(&o.rerun.maxFailures, "rerun-fails-max-failures", 10,
		"do not rerun any tests if the initial run has more than this number of failures")
	f.StringVar(&o.rerun.reportFile, "rerun-fails-report", "",
		"write a report to the file, of the tests that were rerun")
	f.BoolVar(&o.rerun.runRootTest, "rerun-fails-run-root-test", false, "rerun the entire root testcase "+
		"when any of its subtests fail, instead of only the failed subtest")
}

// bindOwn binds the flags that gotestsum does not have.
func bindOwn(f *pflag.FlagSet, o *options, env environ) {
	r := &o.run
	f.VarP((*workersValue)(&r.workers), "workers", "n",
		"test processes at the same time; auto: go test's -p, or GOMAXPROCS")
	f.Var(&r.shuffle, "shuffle", "order of the tests: on, off (source order), a seed, or last (the previous run's seed)")
	f.Var(&r.dist, "dist", "what stays together in one process: "+strings.Join(distModes, ", "))
	f.Var(&r.groups, "group", "tests whose name matches form a group, named by the first capture group (repeatable)")
	f.Var(&r.testMain, "testmain", "a package with TestMain is one process (whole), or split (per-worker)")
	f.BoolVar(&r.groupFailfast, "group-failfast", true, "skip the rest of a group after its first failure")

	f.Var(newDelayValue(&o.rerun.delay), "rerun-delay",
		"wait this long between the attempts of a unit: seconds (2, 0.5) or a duration (1m30s)")
	f.BoolVar(&o.rerun.showOnlyLast, "rerun-show-only-last", false,
		"only the last attempt of a rerun unit appears, in every output and file")
	f.BoolVar(&o.rerun.hideDetails, "hide-rerun-details", false,
		"name the failed attempts of units that passed in the end, without their output")
	f.BoolVar(&o.rerun.failOnFlaky, "fail-on-flaky", false, "exit 1 when a unit passed only in a rerun")
	f.Var(&o.junit.reruns, "junitfile-reruns", "how reruns appear in the JUnit file: "+report.RerunModes)

	f.StringVar(&r.history, "history", env.get("COHORT_HISTORY"),
		"file that remembers durations and outcomes, or off (default: one per module in the user's cache directory)")
	f.StringVar(&r.timingFiles, "timing-files", "",
		"read durations from the files matching this glob, as --jsonfile-timing-events writes them")
	f.BoolVar(&r.linkCache, "link-cache", !env.falsy("COHORT_LINK_CACHE"), "keep linked test binaries")
}

// hide leaves flags out of the help text.
func hide(f *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f.Lookup(name).Hidden = true
	}
}
