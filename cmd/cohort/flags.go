package main

import (
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/pflag"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report"
)

// flagTable holds every flag once: what is said about it, and the option that it sets.
// Parsing, help, completion and configuration all read it.
type flagTable struct {
	set     *pflag.FlagSet
	flags   []usage.Flag
	section string // of the flags to be added
}

func newTable() *flagTable {
	return &flagTable{set: pflag.NewFlagSet("cohort", pflag.ContinueOnError)}
}

// newFlags binds every flag to the options it returns, which hold the defaults.
func newFlags(env environ) (*flagTable, *options) {
	opts := &options{
		hideSummary:   hideSummaryValue{shown: testjson.SummarizeAll},
		testDirectory: env.get("TEST_DIRECTORY"),
		file:          new(config.Config),
	}
	t := newTable()
	bindChoice(t, opts)
	bindArchive(t, &opts.archive)
	bindShard(t, &opts.shard, env)
	bindQueue(t, &opts.queue)
	bindSpread(t, opts)
	bindGroups(t, opts)
	bindReruns(t, opts)
	bindLimits(t, &opts.limits)
	bindOutput(t, opts, env)
	bindTelling(t, &opts.telling)
	bindFiles(t, opts)
	bindRecord(t, &opts.record)
	bindCover(t, &opts.cover)
	bindPast(t, opts)
	bindWatch(t, opts)
	bindConfig(t)
	bindQuarantine(t, &opts.run)
	bindWorld(t, &opts.world)
	bindOther(t, opts)
	return t, opts
}

// add adds a flag whose value sets v. Its default is what v holds.
func (t *flagTable) add(v pflag.Value, f usage.Flag) {
	t.note(t.set.VarPF(v, f.Name, f.Short, f.Help), f)
}

func (t *flagTable) toggle(p *bool, def bool, f usage.Flag) {
	f.Kind = usage.Switch
	t.set.BoolVarP(p, f.Name, f.Short, def, f.Help)
	t.note(t.set.Lookup(f.Name), f)
}

func (t *flagTable) number(p *int, def int, f usage.Flag) {
	f.Kind = usage.Number
	t.set.IntVarP(p, f.Name, f.Short, def, f.Help)
	t.note(t.set.Lookup(f.Name), f)
}

func (t *flagTable) text(p *string, def string, f usage.Flag) {
	t.set.StringVarP(p, f.Name, f.Short, def, f.Help)
	t.note(t.set.Lookup(f.Name), f)
}

func (t *flagTable) note(flag *pflag.Flag, f usage.Flag) {
	f.Section = t.section
	if zero := []string{"false", "0", "0s"}; f.Default == "" && !slices.Contains(zero, flag.DefValue) {
		f.Default = flag.DefValue
	}
	t.flags = append(t.flags, f)
}

// The purposes that help sorts the flags by, in the order of the table.
const (
	sectionChoice = "What runs"
	sectionQueue  = "Several machines"
	sectionSpread = "Workers and order"
	sectionGroups = "Groups"
	sectionReruns = "Reruns"
	sectionOutput = "Output"
	sectionFiles  = "Files and reports"
	sectionPast   = "Memory"
	sectionWatch  = "Watching"
	sectionConfig = "Configuration"
	sectionOther  = "Other"
)

// bindChoice binds what is run.
func bindChoice(t *flagTable, o *options) {
	t.section = sectionChoice
	t.add(&o.packages, usage.Flag{Name: "packages", Takes: "LIST", Repeat: true,
		Help: "packages to test, separated by spaces, in addition to the arguments"})
	t.toggle(&o.rawCommand, false, usage.Flag{Name: "raw-command",
		Help: "run the arguments as the command, instead of go test -json"})
	t.toggle(&o.ignoreNonJSONOutputLines, false, usage.Flag{Name: "ignore-non-json-output-lines", Hidden: true,
		Help: "write lines that are no JSON to stderr instead of failing"})
	t.number(&o.maxFails, 0, usage.Flag{Name: "max-fails", Help: "end the run after this many failures (0: no limit)"})
	t.add(&o.run.label, usage.Flag{Name: "label", Takes: "EXPR", Own: true,
		Help: "run the tests whose labels match this expression, such as 'e2e && !slow'"})
	t.add(&o.run.changedSince, usage.Flag{Name: "changed-since", Takes: "COMMIT", Own: true,
		Help: "test only packages that changes since the merge base with this commit can reach"})
	bindAgain(t, &o.run)
	t.add(&o.noTests, usage.Flag{Name: "no-tests", Takes: "MODE", Kind: usage.Choice, Choices: noTestsModes, Own: true,
		Help: "what to do if no test ran: " + strings.Join(noTestsModes, ", ")})
}

// bindSpread binds how tests are spread over processes.
func bindSpread(t *flagTable, o *options) {
	t.section = sectionSpread
	r := &o.run
	t.add((*workersValue)(&r.workers), usage.Flag{Name: "workers", Short: "n", Takes: "N|auto", Own: true,
		Help: "test processes at the same time; auto: go test's -p, or GOMAXPROCS"})
	t.add(&r.shuffle, usage.Flag{Name: "shuffle", Takes: "on|off|N|last", Choices: []string{"on", "off", "last"}, Own: true,
		Help: "order of the tests: on, off (source order), a seed, or last (the previous run's seed)"})
	t.add(&r.dist, usage.Flag{Name: "dist", Takes: "MODE", Kind: usage.Choice, Choices: distModes, Own: true,
		Help: "what stays together in one process: " + strings.Join(distModes, ", ")})
	t.add(&r.testMain, usage.Flag{Name: "testmain", Takes: "MODE", Kind: usage.Choice, Choices: testMainModes, Own: true,
		Help: "a package with TestMain is one process (whole), or split (per-worker)"})
	t.toggle(&r.linkCache, true, usage.Flag{Name: "link-cache", Variable: "COHORT_LINK_CACHE", Own: true,
		Default: "true", Help: "keep linked test binaries"})
}

// bindGroups binds which tests belong together.
func bindGroups(t *flagTable, o *options) {
	t.section = sectionGroups
	t.add(&o.run.groups, usage.Flag{Name: "group", Key: "groups", Takes: "REGEXP", Repeat: true, Own: true,
		Help: "tests whose name matches form a group, named by the first capture group"})
	t.toggle(&o.run.wholeGroups, true, usage.Flag{Name: "whole-groups", Own: true, Default: "true",
		Help: "also run the members of a group that come before a selected one"})
	t.toggle(&o.run.groupFailfast, true, usage.Flag{Name: "group-failfast", Own: true,
		Default: "true", Help: "skip the rest of a group after its first failure"})
}

// bindReruns binds what happens to failed tests.
func bindReruns(t *flagTable, o *options) {
	t.section = sectionReruns
	r := &o.rerun
	t.number(&r.maxAttempts, 0, usage.Flag{Name: "rerun-fails", Bare: "2",
		Help: "rerun what failed, up to N times (alone: 2)"})
	t.add(newDelayValue(&r.delay), usage.Flag{Name: "rerun-delay", Takes: "DURATION", Needs: "rerun-fails", Own: true,
		Help: "wait this long between the attempts of a unit: seconds (2, 0.5) or 1m30s"})
	bindRerunTerms(t, &r.terms)
	t.number(&r.maxFailures, 10, usage.Flag{Name: "rerun-fails-max-failures", Needs: "rerun-fails",
		Help: "do not rerun if the first pass has more failures than this"})
	t.toggle(&r.abortOnDataRace, false, usage.Flag{Name: "rerun-fails-abort-on-data-race", Needs: "rerun-fails",
		Help: "do not rerun if a data race is found"})
	t.text(&r.reportFile, "", usage.Flag{Name: "rerun-fails-report", Path: usage.OutputFile, Needs: "rerun-fails",
		Help: "write a report of the tests that were rerun"})
	t.toggle(&r.runRootTest, false, usage.Flag{Name: "rerun-fails-run-root-test", Needs: "rerun-fails",
		Help: "accepted, without effect: a failed subtest is always rerun with its whole test"})
	t.toggle(&r.showOnlyLast, false, usage.Flag{Name: "rerun-show-only-last", Needs: "rerun-fails", Own: true,
		Help: "show only the last attempt of a rerun unit, in every output and file"})
	t.toggle(&r.hideDetails, false, usage.Flag{Name: "hide-rerun-details", Needs: "rerun-fails", Own: true,
		Help: "name the failed attempts of units that passed in the end, without their output"})
	t.add(&o.run.explain, usage.Flag{Name: "explain-failures", Takes: "MODE", Kind: usage.Choice, Choices: explainModes, Own: true,
		Help: "find out whether a failure shows in go test's order too: auto (few and short packages), off"})
	t.toggle(&r.failOnFlaky, false, usage.Flag{Name: "fail-on-flaky", Needs: "rerun-fails", Own: true,
		Help: "exit 1 if a unit passed only in a rerun"})
}

// bindOutput binds what is shown on the terminal.
func bindOutput(t *flagTable, o *options, env environ) {
	t.section = sectionOutput
	t.text(&o.format, "pkgname", usage.Flag{Name: "format", Short: "f", Kind: usage.Choice, Takes: "FORMAT",
		Choices: names(formats()), Also: formatSynonyms(), Variable: "GOTESTSUM_FORMAT", Help: "how the run is printed"})
	t.toggle(&o.formatOptions.HideEmptyPackages, false, usage.Flag{Name: "format-hide-empty-pkg",
		Help: "do not print packages without tests in compact formats"})
	t.toggle(&o.formatOptions.UseHiVisibilityIcons, false, usage.Flag{Name: "format-hivis", Hidden: true,
		Help: "use high visibility characters in some formats"})
	t.text(&o.formatOptions.Icons, "", usage.Flag{Name: "format-icons", Takes: "ICONS",
		Choices: names(icons()), Variable: "GOTESTSUM_FORMAT_ICONS",
		Help: "use other icons: " + strings.Join(names(icons()), ", ")})
	t.toggle(&o.noColor, env.noColor(!color.NoColor), usage.Flag{Name: "no-color", Default: "by terminal", Help: "print without colour"})
	t.add(&o.hideSummary, usage.Flag{Name: "hide-summary", Takes: "SECTIONS", Repeat: true, Default: "none",
		Choices: strings.Split(testjson.SummarizeAll.String(), ","),
		Help:    "leave sections out of the summary: " + testjson.SummarizeAll.String()})
	t.add(&o.hideSummary, usage.Flag{Name: "no-summary", Takes: "SECTIONS", Repeat: true, Default: "none", Hidden: true,
		Help: "another name of hide-summary"})
	t.toggle(&o.debug, false, usage.Flag{Name: "debug", Help: "print what cohort does"})
}

// bindFiles binds which files are written.
func bindFiles(t *flagTable, o *options) {
	t.section = sectionFiles
	t.text(&o.junit.file, "", usage.Flag{Name: "junitfile", Path: usage.OutputFile, Variable: "GOTESTSUM_JUNITFILE",
		Help: "write a JUnit XML file"})
	t.add(&o.junit.suiteName, usage.Flag{Name: "junitfile-testsuite-name", Kind: usage.Choice, Takes: "FORM",
		Choices: fieldFormats, Needs: "junitfile", Help: "form of the testsuite's name: " + strings.Join(fieldFormats, ", ")})
	t.add(&o.junit.classname, usage.Flag{Name: "junitfile-testcase-classname", Kind: usage.Choice, Takes: "FORM",
		Choices: fieldFormats, Needs: "junitfile", Help: "form of the testcase's class name: " + strings.Join(fieldFormats, ", ")})
	t.text(&o.junit.projectName, "", usage.Flag{Name: "junitfile-project-name", Takes: "NAME", Needs: "junitfile",
		Variable: "GOTESTSUM_JUNITFILE_PROJECT_NAME", Help: "name of the project in the JUnit file"})
	t.toggle(&o.junit.hideEmptyPackages, false, usage.Flag{Name: "junitfile-hide-empty-pkg", Needs: "junitfile",
		Variable: "GOTESTSUM_JUNIT_HIDE_EMPTY_PKG", Help: "leave packages without tests out of the JUnit file"})
	t.toggle(&o.junit.hideSkippedTests, false, usage.Flag{Name: "junitfile-hide-skipped-tests", Needs: "junitfile",
		Variable: "GOTESTSUM_JUNIT_HIDE_SKIPPED_TESTS", Help: "leave skipped tests out of the JUnit file"})
	t.add(&o.junit.reruns, usage.Flag{Name: "junitfile-reruns", Kind: usage.Choice, Takes: "MODE",
		Choices: strings.Split(report.RerunModes, ", "), Needs: "junitfile", Own: true,
		Help: "how reruns appear in the JUnit file: " + report.RerunModes})
	t.text(&o.jsonFile, "", usage.Flag{Name: "jsonfile", Path: usage.OutputFile, Variable: "GOTESTSUM_JSONFILE",
		Help: "write all events, as go test -json prints them"})
	t.text(&o.jsonFileTimingEvents, "", usage.Flag{Name: "jsonfile-timing-events", Path: usage.OutputFile,
		Variable: "GOTESTSUM_JSONFILE_TIMING_EVENTS", Help: "write the events that end a test or package"})
	t.add(&o.postRun, usage.Flag{Name: "post-run-command", Takes: "COMMAND", Help: "run this command after the tests"})
}

// bindPast binds what is known of past runs.
func bindPast(t *flagTable, o *options) {
	t.section = sectionPast
	t.text(&o.run.history, "", usage.Flag{Name: "history", Takes: "FILE|off", Variable: "COHORT_HISTORY", Own: true,
		Default: "one per module in the cache directory", Help: "the file that remembers durations and outcomes"})
	t.text(&o.run.timingFiles, "", usage.Flag{Name: "timing-files", Takes: "GLOB", Own: true,
		Help: "read durations from files that --jsonfile-timing-events wrote"})
}

// bindWatch binds the flags of watching.
func bindWatch(t *flagTable, o *options) {
	t.section = sectionWatch
	t.toggle(&o.watch, false, usage.Flag{Name: "watch", Once: true, Help: "run the tests of a package when one of its files is saved"})
	t.toggle(&o.watchClear, false, usage.Flag{Name: "watch-clear", Needs: "watch", Help: "clear the screen before each run"})
	t.toggle(&o.watchChdir, false, usage.Flag{Name: "watch-chdir", Needs: "watch",
		Help: "run in the directory of the file that was saved"})
}

// bindConfig binds where settings come from. What the flags say is read before any option
// is set, so there is nothing to keep.
func bindConfig(t *flagTable) {
	t.section = sectionConfig
	t.text(new(string), "", usage.Flag{Name: "config", Takes: "FILE|off", Path: usage.InputFile, Once: true, Own: true,
		Default: ".cohort.yaml next to go.mod", Help: "the file that sets flags"})
	t.text(new(string), "", usage.Flag{Name: "profile", Takes: "NAME", Once: true, Own: true,
		Help: "use the flags of this profile of the configuration file"})
}

// bindOther binds what is not about a run.
func bindOther(t *flagTable, o *options) {
	t.section = sectionOther
	t.toggle(&o.version, false, usage.Flag{Name: "version", Once: true, Help: "print the version and exit"})
}
