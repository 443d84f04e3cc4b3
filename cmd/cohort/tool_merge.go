package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/merge"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

const mergeUsage = `Usage:
    cohort tool merge [flags] RECORD...

Make one run of the records that the shards of a suite have written (--shard I/N
--record FILE): its output and exit code, and every file that is asked for. Of
several records of a shard the newest counts.

Exit code: that of the run. 3 if the records cannot be merged: one of a shard is
missing or not complete, they are of two plans, other source, another go version
or other go test flags, or something that was planned did not run exactly once.

Flags:
`

// mergeOptions are the flags of cohort tool merge that a replay does not have.
type mergeOptions struct {
	cover string // a file for the coverage of all shards; "": none
}

// mergeFlags binds the flags of cohort tool merge: its own, and those of a run that are about its
// output and files.
func (c *command) mergeFlags(o *mergeOptions) (*flagTable, *options) {
	t, opts := newFlags(c.env)
	t.flags = slices.DeleteFunc(t.flags, func(f usage.Flag) bool { return !slices.Contains(mergedFlags(), f.Name) })
	t.section = sectionFiles
	t.text(&o.cover, "", usage.Flag{Name: "coverprofile", Path: usage.OutputFile, Own: true,
		Help: "write the coverage of all shards together"})
	return t, opts
}

// mergedFlags are the flags of a run that are about a merged one too.
func mergedFlags() []string {
	return append(keptFromReplay(),
		"format", "format-hide-empty-pkg", "format-hivis", "format-icons", "no-color", "hide-summary", "rerun-show-only-last",
		"hide-rerun-details", "fail-on-flaky", "no-tests", "junitfile", "junitfile-testsuite-name", "junitfile-testcase-classname",
		"junitfile-project-name", "junitfile-hide-empty-pkg", "junitfile-hide-skipped-tests", "junitfile-reruns", "junitfile-details",
		"jsonfile", "jsonfile-timing-events", "rerun-fails-report", "post-run-command", "redact",
	)
}

// keptFromReplay are those that merge sees to itself; a run has no coverprofile among its own.
func keptFromReplay() []string {
	return []string{
		"record", "htmlfile", "tracefile", "history", "coverprofile",
		"cover-min", "cover-min-changed", "cover-base", "coverfile-cobertura", "coverfile-lcov",
	}
}

// merge is cohort tool merge.
func (c *command) merge(args []string) error {
	var o mergeOptions
	table, opts := c.mergeFlags(&o)
	cmd := usage.Command{Name: "cohort tool merge", Flags: table.flags, Help: "cohort tool merge --help"}
	flags, names := flagsFirst(table.flags, args)
	scanned := c.scan(cmd, flags)
	if scanned.Help && len(scanned.Problems) == 0 {
		_, err := io.WriteString(c.stdout, mergeUsage+usage.Describe(table.flags, helpWidth))
		return err
	}
	given := flagLayer(scanned.Settings, "")
	problems := append(table.apply(given), opts.coverProblems()...)
	if len(names) == 0 {
		problems = append(problems, "cohort tool merge: no record is named")
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			problems = append(problems, "cohort tool merge: "+name+" is named twice")
		}
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return err
	}
	set, err := merge.Open(names)
	if err != nil {
		return err
	}
	return errors.Join(c.mergeSet(set, given, opts, o), set.Close())
}

// mergeSet writes the record of the whole run and makes everything else of it.
func (c *command) mergeSet(set *merge.Set, given layer, opts *options, o mergeOptions) (err error) {
	for _, note := range set.Notes {
		c.log.infof("%s", note)
	}
	name := opts.record.file
	if name == "" {
		temp, err := os.CreateTemp("", "cohort-*.cohort")
		if err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		name = temp.Name()
		defer func() { err = errors.Join(err, os.Remove(name)) }()
		if err := temp.Close(); err != nil {
			return fmt.Errorf("merge: %w", err)
		}
	}
	added := c.shardAdditions(set)
	if err := c.writeMerged(set, name, added, opts, o); err != nil {
		return err
	}
	c.log.infof("merged %s of %s, plan %s", counted(set.Plan.Shards, "shard"), counted(len(set.Plan.Packages), "package"),
		strings.TrimPrefix(set.Plan.Sum, "sha256:")[:12])
	shown := c.replay(append(replayArgs(given), name))
	shown = errors.Join(shown, c.writeReports([]string{name}, reportFiles{html: opts.record.html, trace: opts.record.trace}))
	c.rememberShards(set, added, opts)
	return errors.Join(shown, c.tellShards(set, shown))
}

// replayArgs are the flags with which the merged record is replayed.
func replayArgs(given layer) []string {
	var args []string
	for _, s := range given {
		if slices.Contains(keptFromReplay(), s.name) {
			continue
		}
		for _, value := range s.values {
			args = append(args, "--"+s.name+"="+value)
		}
	}
	return args
}

// writeMerged writes the record, and what is asked of coverage.
func (c *command) writeMerged(set *merge.Set, name string, added history.Additions, opts *options, o mergeOptions) error {
	profile, lacking, err := set.Coverage()
	if err != nil {
		return err
	}
	wanted := opts.cover.wanted()
	if o.cover != "" {
		wanted = append(wanted, "--coverprofile")
	}
	if len(wanted) > 0 && (profile == nil || len(lacking) > 0) {
		return fmt.Errorf("%s: there is no coverage profile in %s: run the shards with -coverprofile in the folder where cohort is started",
			usage.List(wanted), usage.List(lacking))
	}
	if len(lacking) > 0 {
		profile = nil // one that is not complete would say less than there is
	}
	covered := merge.Covered{Profile: profile, Percent: coverageOf(set, profile)}
	if len(wanted) > 0 {
		if covered.Verdict, err = c.coverMerged(set, profile, opts, o.cover); err != nil {
			return err
		}
	}
	if covered.History, err = encoded(added); err != nil {
		return err
	}
	w, err := record.Create(name, record.NewRedactor(opts.record.redact))
	if err != nil {
		return err
	}
	return set.Write(w, covered)
}

// coverMerged writes the files of coverage, and returns the answer to what is asked of it.
func (c *command) coverMerged(set *merge.Set, profile *gotest.Profile, opts *options, file string) (v *cover.Verdict, err error) {
	if file == "" {
		dir, makeErr := scratch.Make("", "cover-")
		if makeErr != nil {
			return nil, fmt.Errorf("merge: %w", makeErr)
		}
		defer func() { err = errors.Join(err, dir.Remove()) }()
		file = filepath.Join(dir.Path, "cover.out")
	}
	if err := writeFile(file, func(out io.Writer) error { _, err := profile.WriteTo(out); return err }); err != nil {
		return nil, err
	}
	first := set.Shards()[0]
	args, err := gotest.ParseArgs(first.Command, c.env.list)
	if err != nil {
		return nil, err
	}
	own := *opts
	own.args = first.Command
	cov := &coverage{cmd: c, opts: &own, args: args, profile: file, start: first.Start}
	if own.cover.minChanged.given {
		if cov.change, err = c.findChange(context.Background(), args.Dir, string(own.cover.base)); err != nil {
			return nil, fmt.Errorf("--cover-base: %w", err)
		}
	}
	var status error
	if exit := set.Exit(); exit != 0 {
		status = exitStatus{exit}
	}
	if v, err = cov.judge(status, nil); err != nil {
		return nil, err
	}
	if v != nil {
		for _, line := range v.Good() {
			c.log.infof("coverage: %s", line)
		}
	}
	return v, cov.writeFiles()
}

// coverageOf returns what tells the coverage of a divided package. With -coverpkg it cannot be told: the
// profile does not say which package's tests have covered a line.
func coverageOf(set *merge.Set, profile *gotest.Profile) func(string) string {
	for _, m := range set.Shards() {
		if _, ok := lastValue(m.Command, "coverpkg"); ok {
			profile = nil
		}
	}
	return func(pkg string) string {
		if profile == nil {
			return ""
		}
		return profile.Of(pkg).Percent("")
	}
}

// tellShards returns what the shards came to beyond what was shown of them: a run never passes if one
// of them did not.
func (c *command) tellShards(set *merge.Set, shown error) error {
	var errs []error
	for _, m := range set.Shards() {
		for _, text := range m.Verdict.Errors {
			if shown == nil || !strings.Contains(shown.Error(), text) {
				errs = append(errs, fmt.Errorf("shard %v: %s", m.Shard, text))
			}
		}
	}
	if exit := set.Exit(); exit != 0 && exit != exitError {
		errs = append(errs, exitStatus{exit})
	}
	return errors.Join(errs...)
}

// isMerged reports whether a record is that of several shards.
func isMerged(m record.Manifest) bool { return m.Shard != nil && m.Shard.Index == 0 }

// plannedTests returns how many tests the plan of a shard's record names, 0 if it cannot be read.
func plannedTests(s *record.Shard) int {
	var p plan.ShardPlan
	if json.Unmarshal(s.Plan, &p) != nil {
		return 0
	}
	return p.Tests()
}
