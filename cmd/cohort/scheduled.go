package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/linkcache"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// scheduledSource runs the tests on cohort's workers.
type scheduledSource struct {
	cmd    *command
	opts   *options
	config *scheduler.Config
	memory *memory
	// quarantine are the known bad tests; nil: there are none.
	quarantine *quarantine

	mu   sync.Mutex
	run  *scheduler.Run // nil until First
	part *shardPart     // nil: all tests
	// early is a signal that came before First.
	early    os.Signal
	failedOn failedOn // nil until Verdict
	// added is what the run adds to the history, for its record; Close sets it.
	added history.Additions
	// warned reports that what all packages together show has been said, warnedIdle that it was said which
	// values in rules change nothing.
	warned, warnedIdle bool
}

// newScheduledSource plans a run of go test with args (what follows "go test").
func (c *command) newScheduledSource(opts *options, dir string, args *gotest.Args) (*scheduledSource, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find cohort's own program: %w", err)
	}
	dist, err := grouping.ParseDist(opts.run.dist.String())
	if err != nil {
		return nil, err
	}
	memory, err := c.openMemory(opts, dir, args)
	if err != nil {
		return nil, err
	}
	config := &scheduler.Config{
		ID: rand.Text(), Past: memory.past,
		GoTest:  args,
		Workers: workers(opts.run.workers, args.P),
		Dist:    dist, Groups: opts.run.groups,
		SplitTestMain: opts.run.testMain == testMainPerWorker,
		GroupFailFast: opts.run.groupFailfast,
		Strict:        opts.format == "standard-verbose" || opts.format == "standard-quiet",
		ProgramConfig: scheduler.ProgramConfig{Self: self, Env: c.env.list, Dir: dir},
		AgainConfig: scheduler.AgainConfig{
			Reruns: opts.rerun.maxAttempts, RerunDelay: opts.rerun.delay, RerunBackoff: float64(opts.rerun.terms.backoff),
			RerunTerms: opts.rerun.terms.terms(), RerunBudget: opts.rerun.terms.budget, Explain: opts.run.explain != "off",
		},
		SelectConfig: scheduler.SelectConfig{Rules: opts.rules.WithGroups(opts.run.groups), Label: opts.run.label.expr, PartialGroups: !opts.run.wholeGroups},
		LimitConfig:  scheduler.LimitConfig{Locks: lockCapacity(opts.file), TestTimeout: opts.limits.testTimeout},
	}
	if err := setOrder(config, opts.run.shuffle, args.Shuffle); err != nil {
		return nil, err
	}
	opts.queue.apply(config)
	if err := config.CheckDirectives(); err != nil {
		return nil, err
	}
	if err := c.warnOfLocks(opts.file, filepath.Join(dir, args.Dir)); err != nil {
		return nil, err
	}
	c.warnOfLimits(opts.limits, args)
	if config.Artifacts, err = c.openArtifacts(opts.limits, filepath.Join(dir, args.Dir), args); err != nil {
		return nil, err
	}
	if config.World, err = newWorld(opts.file, filepath.Join(dir, args.Dir)); err != nil {
		return nil, err
	}
	opts.queue.equip(config)
	config.Recorder = memory.file.NewRun(history.Run{
		ID: config.ID, Start: time.Now(), Seed: config.Seed, Shuffled: config.Shuffle, Variant: variant(args),
	})
	if config.Toolexec, err = c.toolexec(opts, args); err != nil {
		return nil, err
	}
	q, err := c.useQuarantine(opts, config, filepath.Join(dir, args.Dir))
	if err != nil {
		return nil, err
	}
	return &scheduledSource{cmd: c, opts: opts, config: config, memory: memory, quarantine: q}, nil
}

// workers is the number of workers for --workers (0: auto) and go test's -p.
func workers(flag, p int) int {
	switch {
	case flag > 0:
		return flag
	case p > 0:
		return p
	}
	return runtime.GOMAXPROCS(0)
}

// setOrder chooses the order of the tests: go test's own -shuffle wins.
func setOrder(c *scheduler.Config, own shuffleValue, goFlag string) error {
	c.Shuffle, c.Seed = true, mathrand.Int64N(1<<31) // short enough to be typed
	switch goFlag {
	case "":
	case "off":
		c.Shuffle = false
		return nil
	case "on":
		c.SeedChosen = true
		return nil
	default:
		seed, err := strconv.ParseInt(goFlag, 10, 64)
		if err != nil {
			return fmt.Errorf(`-shuffle=%s: must be off, on or a number`, goFlag)
		}
		c.Seed, c.SeedChosen = seed, true
		return nil
	}
	switch own.mode {
	case shuffleOff:
		c.Shuffle = false
	case shuffleSeed:
		c.Seed, c.SeedChosen = own.seed, true
	case shuffleLast:
		seed, ok := c.Past.LastSeed()
		if !ok {
			return errNoSeed
		}
		c.Seed, c.SeedChosen = seed, true
	}
	return nil
}

// First starts the go command.
func (s *scheduledSource) First(ctx context.Context) (*stream, error) {
	run, err := scheduler.Start(s.config)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.run = run
	if s.early != nil {
		run.Stop(s.early)
	}
	s.mu.Unlock()
	s.cmd.log.debugf("exec: %s", run.Command())
	stop := context.AfterFunc(ctx, func() { run.Kill() })
	wait := func() error {
		defer stop()
		err := goStatus(run)
		s.warn()
		return err
	}
	return &stream{Stdout: newElapsedReader(newCutReader(goOutput(run.Stdout), run.Stopped), run.Took, run.TookAny), Stderr: untilClosed{run.Stderr}, Wait: wait}, nil
}

// warn tells what the sources gave reason to warn of.
func (s *scheduledSource) warn() {
	here, err := os.Getwd()
	if s.cmd.archive != nil {
		here = s.cmd.archive.folder()
	}
	for _, w := range s.run.Verdict().Warnings {
		if rel, relErr := filepath.Rel(here, w.File); err == nil && relErr == nil {
			w.File = rel
		}
		s.cmd.log.warnf("%v", w)
	}
}

// goStatus waits for the go command. If somebody else killed it, packages may be
// missing of which nothing else tells.
func goStatus(run *scheduler.Run) error {
	err := run.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() < 0 && !run.Stopped() {
		return fmt.Errorf("go test was killed, results may be missing: %w", err)
	}
	return statusOf(err)
}

// Interrupt passes a signal on.
func (s *scheduledSource) Interrupt(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		s.early = sig
		return
	}
	s.run.Stop(sig)
}

// reportTime is how long the go command may take to report packages whose tests were killed: it has
// nothing to do but to read a few lines.
const reportTime = 2 * time.Second

// stopped reports whether the run was called off.
func (s *scheduledSource) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.early != nil || s.run != nil && s.run.Stopped()
}

// endWorld tears down what set-ups have built, or keeps it, and returns what stands.
func (s *scheduledSource) endWorld(keep bool) []world.Remains {
	if s.run == nil {
		return nil
	}
	return s.run.EndWorld(keep)
}

// abort kills what runs and tears the world down. What is wrong in doing so is the least of the
// problems of the one who calls it.
func (s *scheduledSource) abort() {
	if s.run != nil {
		s.run.Kill()
		_ = s.run.Close()
	}
}

// abandon leaves out what is still to be torn down.
func (s *scheduledSource) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		s.run.Abandon()
	}
}

// Hurry kills the tests.
func (s *scheduledSource) Hurry() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return 0
	}
	s.run.Hurry()
	return reportTime
}

// mayRerun reports whether something that failed may run again: with --rerun-fails what fails
// outside cohort's knowledge too, which is then told; without it only what rules name.
func (s *scheduledSource) mayRerun() bool { return s.config.Reruns > 0 || s.run.MayRerun() }

// CheckRerun allows reruns after everything that the ledger knows about: a
// failure of the go command itself is none of it.
func (s *scheduledSource) CheckRerun(exitErr error, exec *testjson.Execution) error {
	if status, ok := exitErr.(exitStatus); exitErr != nil && (!ok || status.code > 1) {
		return fmt.Errorf("unexpected go test exit code: %w", plainError(exitErr))
	}
	return s.run.CheckRerun(failedPackages(exec))
}

// failedPackages lists the packages that go test has reported as failed.
func failedPackages(exec *testjson.Execution) []string {
	var failed []string
	for _, name := range exec.Packages() {
		if exec.Package(name).Result() == testjson.ActionFail {
			failed = append(failed, name)
		}
	}
	return failed
}

// Reruns runs the failed units again.
func (s *scheduledSource) Reruns(ctx context.Context, _ *testjson.Execution) iter.Seq2[attempt, error] {
	return func(yield func(attempt, error) bool) {
		stop := context.AfterFunc(ctx, func() { s.run.Kill() })
		defer stop()
		for a := range s.run.Rerun() {
			events, err := a.Open()
			if err != nil {
				yield(attempt{}, err)
				return
			}
			more := yield(attempt{RunID: a.Number, Package: a.Package, Unit: a.Unit, Tests: a.Tests, Stdout: events}, nil)
			if err := closeAll(events); err != nil && more {
				yield(attempt{}, err)
				return
			}
			if !more {
				return
			}
		}
		if err := s.run.MergeCoverage(); err != nil {
			yield(attempt{}, err)
		}
	}
}

func closeAll(closers ...io.Closer) error {
	var errs []error
	for _, c := range closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Explain runs tests of failed packages once more, as go test would.
func (s *scheduledSource) Explain() {
	if !s.config.Explain || s.run == nil || s.config.World.Renews() && s.opts.world.keep.keeps(true, false) {
		return // what is to stay would be torn down for it
	}
	s.run.Explain(func(packages []string) {
		var names []string
		for _, path := range packages {
			names = append(names, testjson.RelativePackagePath(path))
		}
		s.cmd.log.infof("running %s once more, in source order in one process, to see whether go test would fail too (--explain-failures=off)",
			strings.Join(names, ", "))
	})
}

// Verdict says what came of the units that failed.
func (s *scheduledSource) Verdict(exec *testjson.Execution) report.Outcome {
	var o report.Outcome
	if s.run == nil {
		return o
	}
	v := s.run.Verdict()
	s.warnRunWide(v.Lists, exec)
	s.warnIdle(v.Lists, exec)
	s.warnUnknown(v, exec)
	for _, u := range v.Units {
		unit := report.Unit{
			Package: u.Package, Name: u.Name, Tests: u.Tests, Attempts: u.Attempts, Command: u.Command, Note: s.note(u), Again: s.again(u, exec),
			Machine: u.Machine,
		}
		switch {
		case u.Passed:
			unit.FailsAlone = report.No
		case u.Attempts > 1:
			unit.FailsAlone = report.Yes
		}
		if s.config.World != nil {
			unit.Command = "" // go test would run it without set-ups
		}
		if x := u.Explained; x != nil {
			if unit.FailsAlone == report.Unknown {
				unit.FailsAlone = answer(x.Alone)
			}
			if x.Source == rerun.Passes {
				o.Order = append(o.Order, s.orderFinding(u))
			}
		}
		if u.Passed {
			o.Flaky = append(o.Flaky, unit)
		} else {
			o.Failed = append(o.Failed, unit)
		}
	}
	s.judge(&o, v, exec)
	for _, i := range v.Interrupted {
		t := report.TimedTest{Package: i.Package, Test: i.Test, Elapsed: i.Ran}
		if i.Started {
			o.Interrupted = append(o.Interrupted, t)
		} else {
			o.NotStarted = append(o.NotStarted, t)
		}
	}
	o.More = s.failedAgain()
	if s.config.Shuffle {
		o.Seed = strconv.FormatInt(s.config.Seed, 10)
	}
	return o
}

// orderFinding is what is told of a unit that passes as go test runs it.
func (s *scheduledSource) orderFinding(u scheduler.UnitVerdict) report.OrderFinding {
	x := u.Explained
	words := s.config.GoTest.Plain(u.Package, gotest.Patterns{}, "", false)[2:] // behind go test
	f := report.OrderFinding{
		Package: u.Package, Name: u.Name, Tests: x.Others, FailsAlone: answer(x.Alone), FailsAgain: answer(x.Again), Parts: x.Parts,
		Machines: s.opts.queue.leads != nil,
		Keep:     gotest.ShellQuote(append([]string{"cohort", "--dist=loadpackage", "--shuffle=off", "--"}, words...)),
	}
	if !f.Parts && s.config.World == nil { // tool flaky runs each test whole, and no set-ups
		f.Hunt = gotest.ShellQuote(append([]string{"cohort", "tool", "flaky", "--test=^" + u.Tests[0] + "$", "--"}, words...))
	}
	return f
}

// answer says whether a unit fails, as a report has it.
func answer(a rerun.Answer) report.Answer {
	return map[rerun.Answer]report.Answer{rerun.Passes: report.No, rerun.Fails: report.Yes}[a]
}

// Close ends what still runs, and remembers the run.
func (s *scheduledSource) Close() error {
	if s.run == nil {
		return nil
	}
	err := s.run.Close()
	if s.opts.record.file != "" {
		s.added = s.config.Recorder.Additions()
	}
	if saveErr := s.memory.save(); saveErr != nil {
		s.cmd.log.warnf("%v", saveErr)
	}
	return err
}

// toolexec returns exec-tool's words: the flags for the link cache are among them if it may be
// used.
func (c *command) toolexec(opts *options, args *gotest.Args) (string, error) {
	if c.archive != nil {
		return "", nil // nothing is built
	}
	config, err := linkcache.FromEnv(c.env.list)
	if err != nil {
		return "", err
	}
	use := linkcache.Run{
		Config: config, Off: !opts.run.linkCache, Toolexec: len(args.Toolexec) > 0, Rebuild: args.Rebuild, Work: args.Work, GOOS: runtime.GOOS,
	}
	words := []string{gotest.ToolCommand}
	if ok, why := use.Allowed(); !ok {
		c.log.debugf("no link cache: %s", why)
	} else {
		words = append(words, reentry.LinkCacheFlag)
		if use.StandIns() {
			words = append(words, reentry.StandInFlag)
		}
	}
	return strings.Join(words, " "), nil
}
