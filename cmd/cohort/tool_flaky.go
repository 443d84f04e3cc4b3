package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/gotestcohort/cohort/grouping"
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

// probeTime is how long a probe of slow tests goes on after its first answer.
const probeTime = time.Minute

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
	return o, f, o.complete(f.Changed("seed"))
}

// complete checks the options and fills in what was not given.
func (o *flakyOptions) complete(seeded bool) error {
	if !seeded {
		o.seed = rand.Int64N(1 << 31) // short enough to be typed
	}
	var errs []error
	if o.runs < 0 {
		errs = append(errs, fmt.Errorf("--runs=%d: can not be negative", o.runs))
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
	return &hunt.Config{
		GoTest: args, Self: self, Env: c.env.list, Workers: workers(o.workers, args.P),
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

// progressLine shows how far a hunt is: on a terminal in one line that is
// written again and again, elsewhere in a line now and then. Its methods are
// called one at a time.
type progressLine struct {
	out      io.Writer
	terminal bool
	next     time.Time // when the next line may come
	tenth    int       // of the rounds, that has been told of
	phase    hunt.Phase
	drawn    bool
}

func (c *command) newProgressLine() *progressLine {
	file, ok := c.stderr.(*os.File)
	return &progressLine{out: c.stderr, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// drawEvery is how often the line changes on a terminal: as often as one can read.
const drawEvery = 100 * time.Millisecond

// show tells of p, if it is time to.
func (l *progressLine) show(p hunt.Progress) {
	text := progressText(p)
	if l.terminal {
		if p.New != "" {
			l.print("\r\x1b[K" + "failed: " + p.New + "\n")
		}
		if now := time.Now(); p.New != "" || p.Phase != l.phase || !now.Before(l.next) {
			l.print("\r\x1b[K" + text)
			l.next, l.phase, l.drawn = now.Add(drawEvery), p.Phase, true
		}
		return
	}
	tenth := 0
	if p.Of > 0 {
		tenth = 10 * p.Round / p.Of
	}
	switch {
	case p.New != "":
		l.print("failed: " + p.New + "\n")
	case p.Phase != l.phase, tenth != l.tenth, p.Phase == hunt.Building:
		l.print(text + "\n")
		l.phase, l.tenth = p.Phase, tenth
	}
}

// clear removes the line from the terminal.
func (l *progressLine) clear() {
	if l.drawn {
		l.print("\r\x1b[K")
	}
}

// print is best effort: progress that nobody can read is no reason to stop.
func (l *progressLine) print(text string) { _, _ = io.WriteString(l.out, text) }

// progressText is the line for p.
func progressText(p hunt.Progress) string {
	var parts []string
	of := ""
	if p.Of > 0 {
		of = fmt.Sprintf(" of %d", p.Of)
	}
	switch p.Phase {
	case hunt.Building:
		return "building the test binaries"
	case hunt.Rounds:
		parts = append(parts, fmt.Sprintf("round %d%s", p.Round, of))
	case hunt.Probing:
		parts = append(parts, fmt.Sprintf("explaining failure %d%s", p.Round+1, of))
	}
	parts = append(parts, fmt.Sprintf("%d processes", p.Processes), fmt.Sprintf("%d failed", p.Failed))
	if p.Left > 0 {
		parts = append(parts, p.Left.Round(time.Second).String()+" left")
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
