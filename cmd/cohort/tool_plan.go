package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/affected"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

const planUsage = `Usage:
    cohort tool plan --shards N [flags] [--] [go test flags and packages]

Print how the tests would be divided among N machines. Nothing is built.
Default packages: ./...

Flags:
`

// planOptions is the command line of cohort tool plan.
type planOptions struct {
	shards   int
	by       string
	testMain testMainMode
	list     listOptions
}

// planFlags binds the flags of cohort tool plan to the options it returns.
func planFlags() (*flagTable, *planOptions) {
	o := &planOptions{list: listOptions{wholeGroups: true}}
	t := newTable()
	t.number(&o.shards, 0, usage.Flag{Name: "shards", Own: true, Help: "the number of machines"})
	t.text(&o.by, string(plan.ByHistory), usage.Flag{Name: "shard-by", Takes: "MODE", Kind: usage.Choice, Own: true,
		Choices: []string{string(plan.ByHistory), string(plan.ByHash)},
		Help:    "history: the same amount of work for each; hash: by names alone"})
	bindSelection(t, &o.list)
	bindTogether(t, &o.list)
	t.add(&o.testMain, usage.Flag{Name: "testmain", Takes: "MODE", Kind: usage.Choice, Choices: testMainModes, Own: true,
		Help: "a package with TestMain: one process, or per-worker"})
	t.toggle(&o.list.json, false, usage.Flag{Name: "json", Own: true, Help: "print the plan as a file that shards can be given"})
	return t, o
}

// parsePlan reads the command line of cohort tool plan. The options are nil if help was
// asked for.
func (c *command) parsePlan(args []string) (*planOptions, error) {
	t, o := planFlags()
	line, err := c.parseTool("plan", planUsage, t, args, func(*toolLine) []string {
		if o.shards < 1 {
			return []string{"tool plan: the number of machines is needed: --shards N"}
		}
		return nil
	})
	if line == nil {
		return nil, err
	}
	o.list.args, o.list.rules, o.list.changed = line.rest, line.rules, line.has("changed-since")
	return o, nil
}

// plan is cohort tool plan.
func (c *command) plan(args []string) error {
	opts, err := c.parsePlan(args)
	if opts == nil {
		return err
	}
	mode, err := plan.ParseShardMode(opts.by)
	if err != nil {
		return fmt.Errorf("--shard-by: %w", err)
	}
	l, err := c.newLister(&opts.list)
	if err != nil {
		return err
	}
	packages, err := l.changedPackages(context.Background(), opts.testMain == testMainPerWorker)
	if err != nil {
		return err
	}
	p, loads, err := plan.PlanShards(packages, opts.shards, mode)
	if err != nil {
		return err
	}
	if !opts.list.json {
		return writePlan(c.stdout, p, packages, loads)
	}
	data, err := p.Encode()
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(data)
	return err
}

// changedPackages is shardPackages, with --changed-since of what changes can reach.
func (l *lister) changedPackages(ctx context.Context, splitTestMain bool) ([]plan.ShardPackage, error) {
	if err := l.findAffected(ctx); err != nil {
		return nil, err
	}
	packages, err := l.shardPackages(ctx, splitTestMain)
	if err != nil || l.affected == nil || l.affected.Everything != "" {
		return packages, err
	}
	return slices.DeleteFunc(packages, func(p plan.ShardPackage) bool {
		return !slices.ContainsFunc(l.affected.Packages, func(a affected.Affected) bool { return a.ImportPath == p.Path })
	}), nil
}

// shardPackages returns what the arguments name as shards are planned with it.
func (l *lister) shardPackages(ctx context.Context, splitTestMain bool) ([]plan.ShardPackage, error) {
	sources, err := l.args.ListSources(ctx, "", l.env)
	if err != nil {
		return nil, err
	}
	var packages []plan.ShardPackage
	var errs []error
	for _, src := range sources {
		p, err := l.shardPackage(src, splitTestMain)
		packages = append(packages, p)
		errs = append(errs, err)
	}
	return packages, errors.Join(errs...)
}

func (l *lister) shardPackage(src gotest.SourcePackage, splitTestMain bool) (plan.ShardPackage, error) {
	out := plan.ShardPackage{Path: src.ImportPath}
	if d, ok := l.past.Startup(src.ImportPath); ok {
		out.Startup = d
	}
	c, err := l.choose(src)
	if _, wrong := errors.AsType[*grouping.DirectiveError](err); !wrong && err != nil && c.pkg == nil {
		// Its files cannot be parsed: the go command will say so itself, when it builds the package.
		out.Whole, out.Unread = true, true
		return out, nil
	}
	if err != nil {
		return out, err
	}
	l.packages = append(l.packages, c.pkg)
	if split := l.rules.Manner(src.ImportPath).SplitTestMain; split != nil {
		splitTestMain = *split
	}
	// What the scheduler keeps in one process stays on one machine.
	out.Whole = c.pkg.TestMain && !splitTestMain || l.args.FailFast || l.optionsOf(src.ImportPath).Dist == grouping.LoadPackage
	for _, u := range c.sel.Units {
		unit := plan.ShardUnit{Name: u.Name(), Tests: u.Names(), Known: true}
		if u.Group != "" {
			unit.Name = "group " + u.Group // a test may have the same name
		}
		for _, name := range unit.Tests {
			d, ok := l.past.Estimate(src.ImportPath, name)
			unit.Estimate += d
			unit.Known = unit.Known && ok
		}
		out.Units = append(out.Units, unit)
	}
	return out, nil
}

// writePlan prints a plan for people.
func writePlan(out io.Writer, p *plan.ShardPlan, packages []plan.ShardPackage, loads []time.Duration) error {
	total := make(map[string]int)
	for _, pkg := range packages {
		for _, u := range pkg.Units {
			total[pkg.Path] += len(u.Tests)
		}
	}
	var text strings.Builder // which never fails, nor does what writes into it
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	for shard, load := range loads {
		tests := 0
		var lines strings.Builder
		jobs := p.Jobs(shard + 1)
		for _, job := range jobs {
			n := len(job.Run)
			if job.First {
				n = total[job.Path] - len(job.Skip)
			}
			tests += n
			fmt.Fprintf(&lines, "  %s\t%s\n", job.Path, share(n, total[job.Path], job.First))
		}
		fmt.Fprintf(w, "shard %d/%d: %s in %s, about %v with building\n%s", shard+1, p.Shards,
			counted(tests, "test"), counted(len(jobs), "package"), load.Round(10*time.Millisecond), lines.String())
	}
	fmt.Fprintf(w, "plan %s, by %s\n", p.Sum, p.By)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// share says which part of a package's tests a shard has.
func share(n, total int, first bool) string {
	switch {
	case total == 0:
		return "no tests"
	case n == total:
		return counted(n, "test")
	case first:
		return fmt.Sprintf("%d of %d tests, and those that are not known", n, total)
	}
	return fmt.Sprintf("%d of %d tests", n, total)
}
