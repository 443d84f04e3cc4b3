package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// shardOptions say which part of the suite this machine runs.
type shardOptions struct {
	shard shardValue
	by    string // "": as the plan says, else by history
	plan  string // a file that tool plan --json wrote; "": none
}

// bindShard binds the flags of one of several machines.
func bindShard(t *flagTable, o *shardOptions, env environ) {
	o.shard.getenv = env.get
	t.add(&o.shard, usage.Flag{Name: "shard", Takes: "I/N|auto", Choices: []string{"auto"}, Own: true,
		Help: "run part I of N of the tests; auto: what the CI system says"})
	t.text(&o.by, "", usage.Flag{Name: "shard-by", Takes: "MODE", Kind: usage.Choice, Choices: shardModes(), Default: string(plan.ByHistory),
		Needs: "shard", Own: true, Help: "history: the same amount of work for each machine; hash: by names alone"})
	t.text(&o.plan, "", usage.Flag{Name: "shard-plan", Path: usage.InputFile, Needs: "shard", Own: true,
		Help: "divide the tests by this file, which cohort tool plan --json has written"})
}

func shardModes() []string { return []string{string(plan.ByHistory), string(plan.ByHash)} }

// shardValue is --shard. Its Count is 0 if the flag is not given.
type shardValue struct {
	plan.Shard
	getenv func(string) string
}

// Set reads I/N, auto or auto/N.
func (v *shardValue) Set(text string) error {
	s, err := plan.ParseShard(text, v.getenv)
	if err != nil {
		// Whoever reports a wrong value names the flag.
		return errors.New(strings.TrimPrefix(err.Error(), "--shard="+text+": "))
	}
	v.Shard = s
	return nil
}

// Type names what the flag takes.
func (v *shardValue) Type() string { return "shard" }

// String returns the shard as I/N, "" for none.
func (v *shardValue) String() string {
	if !v.given() {
		return ""
	}
	return v.Shard.String()
}

func (v *shardValue) given() bool { return v.Count > 0 }

// shardProblems returns what is wrong with the flags of sharding, one line each.
func (o *options) shardProblems() []string {
	var all []string
	if !o.shard.shard.given() {
		return nil
	}
	if o.shard.plan != "" && o.shard.by != "" {
		all = append(all, "--shard-by cannot be used with --shard-plan: the plan says how it was made")
	}
	if o.watch {
		all = append(all, "--shard cannot be used with --watch")
	}
	if wanted := o.cover.wanted(); len(wanted) > 0 {
		all = append(all, usage.List(wanted)+" cannot be used with --shard, which covers a part: run with -coverprofile and --record, "+
			"and give "+usage.Verb(len(wanted), "it", "them")+" to cohort tool merge")
	}
	return all
}

// shardPart is the part of a plan that a run takes.
type shardPart struct {
	plan.Shard
	plan   *plan.ShardPlan
	source string   // a hash of the source, for the record; "": not known, or nobody asks
	idle   []string // packages that may pass without running a test
}

// record returns the part as a record has it.
func (p *shardPart) record() *record.Shard {
	text, err := json.Marshal(p.plan)
	if err != nil {
		panic(fmt.Sprintf("encode a shard plan: %v", err)) // strings, numbers and slices always encode
	}
	return &record.Shard{Index: p.Index, Count: p.Count, Digest: p.plan.Sum, Idle: p.idle, Plan: text}
}

// sharded is a source that runs a part of the tests.
type sharded interface{ shardPart() *shardPart }

// partOf returns which part of the tests a source runs; nil: all.
func partOf(src source) *shardPart {
	if s, ok := src.(sharded); ok {
		return s.shardPart()
	}
	return nil
}

func (s *scheduledSource) shardPart() *shardPart { return s.part }

// emptyShard is a source of a machine for which the plan has nothing.
type emptyShard struct {
	nothing
	part *shardPart
}

func (s emptyShard) shardPart() *shardPart { return s.part }

// onlyShard limits a run to what the plan gives this machine, if the user wants that, and says what
// that is. src is what is left of s after --changed-since.
func (c *command) onlyShard(s *scheduledSource, src source) (source, error) {
	o := &s.opts.shard
	if !o.shard.given() {
		return src, nil
	}
	if file := o.shard.StatusFile; file != "" {
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			return nil, fmt.Errorf("--shard: tell Bazel that tests are sharded: %w", err)
		}
	}
	args := s.config.GoTest
	if word := args.TestFlag(); word != "" {
		return nil, fmt.Errorf("--shard cannot be used with %s behind -args: which tests run is not known before", word)
	}
	_, none := src.(nothing)
	var packages []plan.ShardPackage
	var idle []string
	if !none {
		var err error
		if packages, idle, err = c.listShards(s); err != nil {
			return nil, err
		}
	}
	p, err := o.planOf(packages)
	if err != nil {
		return nil, err
	}
	part := &shardPart{Shard: o.shard.Shard, plan: p, idle: idle}
	if s.opts.record.wanted() {
		if part.source, err = c.source(filepath.Join(s.config.Dir, args.Dir)); err != nil {
			c.log.warnf("the record will not say from which source it is: %v", err)
		}
	}
	if len(packages) == 0 && !none && part.Index == 1 {
		// That the words name no package is for the go command to say, and for one machine.
		s.part, s.config.Shard = part, map[string]plan.ShardJob{}
		return s, nil
	}
	return c.takePart(s, part), nil
}

// listShards reads from the source what there is to divide, as tool plan does, and warns of what
// only all of it together shows. Idle are the packages that may pass without running a test.
func (c *command) listShards(s *scheduledSource) (packages []plan.ShardPackage, idle []string, err error) {
	config, args := s.config, s.config.GoTest
	l := &lister{opts: &listOptions{}, args: args, env: c.env.list, past: config.Past, rules: config.Rules}
	l.grouped = func(path string) grouping.Options {
		return config.Grouping(path, gotest.Patterns{Run: args.Run, Skip: args.Skip})
	}
	l.options = l.grouped("") // what holds for all of them
	if packages, err = l.shardPackages(context.Background(), config.SplitTestMain); err != nil {
		return nil, nil, err
	}
	for _, p := range l.packages {
		if p.TestMain || args.Exec != nil {
			idle = append(idle, p.ImportPath)
		}
	}
	if s.opts.run.changedSince == "" && !s.opts.run.lastFailed.on { // else these are not all of them
		l.warnRunWide()
		if wholeModule(args, config.Dir) {
			l.warnings = append(l.warnings, grouping.UnmatchedRules(config.Rules, l.packages)...)
		}
	}
	for _, w := range l.warnings {
		c.log.warnf("%v", w)
	}
	return packages, idle, nil
}

// planOf returns the plan by which packages are divided.
func (o *shardOptions) planOf(packages []plan.ShardPackage) (*plan.ShardPlan, error) {
	if o.plan == "" {
		mode := plan.ByHistory
		if o.by != "" {
			mode = plan.ShardMode(o.by)
		}
		p, _, err := plan.PlanShards(packages, o.shard.Count, mode)
		return p, err
	}
	text, err := os.ReadFile(o.plan)
	if err != nil {
		return nil, fmt.Errorf("--shard-plan: %w", err)
	}
	p, err := plan.ParseShardPlan(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--shard-plan=%s: %w", o.plan, err)
	case p.Shards != o.shard.Count:
		return nil, fmt.Errorf("--shard-plan=%s: the plan is for %d shards, but --shard says %v", o.plan, p.Shards, o.shard.Shard)
	}
	if err := p.Check(packages); err != nil {
		return nil, fmt.Errorf("--shard-plan=%s: %w", o.plan, err)
	}
	return p, nil
}

// takePart lets a run take a part of the tests.
func (c *command) takePart(s *scheduledSource, part *shardPart) source {
	jobs := part.plan.Jobs(part.Index)
	c.log.infof("%s", part.describe(jobs))
	if len(jobs) == 0 {
		return emptyShard{part: part}
	}
	s.part, s.config.Shard = part, make(map[string]plan.ShardJob)
	var paths []string
	for _, job := range jobs {
		s.config.Shard[job.Path] = job
		paths = append(paths, job.Path)
	}
	if len(jobs) < len(part.plan.Packages) {
		// What --failed-first has put in front stays there.
		before := s.config.GoTest.Packages
		slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(placeIn(before, a), placeIn(before, b)) })
		s.config.GoTest.Packages = paths
	}
	return s
}

// placeIn returns where a name is in a list, or its length.
func placeIn(list []string, name string) int {
	if i := slices.Index(list, name); i >= 0 {
		return i
	}
	return len(list)
}

// describe says in one line what the part is.
func (p *shardPart) describe(jobs []plan.ShardJob) string {
	by := ""
	if p.System != "" {
		by = " (" + p.System + ")"
	}
	if len(jobs) == 0 {
		return fmt.Sprintf("shard %v%s: nothing to run here, of %s", p.Shard, by, counted(len(p.plan.Packages), "package"))
	}
	parts := 0
	for _, job := range jobs {
		if !job.Whole() {
			parts++
		}
	}
	text := fmt.Sprintf("shard %v%s: %d of %s", p.Shard, by, len(jobs), counted(len(p.plan.Packages), "package"))
	if parts > 0 {
		text += fmt.Sprintf(", %d of them in part", parts)
	}
	return text + ", by plan " + strings.TrimPrefix(p.plan.Sum, "sha256:")[:12]
}

// ofPart returns the options for a part of the tests: whether none at all ran shows only where the
// parts are merged, unless the plan has none.
func (o *options) ofPart(p *shardPart) *options {
	if p == nil || p.plan.Tests() == 0 {
		return o
	}
	part := *o
	part.noTests = "pass"
	return &part
}
