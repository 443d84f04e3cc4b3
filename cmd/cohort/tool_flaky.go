package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
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
alone, twice in one process, the same process again, in parallel with others.
Default packages: ./...

Flags:
`

// flakyOptions is the command line of cohort tool flaky.
type flakyOptions struct {
	runs      int
	duration  time.Duration
	untilFail bool
	probeTime time.Duration
	workers   int // 0: auto
	seed      int64
	test      regexpValue
	dist      distMode
	groups    regexpsValue
	jsonFile  string
	args      []string
	rules     *grouping.Rules
	tool      string // whose options these are, "" for flaky
	file      *config.Config
}

// defaultRounds finds a test that fails once in ten times but for one hunt in
// 200.
const defaultRounds = 50

// defaultProbeTime is long enough for quick tests on a machine that has something else to do too.
const defaultProbeTime = 2 * time.Minute

// bindProbeTime binds after how long with one test its probes make do with a first answer.
func bindProbeTime(t *flagTable, to *time.Duration) {
	*to = defaultProbeTime
	t.add(newPlainDuration(to), usage.Flag{Name: "probe-time", Takes: "DURATION", Own: true,
		Help: "after how long with one failed test a first answer will do; 0: never"})
}

// flakyFlags binds the flags of cohort tool flaky to the options it returns.
func flakyFlags() (*flagTable, *flakyOptions) {
	o := new(flakyOptions)
	t := newTable()
	t.number(&o.runs, 0, usage.Flag{Name: "runs", Own: true,
		Help: fmt.Sprintf("how many rounds; %d without --for and --until-fail", defaultRounds)})
	t.add(newPlainDuration(&o.duration), usage.Flag{Name: "for", Takes: "DURATION", Own: true,
		Help: "begin rounds for this long"})
	t.toggle(&o.untilFail, false, usage.Flag{Name: "until-fail", Own: true, Help: "end the rounds at the first failure"})
	bindProbeTime(t, &o.probeTime)
	t.add((*workersValue)(&o.workers), usage.Flag{Name: "workers", Short: "n", Takes: "N|auto", Own: true,
		Help: "test processes at the same time; auto: go test's -p, or GOMAXPROCS"})
	t.add(&o.test, usage.Flag{Name: "test", Takes: "REGEXP", Own: true,
		Help: "judge only the tests whose name matches, while all others of their packages run too"})
	t.add((*seedValue)(&o.seed), usage.Flag{Name: "seed", Takes: "N", Own: true,
		Help: "what the orders of the rounds are made from; another one each time"})
	t.add(&o.dist, usage.Flag{Name: "dist", Takes: "MODE", Kind: usage.Choice, Choices: distModes, Own: true,
		Help: "what stays together in one process: " + strings.Join(distModes, ", ")})
	t.add(&o.groups, usage.Flag{Name: "group", Takes: "REGEXP", Repeat: true, Own: true,
		Help: "tests whose name matches form a group, named by the first capture group"})
	t.text(&o.jsonFile, "", usage.Flag{Name: "json", Path: usage.OutputFile, Own: true,
		Help: "write the report to this file as JSON too"})
	return t, o
}

// parseFlaky reads the command line of cohort tool flaky. The options are nil if help
// was asked for.
func (c *command) parseFlaky(args []string) (*flakyOptions, error) {
	t, o := flakyFlags()
	line, err := c.parseTool("flaky", flakyUsage, t, args, func(l *toolLine) []string {
		return o.complete(l.has("seed"), l.has("runs"))
	})
	if line == nil {
		return nil, err
	}
	o.args, o.rules, o.file = line.rest, line.rules, line.file
	return o, refuseWorld(line.file, "tool flaky")
}

// complete fills in what was not given, and returns what is wrong with the rest.
func (o *flakyOptions) complete(seeded, counted bool) []string {
	if !seeded {
		o.seed = rand.Int64N(1 << 31) // short enough to be typed
	}
	var problems []string
	if counted && o.runs < 1 {
		problems = append(problems, fmt.Sprintf("--runs=%d: must be at least 1", o.runs))
	}
	if o.runs == 0 && o.duration == 0 && !o.untilFail {
		o.runs = defaultRounds
	}
	return problems
}

// flaky is cohort tool flaky.
func (c *command) flaky(args []string) error {
	opts, err := c.parseFlaky(args)
	if opts == nil || err != nil {
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
	if errors.Is(err, hunt.ErrNoTest) {
		return noFlakyTest(opts, config)
	}
	if err != nil {
		return err
	}
	if args := config.GoTest; args.Run+args.Skip != "" {
		c.log.warnf("-run and -skip leave out tests, whose influence on the others cannot show: " +
			"--test=REGEXP judges some tests while all run")
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

// noFlakyTest says why there is nothing to hunt in.
func noFlakyTest(o *flakyOptions, config *hunt.Config) error {
	problem := "no test is selected: there is nothing to hunt in"
	switch {
	case o.test.re != nil:
		problem = fmt.Sprintf("--test=%s: no test matches", o.test.re)
	case config.GoTest.Run != "":
		problem = fmt.Sprintf("-run %s: no test matches", config.GoTest.Run)
	}
	return &usage.Error{Problems: []string{problem}, Help: "cohort tool flaky --help"}
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
		return nil, fmt.Errorf("%s cannot be used with tool %s: it applies to a single go test run", args.PassThrough, cmp.Or(o.tool, "flaky"))
	}
	directives := &scheduler.Config{GoTest: args}
	if err := directives.CheckDirectives(); err != nil {
		return nil, err
	}
	if err := c.warnOfLocks(o.file, args.Dir); err != nil {
		return nil, err
	}
	linked := &options{run: runOptions{linkCache: !c.env.falsy("COHORT_LINK_CACHE")}}
	toolexec, err := c.toolexec(linked, args)
	if err != nil {
		return nil, err
	}
	return &hunt.Config{
		GoTest: args, Self: self, Toolexec: toolexec, Env: c.env.list, Workers: workers(o.workers, args.P),
		Dist: dist, Groups: o.groups, Rules: o.rules.WithGroups(o.groups), Seed: o.seed, Judge: o.test.re,
		Locks: lockCapacity(o.file),
		Runs:  o.runs, For: o.duration, UntilFail: o.untilFail, ProbeTime: o.probeTime,
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
