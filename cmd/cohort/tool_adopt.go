package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/hunt"
	"github.com/gotestcohort/cohort/scheduler/hunt/adopt"
)

const adoptUsage = `Usage:
    cohort tool adopt [flags] [--] [go test flags and packages]

Run the tests as go test does, and shuffled and spread over processes. For what
passes only as go test runs it, find the weakest rules that keep it passing,
prove them by repeated runs, and add them to .cohort.yaml. Default packages: ./...

Flags:
`

// adoptOptions is the command line of cohort tool adopt.
type adoptOptions struct {
	runs, proofs int
	probeTime    time.Duration
	workers      int // 0: auto
	seed         int64
	check        bool
	dryRun       bool
	dist         distMode
	testMain     testMainMode
	groups       regexpsValue
	line         *toolLine
}

// How often adopt runs everything: by default what fails in one order of five is missed once in a
// hundred times.
const (
	defaultAdoptRounds = 20
	defaultProofs      = 8
	// adoptWorkers is the least number of workers if none is given: with two, few tests meet.
	adoptWorkers = 4
)

// adoptFlags binds the flags of cohort tool adopt to the options it returns.
func adoptFlags() (*flagTable, *adoptOptions) {
	o := new(adoptOptions)
	t := newTable()
	t.toggle(&o.check, false, usage.Flag{Name: "check", Own: true,
		Help: "write nothing; exit 1 if an adopted rule is no longer needed, or a new one is"})
	t.toggle(&o.dryRun, false, usage.Flag{Name: "dry-run", Own: true, Help: "print the rules and do not write them"})
	t.number(&o.runs, defaultAdoptRounds, usage.Flag{Name: "runs", Own: true, Help: "how often everything runs to find out what fails"})
	t.number(&o.proofs, defaultProofs, usage.Flag{Name: "proofs", Own: true, Help: "how often everything must pass with the rules"})
	bindProbeTime(t, &o.probeTime)
	t.add((*workersValue)(&o.workers), usage.Flag{Name: "workers", Short: "n", Takes: "N|auto", Own: true,
		Help: "test processes at the same time; auto: go test's -p, or GOMAXPROCS, and at least 4"})
	t.add((*seedValue)(&o.seed), usage.Flag{Name: "seed", Takes: "N", Own: true,
		Help: "the seed of the random orders (default: a new one each time)"})
	t.add(&o.dist, usage.Flag{Name: "dist", Takes: "MODE", Kind: usage.Choice, Choices: distModes, Own: true,
		Help: "what stays together in one process: " + strings.Join(distModes, ", ")})
	t.add(&o.testMain, usage.Flag{Name: "testmain", Takes: "MODE", Kind: usage.Choice, Choices: testMainModes, Own: true,
		Help: "whether a package with TestMain is split: " + strings.Join(testMainModes, ", ")})
	t.add(&o.groups, usage.Flag{Name: "group", Takes: "REGEXP", Repeat: true, Own: true,
		Help: "tests whose name matches form a group, named by the first capture group"})
	return t, o
}

// parseAdopt reads the command line of cohort tool adopt. The options are nil if help was asked
// for.
func (c *command) parseAdopt(args []string) (*adoptOptions, error) {
	t, o := adoptFlags()
	line, err := c.parseTool("adopt", adoptUsage, t, args, func(l *toolLine) []string {
		if !l.has("seed") {
			o.seed = rand.Int64N(1 << 31) // short enough to be typed
		}
		return o.problems()
	})
	if line == nil {
		return nil, err
	}
	o.line = line
	return o, nil
}

// problems returns what is wrong with the flags.
func (o *adoptOptions) problems() []string {
	var problems []string
	if o.runs < 4 {
		problems = append(problems, fmt.Sprintf("--runs=%d: must be at least 4: two as go test runs, one shuffled, one spread", o.runs))
	}
	if o.proofs < 4 {
		problems = append(problems, fmt.Sprintf("--proofs=%d: must be at least 4: one for each number of workers", o.proofs))
	}
	if o.check && o.dryRun {
		problems = append(problems, "--check and --dry-run exclude each other: neither writes anything")
	}
	return problems
}

// adopt is cohort tool adopt.
func (c *command) adopt(args []string) error {
	opts, err := c.parseAdopt(args)
	if opts == nil {
		return err
	}
	if err := refuseWorld(opts.line.file, "tool adopt"); err != nil {
		return err
	}
	place, err := c.adoptPlace(opts.line)
	if err != nil {
		return err
	}
	if !opts.check {
		if err := place.hasRoom(); err != nil {
			return err
		}
	}
	config, err := c.adoptConfig(opts)
	if err != nil {
		return err
	}
	if err := c.announceAdoption(opts, config); err != nil {
		return err
	}
	progress := c.newProgressLine()
	config.Progress = progress.show
	rep, sig, err := c.runHunt(config)
	progress.clear()
	switch {
	case errors.Is(err, hunt.ErrNoTest):
		return &usage.Error{Problems: []string{"no test is selected: there is nothing to adopt"}, Help: "cohort tool adopt --help"}
	case err != nil:
		return err
	case sig != nil:
		c.log.warnf("stopped: nothing is written")
		return signalStatus(sig)
	case rep.BuildCode != 0:
		_, err := fmt.Fprint(c.stderr, rep.BuildOutput)
		return errors.Join(err, errors.New("some packages do not build: nothing is written"), exitStatus{max(exitFailed, rep.BuildCode)})
	}
	for _, w := range rep.Warnings {
		c.log.warnf("%v", w)
	}
	a := adopt.New(rep.Findings, proofRounds(opts.proofs, opts.seed, config.Workers))
	if opts.check {
		return c.checkAdopted(opts, config, a, place)
	}
	return c.finishAdoption(opts, config, a, place, rep)
}

// finishAdoption proves the rules, and writes and tells what is left of them.
func (c *command) finishAdoption(opts *adoptOptions, config *hunt.Config, a *adopt.Adoption, place *adoptPlace, rep *hunt.Report) error {
	proof := &proof{command: c, opts: opts, args: config.GoTest, place: place}
	sig, err := proof.run(a)
	switch {
	case err != nil:
		return err
	case sig != nil:
		c.log.warnf("stopped: nothing is written")
		return signalStatus(sig)
	}
	if passed, of := a.Proved(); len(a.Rules()) > 0 && passed < of {
		if err := c.tellAdoption(a, rep, "Not proved and not written"); err != nil {
			return err
		}
		return exitStatus{exitFailed}
	}
	text, err := place.with(a.Rules())
	if err != nil {
		return err
	}
	head := "Written to " + place.path
	switch {
	case opts.dryRun:
		head = "Not written (--dry-run)"
	case len(a.Rules()) > 0:
		if err := writeWhole(place.path, text); err != nil {
			return fmt.Errorf("write the rules: %w", err)
		}
	}
	if err := c.tellAdoption(a, rep, head); err != nil {
		return err
	}
	if len(a.Refusals()) > 0 {
		return exitStatus{exitFailed}
	}
	return nil
}

// proofRounds are the runs that prove rules: each number of workers in turn, the most likely one to
// fail first, and a seed for each.
func proofRounds(n int, seed int64, workers int) []adopt.Round {
	rounds := make([]adopt.Round, n)
	for i := range rounds {
		rounds[i] = adopt.Round{Seed: seed + 1000 + int64(i), Workers: []int{workers, 2, 2 * workers, 1}[i%4]}
	}
	return rounds
}

// adoptConfig is the hunt that finds out what does not pass in every way.
func (c *command) adoptConfig(o *adoptOptions) (*hunt.Config, error) {
	words := o.line.rest
	if shuffle, ok := lastValue(words, "shuffle"); ok {
		return nil, &usage.Error{
			Problems: []string{"-shuffle=" + shuffle + " cannot be used with tool adopt: it tries many orders (--seed)"}, Help: "cohort tool adopt --help",
		}
	}
	config, err := c.flakyConfig(&flakyOptions{
		runs: o.runs, workers: o.workers, seed: o.seed, dist: o.dist, groups: o.groups, args: words, rules: o.line.rules, file: o.line.file, tool: "adopt",
		probeTime: o.probeTime,
	})
	if err != nil {
		return nil, err
	}
	if o.workers == 0 && config.GoTest.P == 0 {
		config.Workers = max(config.Workers, adoptWorkers)
	}
	if args := config.GoTest; args.Run+args.Skip != "" {
		if o.check {
			return nil, &usage.Error{
				Problems: []string{"-run and -skip cannot be used with --check: they leave out tests that rules are about"}, Help: "cohort tool adopt --help",
			}
		}
		c.log.warnf("-run and -skip leave out tests, whose influence on the others cannot show")
	}
	config.Ordinary, config.SplitTestMain = true, o.testMain == testMainPerWorker
	return config, nil
}

// announceAdoption says what will run, and how long about.
func (c *command) announceAdoption(o *adoptOptions, config *hunt.Config) error {
	text := fmt.Sprintf("adopt: everything runs %d times, with %d workers", o.runs, config.Workers)
	if o.check {
		text += ", with the adopted rules, and then without them"
	} else {
		text += fmt.Sprintf("; what fails is explained, and rules are proved by %d runs", o.proofs)
	}
	if d := c.adoptEstimate(o, config); d > 0 {
		times := o.runs + o.proofs
		if o.check {
			times = 2 * o.runs
		}
		about := max(time.Second, (d * time.Duration(times)).Round(time.Second))
		text += fmt.Sprintf(". By the history that takes up to %v, and more for each failure", about)
	}
	_, err := fmt.Fprintf(c.stderr, "%s (seed %d)\n", text, o.seed)
	return err
}

// adoptEstimate is how long one run takes by the history, 0 if it does not know all tests.
func (c *command) adoptEstimate(o *adoptOptions, config *hunt.Config) time.Duration {
	l, err := c.newLister(&listOptions{args: o.line.rest, groups: o.groups, rules: o.line.rules, wholeGroups: true})
	if err != nil || l.past.Empty() || l.find(context.Background()) != nil {
		return 0 // the history only ever helps; what is wrong shows when the tests are built
	}
	var sum, longest time.Duration
	for _, row := range l.rows {
		if row.Estimate == nil {
			return 0
		}
		d := time.Duration(*row.Estimate * float64(time.Second))
		sum, longest = sum+d, max(longest, d)
	}
	return max(sum/time.Duration(config.Workers), longest)
}

// checkAdopted is --check. The adoption is of what failed although the rules were in force: what is
// missing. What fails without the adopted ones is why they are needed.
func (c *command) checkAdopted(o *adoptOptions, config *hunt.Config, a *adopt.Adoption, place *adoptPlace) error {
	without := *config
	var err error
	if without.Rules, err = place.withoutAdopted(o.line); err != nil {
		return err
	}
	without.Rules = without.Rules.WithGroups(o.groups)
	without.Unprobed = true
	progress := c.newProgressLine()
	without.Progress = progress.show
	rep, sig, err := c.runHunt(&without)
	progress.clear()
	switch {
	case err != nil:
		return err
	case sig != nil:
		return signalStatus(sig)
	}
	var b strings.Builder
	for _, r := range a.Rules() {
		fmt.Fprintf(&b, "%s: a rule is needed (%s): %s\n", strings.Join(r.Packages(), ", "), r.Kind, strings.Join(r.Reasons, "; "))
	}
	for _, r := range place.useless(rep) {
		fmt.Fprintf(&b, "%s: no longer needed: nothing that it is about failed in %d runs without it (%s)\n",
			r.At, rep.Rounds, strings.TrimPrefix(r.Reason, adoptedMark))
	}
	for _, r := range a.Refusals() {
		fmt.Fprintf(&b, "%s: %s\n", strings.TrimSpace(r.Test.Package+" "+r.Test.Name), r.Why)
	}
	if b.Len() == 0 {
		_, err := fmt.Fprintf(c.stdout, "ADOPT %d tests in %d packages, 2 times %d runs, seed %d: the adopted rules are those that are needed\n",
			rep.Units, rep.Packages, rep.Rounds, rep.Seed)
		return err
	}
	if _, err := fmt.Fprint(c.stdout, b.String()); err != nil {
		return err
	}
	if len(a.Rules()) > 0 {
		c.log.warnf("cohort tool adopt adds what is needed")
	}
	return exitStatus{exitFailed}
}

// adoptedRules are the rules of a file that adopt has written.
func adoptedRules(f *config.Config) []config.Rule {
	return slices.DeleteFunc(slices.Clone(f.Rules), func(r config.Rule) bool { return !strings.HasPrefix(r.Reason, adoptedMark) })
}

// writeWhole writes a file in one step: it has its old text or the new one.
func writeWhole(path string, data []byte) (err error) {
	mode := os.FileMode(0o644)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: it is a link that leads to no file", path)
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
