package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/affected"
	"github.com/gotestcohort/cohort/scheduler/history"
)

const listUsage = `Usage:
    cohort tool list [flags] [--] [go test flags and packages]

Print which tests would run: package, test, group, labels, and how long it will
probably take. Nothing is built. Default packages: ./...

Flags:
`

// listOptions is the command line of cohort tool list.
type listOptions struct {
	label        string
	changedSince string
	changed      bool // --changed-since was given
	dist         distMode
	groups       regexpsValue
	wholeGroups  bool
	history      string
	json         bool
	explain      regexpValue
	args         []string
	file         *config.Config
	rules        *grouping.Rules
	flags        layer // in force, with where they come from
}

// listFlags binds the flags of cohort tool list to the options it returns.
func listFlags() (*flagTable, *listOptions) {
	o := new(listOptions)
	t := newTable()
	bindSelection(t, o)
	bindTogether(t, o)
	t.add(&o.explain, usage.Flag{Name: "explain", Takes: "TEST", Own: true,
		Help: "print what is set for the tests whose name matches this expression, and which rule, directive or flag sets it"})
	t.toggle(&o.json, false, usage.Flag{Name: "json", Own: true, Help: "print a JSON object per test"})
	return t, o
}

// bindSelection binds what list and plan share: which tests there are.
func bindSelection(t *flagTable, o *listOptions) {
	t.text(&o.label, "", usage.Flag{Name: "label", Takes: "EXPR", Own: true,
		Help: "tests whose labels match this expression, such as 'e2e && !slow'"})
	t.text(&o.changedSince, "", usage.Flag{Name: "changed-since", Takes: "COMMIT", Own: true,
		Help: "packages that changes since the merge base with this commit can reach"})
	t.toggle(&o.wholeGroups, true, usage.Flag{Name: "whole-groups", Default: "true", Own: true,
		Help: "also run the members of a group that come before a selected one"})
}

// bindTogether binds what list and plan share: what stays together, and past durations.
func bindTogether(t *flagTable, o *listOptions) {
	t.add(&o.dist, usage.Flag{Name: "dist", Takes: "MODE", Kind: usage.Choice, Choices: distModes, Own: true,
		Help: "what stays together in one process: " + strings.Join(distModes, ", ")})
	t.add(&o.groups, usage.Flag{Name: "group", Takes: "REGEXP", Repeat: true, Own: true,
		Help: "tests whose name matches form a group, named by the first capture group"})
	t.text(&o.history, "", usage.Flag{Name: "history", Takes: "FILE|off", Path: usage.InputFile, Own: true,
		Default: "the one of the module here", Help: "file with the durations of past runs"})
}

// parseList reads the command line of cohort tool list. The options are nil if help was
// asked for.
func (c *command) parseList(args []string) (*listOptions, error) {
	t, o := listFlags()
	line, err := c.parseTool("list", listUsage, t, args, func(*toolLine) []string { return nil })
	if line == nil {
		return nil, err
	}
	o.args, o.changed, o.rules, o.flags = line.rest, line.has("changed-since"), line.rules, line.flags
	o.file = line.file
	return o, nil
}

// list is cohort tool list.
func (c *command) list(args []string) error {
	opts, err := c.parseList(args)
	if opts == nil {
		return err
	}
	l, err := c.newLister(opts)
	if err != nil {
		return err
	}
	if err := l.find(context.Background()); err != nil {
		return err
	}
	for _, w := range l.warnings {
		c.log.warnf("%v", w)
	}
	if err := c.warnOfLocks(opts.file, l.args.Dir); err != nil {
		return err
	}
	explain := opts.explain.re
	if explain != nil && len(l.rows) == 0 {
		return &usage.Error{Problems: []string{fmt.Sprintf("--explain=%s: no test that would run matches", explain)}, Help: "cohort tool list --help"}
	}
	switch {
	case opts.json:
		return writeRowsJSON(c.stdout, l.rows)
	case explain != nil:
		return writeReasons(c.stdout, l.rows)
	}
	return l.write(c.stdout)
}

// lister finds out what would run.
type lister struct {
	opts    *listOptions
	args    *gotest.Args
	env     []string
	options grouping.Options
	rules   *grouping.Rules
	known   *quarantine // nil without --explain
	past    *history.Snapshot
	grouped func(path string) grouping.Options // nil: by options and rules

	affected *affected.Result // nil without --changed-since
	packages []*grouping.Package
	rows     []listRow
	warnings []grouping.Warning
}

// listRow is a test that would run.
type listRow struct {
	Package string   `json:"package"`
	Test    string   `json:"test"`
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Group   string   `json:"group,omitempty"`
	Labels  []string `json:"labels,omitempty"`
	Locks   []string `json:"locks,omitempty"`
	Serial  bool     `json:"serial,omitempty"`
	// Added tells that the test is not selected, but comes before one of its group that is.
	Added bool `json:"added,omitempty"`
	// Estimate is in seconds; nil if the test is not known.
	Estimate *float64 `json:"estimate,omitempty"`
	// Reason is why --changed-since takes the package.
	Reason string `json:"reason,omitempty"`
	// Explain is what is set for the test and by what, with --explain.
	Explain []listReason `json:"explain,omitempty"`
}

func (c *command) newLister(o *listOptions) (*lister, error) {
	words := o.args
	if len(words) == 0 {
		words = []string{"./..."}
	}
	args, err := gotest.ParseArgs(words, c.env.list)
	if err != nil {
		return nil, err
	}
	if args.PassThrough != "" {
		return nil, fmt.Errorf("tool list cannot be used with %s: that run is left to go test", args.PassThrough)
	}
	l := &lister{opts: o, args: args, env: c.env.list, rules: o.rules.WithGroups(o.groups)}
	l.options = grouping.Options{Groups: o.groups, Run: args.Run, Skip: args.Skip, PartialGroups: !o.wholeGroups}
	if l.options.Dist, err = grouping.ParseDist(o.dist.String()); err != nil {
		return nil, err
	}
	if o.label != "" {
		if l.options.Label, err = grouping.ParseLabelExpr(o.label); err != nil {
			return nil, fmt.Errorf("--label: %w", err)
		}
	}
	memory, err := c.openMemory(&options{run: runOptions{history: o.history}}, "", args)
	if err != nil {
		return nil, err
	}
	l.past = memory.past
	if o.explain.re != nil {
		l.known, err = c.readQuarantine(o.file, args.Dir)
	}
	return l, err
}

// find asks git and the go command and reads the source.
func (l *lister) find(ctx context.Context) error {
	if err := l.findAffected(ctx); err != nil {
		return err
	}
	sources, err := l.args.ListSources(ctx, "", l.env)
	if err != nil {
		return err
	}
	reasons := make(map[string]string)
	if l.affected != nil {
		for _, a := range l.affected.Packages {
			reasons[a.ImportPath] = a.Reason
		}
	}
	var errs []error
	for _, src := range sources {
		if reason, ok := reasons[src.ImportPath]; ok || l.affected == nil {
			errs = append(errs, l.add(src, reason))
		}
	}
	l.warnRunWide()
	return errors.Join(errs...)
}

// findAffected finds out which packages changes can reach, if --changed-since asks for it.
func (l *lister) findAffected(ctx context.Context) error {
	if !l.opts.changed {
		return nil
	}
	var err error
	l.affected, err = affected.Find(ctx, affected.Options{
		Dir: l.args.Dir, Ref: l.opts.changedSince, Flags: l.args.BuildFlags(), Patterns: l.args.Packages, Env: l.env,
	})
	if err != nil {
		return fmt.Errorf("--changed-since: %w", err)
	}
	return nil
}

// add adds the tests of a package.
func (l *lister) add(src gotest.SourcePackage, reason string) error {
	if src.Err != "" {
		// The go command will say so itself, when it builds the package.
		l.warnings = append(l.warnings, grouping.Warning{Text: fmt.Sprintf("%s cannot be loaded: %s", src.ImportPath, src.Err)})
	}
	c, err := l.choose(src)
	if err != nil {
		return err
	}
	l.packages = append(l.packages, c.pkg)
	l.warnings = append(append(l.warnings, c.warnings...), c.sel.Warnings...)
	added := make(map[string]bool)
	for _, a := range c.sel.Added {
		for _, name := range a.Tests {
			added[name] = true
		}
	}
	for _, u := range c.sel.Units {
		for _, t := range u.Tests {
			if re := l.opts.explain.re; re != nil && !re.MatchString(t.Name) {
				continue
			}
			row := l.row(c, u, t)
			row.Added, row.Reason = added[t.Name], reason
			l.rows = append(l.rows, row)
		}
	}
	return nil
}

// row describes a test.
func (l *lister) row(c chosenPackage, u grouping.Unit, t grouping.Test) listRow {
	row := listRow{
		Package: c.pkg.ImportPath, Test: t.Name, File: filepath.ToSlash(filepath.Join(c.pkg.Dir, t.File)), Line: t.Line,
		Labels: t.Labels, Locks: t.Locks, Serial: t.Serial,
	}
	if u.Declared {
		row.Group = u.Group
	}
	if d, ok := l.past.Estimate(c.pkg.ImportPath, t.Name); ok {
		seconds := d.Seconds()
		row.Estimate = &seconds
	}
	if l.opts.explain.re != nil {
		i := slices.IndexFunc(c.before, func(b grouping.Test) bool { return b.Name == t.Name && b.External == t.External })
		row.Explain = explainer{l.rules, l.opts.flags, l.known}.reasons(explained{c.pkg, c.before[i], u})
	}
	return row
}

// chosenPackage is a package, and what of it would run.
type chosenPackage struct {
	pkg      *grouping.Package
	before   []grouping.Test // as directives have them, before rules
	sel      *grouping.Selection
	warnings []grouping.Warning
}

// choose reads the tests of a package, applies the rules, and selects.
func (l *lister) choose(src gotest.SourcePackage) (c chosenPackage, err error) {
	c.pkg, c.warnings, err = grouping.List(src.ImportPath, relative(src.Dir), grouping.Files{Internal: src.Internal, External: src.External})
	if err != nil {
		return c, err
	}
	c.before = slices.Clone(c.pkg.Tests)
	l.rules.Apply(c.pkg)
	c.sel, err = grouping.Select(c.pkg, l.optionsOf(c.pkg.ImportPath))
	return c, err
}

// optionsOf returns how the units of a package are made.
func (l *lister) optionsOf(path string) grouping.Options {
	if l.grouped != nil {
		return l.grouped(path)
	}
	o := l.options
	if dist := l.rules.Manner(path).Dist; dist != "" {
		o.Dist = dist
	}
	return o
}

// relative returns a path as seen from here, if that is not longer.
func relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

// warnRunWide adds what only all packages together show. With --changed-since they are not all.
func (l *lister) warnRunWide() {
	var paths []string
	for _, p := range l.packages {
		paths = append(paths, p.ImportPath)
	}
	l.warnings = append(l.warnings, idleValues(l.rules, l.options.Dist, paths, l.packages)...)
	if l.affected != nil {
		return
	}
	l.warnings = append(l.warnings, grouping.UnmatchedGroups(l.options.Groups, l.packages)...)
	if l.options.Label != nil {
		l.warnings = append(l.warnings, grouping.UnknownLabels(l.options.Label, l.packages)...)
	}
	if wholeModule(l.args, "") {
		l.warnings = append(l.warnings, grouping.UnmatchedRules(l.rules, l.packages)...)
	}
}
