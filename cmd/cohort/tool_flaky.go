package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/hunt"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

const flakyUsage = `Usage:
    cohort tool flaky [flags] [--] [go test flags and packages]

Run every test many times, on binaries built once, in parallel and each round in
another order. Then explain each test that failed at least once, by probes:
alone, twice in one process, in the same company again, beside other processes.
Default packages: ./...

Flags:
`

// flakyOptions is the command line of cohort tool flaky.
type flakyOptions struct {
	runs      int
	duration  time.Duration
	untilFail bool
	workers   int // 0: auto
	seed      int64
	dist      distMode
	groups    regexpsValue
	jsonFile  string
	args      []string
}

// defaultRounds finds a test that fails once in ten times but for one hunt in
// 200.
const defaultRounds = 50

// probeTime is after how long with one slow test its probes make do with a first
// answer.
const probeTime = 2 * time.Minute

func parseFlaky(args []string) (*flakyOptions, *pflag.FlagSet, error) {
	o := new(flakyOptions)
	f := pflag.NewFlagSet("cohort tool flaky", pflag.ContinueOnError)
	f.SetInterspersed(false)
	f.SortFlags = false
	f.Usage = func() {}
	f.IntVar(&o.runs, "runs", 0, fmt.Sprintf("how many rounds (default %d, without --for and --until-fail)", defaultRounds))
	f.DurationVar(&o.duration, "for", 0, "begin rounds for this long")
	f.BoolVar(&o.untilFail, "until-fail", false, "end the rounds at the first failure")
	f.VarP((*workersValue)(&o.workers), "workers", "n", "test processes at the same time; auto: go test's -p, or GOMAXPROCS")
	f.Int64Var(&o.seed, "seed", 0, "what the orders of the rounds are made from (default: another one each time)")
	f.Var(&o.dist, "dist", "what stays together in one process: "+strings.Join(distModes, ", "))
	f.Var(&o.groups, "group", "tests whose name matches form a group, named by the first capture group (repeatable)")
	f.StringVar(&o.jsonFile, "json", "", "write the report to this file as JSON too")
	if err := f.Parse(args); err != nil {
		return nil, f, err
	}
	o.args = f.Args()
	return o, f, o.complete(f.Changed("seed"), f.Changed("runs"))
}

// complete checks the options and fills in what was not given.
func (o *flakyOptions) complete(seeded, counted bool) error {
	if !seeded {
		o.seed = rand.Int64N(1 << 31) // short enough to be typed
	}
	var errs []error
	if counted && o.runs < 1 {
		errs = append(errs, fmt.Errorf("--runs=%d: want at least 1", o.runs))
	}
	if o.duration < 0 {
		errs = append(errs, fmt.Errorf("--for=%v: can not be negative", o.duration))
	}
	if o.runs == 0 && o.duration == 0 && !o.untilFail {
		o.runs = defaultRounds
	}
	return errors.Join(errs...)
}

// flaky is cohort tool flaky.
func (c *command) flaky(args []string) error {
	opts, flags, err := parseFlaky(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		_, err := io.WriteString(c.stdout, flakyUsage+flags.FlagUsages())
		return err
	case err != nil:
		return err
	}
	config, err := c.flakyConfig(opts)
	if err != nil {
		return err
	}
	line := c.newProgressLine()
	config.Progress = line.show
	rep, sig, err := c.runHunt(config)
	line.clear()
	if err != nil {
		return err
	}
	if err := errors.Join(c.printHunt(rep), writeHuntJSON(opts.jsonFile, rep)); err != nil {
		return err
	}
	switch {
	case sig != nil:
		return signalStatus(sig)
	case len(rep.Findings) > 0, rep.BuildCode != 0:
		return exitStatus{max(exitFailed, rep.BuildCode)}
	}
	return nil
}

func (c *command) flakyConfig(o *flakyOptions) (*hunt.Config, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	dist, err := grouping.ParseDist(o.dist.String())
	if err != nil {
		return nil, err
	}
	words := o.args
	if len(words) == 0 {
		words = []string{"./..."}
	}
	args, err := gotest.ParseArgs(words, c.env.list)
	if err != nil {
		return nil, err
	}
	if args.PassThrough != "" {
		return nil, fmt.Errorf("%s can not be hunted with: it is about one run of the go command", args.PassThrough)
	}
	directives := &scheduler.Config{GoTest: args}
	if err := directives.CheckDirectives(); err != nil {
		return nil, err
	}
	linked := &options{run: runOptions{linkCache: !c.env.falsy("COHORT_LINK_CACHE")}}
	toolexec, err := c.toolexec(linked, self, args)
	if err != nil {
		return nil, err
	}
	return &hunt.Config{
		GoTest: args, Self: self, Toolexec: toolexec, Env: c.env.list, Workers: workers(o.workers, args.P),
		Dist: dist, Groups: o.groups, Seed: o.seed,
		Runs: o.runs, For: o.duration, UntilFail: o.untilFail, ProbeTime: probeTime,
	}, nil
}

// runHunt hunts until it is done or a signal ends it; a second signal kills
// what still runs.
func (c *command) runHunt(config *hunt.Config) (*hunt.Report, os.Signal, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	kill := make(chan struct{})
	config.Kill = kill
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	defer signal.Stop(signals)
	done := make(chan struct{})
	caught := make(chan os.Signal, 1)
	go func() { // ends with done
		defer close(caught)
		select {
		case sig := <-signals:
			caught <- sig
			cancel(testbin.Signal{Signal: sig})
		case <-done:
			return
		}
		select {
		case <-signals:
			close(kill)
		case <-done:
		}
	}()
	rep, err := hunt.Run(ctx, config)
	close(done)
	return rep, <-caught, err
}
