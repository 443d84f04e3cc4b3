package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
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

func parsePlan(args []string) (*planOptions, *pflag.FlagSet, error) {
	o := &planOptions{list: listOptions{wholeGroups: true}}
	f := pflag.NewFlagSet("cohort tool plan", pflag.ContinueOnError)
	f.SetInterspersed(false)
	f.SortFlags = false
	f.Usage = func() {}
	f.IntVar(&o.shards, "shards", 0, "the number of machines")
	f.StringVar(&o.by, "shard-by", string(plan.ByHistory), "history: the same amount of work for each; hash: by names alone")
	f.Var(&o.list.dist, "dist", "what stays together in one process: "+strings.Join(distModes, ", "))
	f.Var(&o.list.groups, "group", "tests whose name matches form a group, named by the first capture group (repeatable)")
	f.Var(&o.testMain, "testmain", "a package with TestMain: one process, or per-worker")
	f.StringVar(&o.list.history, "history", "", "file with the durations of past runs (default: the one of the module here)")
	f.BoolVar(&o.list.json, "json", false, "print the plan as a file that shards can be given")
	if err := f.Parse(args); err != nil {
		return nil, f, err
	}
	o.list.args = f.Args()
	if o.shards < 1 {
		return nil, f, errors.New("tool plan: the number of machines is needed: --shards N")
	}
	return o, f, nil
}

// plan is cohort tool plan.
func (c *command) plan(args []string) error {
	opts, flags, err := parsePlan(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		_, err := io.WriteString(c.stdout, planUsage+flags.FlagUsages())
		return err
	case err != nil:
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
	packages, err := l.shardPackages(context.Background(), opts.testMain == "per-worker")
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
	p, _, err := grouping.List(src.ImportPath, relative(src.Dir), grouping.Files{Internal: src.Internal, External: src.External})
	if err != nil {
		return out, err
	}
	sel, err := grouping.Select(p, l.options)
	if err != nil {
		return out, err
	}
	// What the scheduler keeps in one process stays on one machine.
	out.Whole = p.TestMain && !splitTestMain || l.args.FailFast || l.options.Dist == grouping.LoadPackage
	for _, u := range sel.Units {
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
