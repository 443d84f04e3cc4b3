package scheduler

import (
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Config says how a run is scheduled. Nothing changes it after Start.
type Config struct {
	// ID names the run, for the tests and the history.
	ID string
	// GoTest are the user's go test arguments. They are not a pass-through.
	GoTest *gotest.Args
	// Workers is the number of test processes that may run at a time, at least 1.
	Workers int
	// Shuffle reports whether units run in the random order that Seed makes;
	// otherwise they run in source order.
	Shuffle bool
	Seed    int64
	// SeedChosen reports that the user set the seed: then the go command hears
	// of it, and each package prints it.
	SeedChosen bool
	// Dist and Groups are --dist and --group.
	Dist   grouping.Dist
	Groups []*regexp.Regexp
	// SplitTestMain splits packages with a TestMain too, into at most one batch
	// per worker.
	SplitTestMain bool
	// GroupFailFast ends a declared group at its first failed member.
	GroupFailFast bool
	// Past is what is known of earlier runs; Recorder takes what happens in
	// this one. Neither is nil.
	Past     *history.Snapshot
	Recorder *history.Recorder
	// Observer hears what happens, nil for nobody.
	Observer Observer
	// Strict keeps the output of one test together even if another one that
	// has ended must wait for it.
	Strict bool

	// World is what tests need before they run, nil for nothing.
	World *World

	ProgramConfig
	AgainConfig
	SelectConfig
	LimitConfig
}

// ProgramConfig says how the go command is started.
type ProgramConfig struct {
	// Self is the absolute path of the cohort program.
	Self string
	// Toolexec is the value of the go command's -toolexec flag, "" for none.
	Toolexec string
	// Dir is where the go command runs, "" for the current directory.
	Dir string
	// Env is the whole environment of the go command and the tests.
	Env []string
	// Runner starts the processes of the tests; nil: on this machine.
	Runner worker.Runner
	// Crew tells how many test processes there may be at a time, from then on and in the place of
	// Workers. It is not nil if Runner starts them on machines that come and go.
	Crew <-chan int
	// Slots returns how many processes really run at a time now, of those that Workers and Crew have
	// handed out; nil: all. It may be called at any time.
	Slots func() int
	// Packages is how many packages the go command may have under way at a time, if that is more than
	// Workers.
	Packages int
	// Uncached has the go command take no results of other runs from its cache: only of those with the
	// same one. "": it takes all that hold.
	Uncached string
}

// SelectConfig says what runs of what the user's -run and -skip select.
type SelectConfig struct {
	// Rules are settings of single tests and packages, nil for none.
	Rules *grouping.Rules
	// Label selects tests by their labels, nil for all.
	Label *grouping.LabelExpr
	// PartialGroups is --whole-groups=false.
	PartialGroups bool
	// Only, if not nil, selects the units of which it reports true for a test, given the import path
	// and its name. It may be called concurrently.
	Only func(pkg, test string) bool
	// First, if not nil, reports of a test in the same way whether its unit starts before those of
	// which none is reported.
	First func(pkg, test string) bool
	// Shard says what of each package this run takes, by import path; nil: all. A package without
	// an entry fails.
	Shard map[string]plan.ShardJob
}

// Grouping returns how the units of the package with that import path are made, given its patterns.
func (c *Config) Grouping(path string, p gotest.Patterns) grouping.Options {
	o := grouping.Options{
		Dist: c.mannerOf(path).dist, Groups: c.Groups, Run: p.Run, Skip: p.Skip, Label: c.Label, PartialGroups: c.PartialGroups,
	}
	if c.Only != nil {
		o.Only = func(test string) bool { return c.Only(path, test) }
	}
	return o
}

// quarantined returns what reports whether a test of the package is in quarantine.
func (c *Config) quarantined(path string) func(test string) bool {
	return func(test string) bool { return c.Quarantined != nil && c.Quarantined(path, test) }
}

// AgainConfig says what runs again after the first pass.
type AgainConfig struct {
	// Reruns is how often a failed unit may run again, 0 for never. It decides
	// whether the binaries of failed packages are kept.
	Reruns int
	// RerunDelay lies between the end of a unit's attempt and its next start. RerunBackoff
	// multiplies it after each rerun, 0 and 1 for not at all.
	RerunDelay   time.Duration
	RerunBackoff float64
	// RerunTerms say by its output whether a failed unit runs again.
	RerunTerms rerun.Terms
	// RerunBudget is how long after the first of them reruns may start, 0 for no limit.
	RerunBudget time.Duration
	// Quarantined, if not nil, reports of a test, given the import path and its name, whether it is known
	// to be bad: see [UnitVerdict.Excused]. It may be called concurrently. Where its package is split,
	// the unit of such a test has a process of its own, so that it alone is to blame for its end.
	Quarantined func(pkg, test string) bool
	// Explain reports that Run.Explain will be called, for which binaries of failed packages are
	// kept too.
	Explain bool
}

// source returns how the package's files are read.
func (c *Config) source() grouping.SourceOptions {
	return grouping.SourceOptions{
		BuildTags: c.GoTest.Tags,
		Race:      c.GoTest.Race,
		Msan:      c.GoTest.Msan,
		Asan:      c.GoTest.Asan,
		Positions: c.Dist == grouping.LoadFile || len(c.Groups) > 0 || c.Label != nil || c.Rules.Sets(grouping.KeyGroup, grouping.KeyDist),
	}
}

// modes are the settings that decide which tests run, which share a process and how long they may
// take, unless they are the default: a result under one says nothing about another.
func (c *Config) modes() []string {
	var modes []string
	if c.Dist != "" && c.Dist != grouping.LoadScope {
		modes = append(modes, "dist", string(c.Dist))
	}
	for _, g := range c.Groups {
		modes = append(modes, "group", g.String())
	}
	if c.SplitTestMain {
		modes = append(modes, "testmain per-worker")
	}
	switch {
	case c.PartialGroups:
		modes = append(modes, "partial groups")
	case c.GoTest.Run != "" || c.GoTest.Skip != "":
		// A cohort that did not run whole groups may have left results.
		modes = append(modes, "whole groups")
	}
	if c.Label != nil {
		modes = append(modes, "label", c.Label.String())
	}
	if c.Only != nil {
		modes = append(modes, "only") // see cacheable: under it no result is kept
	}
	if c.TestTimeout > 0 {
		modes = append(modes, "test-timeout", c.TestTimeout.String())
	}
	if rules := c.Rules.Text(grouping.KeyGroup, grouping.KeyLabels, grouping.KeyDist, grouping.KeyTestMain, grouping.KeyTimeout); rules != "" {
		modes = append(modes, "rules", rules)
	}
	if c.Uncached != "" {
		modes = append(modes, "uncached", c.Uncached)
	}
	modes = append(modes, c.World.modes()...)
	return append(modes, c.pieces()...)
}

// pieces are the parts of packages that this run takes, in order. The go command has one key for all
// packages, so they are part of it as a whole: no result of a part is taken for one of the package,
// nor the other way around.
func (c *Config) pieces() []string {
	var pieces []string
	for _, path := range slices.Sorted(maps.Keys(c.Shard)) {
		if job := c.Shard[path]; !job.Whole() {
			pieces = append(pieces, fmt.Sprintf("piece of %s: first %v, run %q, skip %q", path, job.First, job.Run, job.Skip))
		}
	}
	return pieces
}

// cacheable reports whether the go command may keep results: not those of a foreign
// program, nor with a -count, nor those of tests that were chosen by what other runs have shown,
// which are others each time. Without need no process is made to log what it reads, which may fail.
func (c *Config) cacheable() bool {
	return c.GoTest.Exec == nil && c.GoTest.Count == 0 && c.Only == nil
}

// keeps reports whether the binaries of failed packages are kept.
func (c *Config) keeps() bool { return c.mayRerun() || c.Explain }

// maxList bounds the -test.run list of one process in bytes. Linux takes 128 KiB in one argument;
// on Windows a whole command line has 32,767 characters.
func maxList() int {
	if runtime.GOOS == "windows" {
		return 16 << 10
	}
	return 96 << 10
}

// elsewhereBatch is what a process on another machine gets at most of what can be divided. Machines
// come and go: that is what one that goes away costs, and how long the others wait for one that is
// late. With two seconds a thousand of them ask for five hundred batches a second.
const elsewhereBatch = 2 * time.Second

// away reports whether the processes run on other machines. Then all that is known of one comes with
// its end: a process waits there for a time that is neither work of its tests nor the cost of a
// start.
func (c *Config) away() bool { return c.Crew != nil }

// Hands is among how many processes at a time work is divided that each of them makes more of: one that
// is handed out and waits is none of them.
func (c *Config) Hands() int {
	if c.Slots != nil {
		return c.Slots()
	}
	return c.Workers
}

// batchTime bounds what can be divided of a batch, 0 for no bound.
func (c *Config) batchTime() time.Duration {
	if c.away() {
		return elsewhereBatch
	}
	return 0
}
