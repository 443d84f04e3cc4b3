package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// plainSource runs go test itself, or a raw command: for what cannot be split over
// workers. It reruns failed tests as gotestsum does, but always from their roots.
type plainSource struct {
	cmd  *command
	opts *options
	dir  string // "": the current one

	mu      sync.Mutex
	current *process // nil: nothing runs

	interrupted chan struct{} // closed by Interrupt: nothing is started any more
	once        sync.Once

	units []*plainUnit // set by Reruns
}

// plainUnit is a root test, or a package (with root "") that failed without saying in
// which test.
type plainUnit struct {
	pkg, root string
	owed      map[string]bool // subtests that failed and have not been seen since
	runs      int
	passed    bool
	ended     time.Time
}

// start starts a pass, unless there was an interrupt: none gets lost in between.
func (s *plainSource) start(ctx context.Context, rerun rerunArgs) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.interrupted:
		return nil, errStopped
	default:
	}
	p, err := s.cmd.startProcess(ctx, s.dir, testCommand(s.opts, rerun))
	s.current = p
	return p, err
}

func (s *plainSource) set(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = p
}

func (s *plainSource) First(ctx context.Context) (*stream, error) {
	p, err := s.start(ctx, rerunArgs{})
	if err != nil {
		return nil, err
	}
	wait := func() error {
		defer s.set(nil)
		return p.Wait()
	}
	return &stream{Stdout: goOutput(p.stdout), Stderr: untilClosed{p.stderr}, Wait: wait}, nil
}

// Interrupt forwards sig to what runs. The go command removes its work directory on
// SIGINT but not on SIGTERM, so that is what it gets.
func (s *plainSource) Interrupt(sig os.Signal) {
	s.once.Do(func() { close(s.interrupted) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return
	}
	if !s.opts.rawCommand {
		sig = os.Interrupt
	}
	if err := s.current.Interrupt(sig); err != nil {
		s.cmd.log.errorf("failed to interrupt 'go test': %v", err)
	}
}

// Hurry leaves it to the end of the context.
func (*plainSource) Hurry() time.Duration { return 0 }

// CheckRerun refuses what gotestsum refuses: after a panic it is not known here which
// tests did not run.
func (s *plainSource) CheckRerun(exitErr error, exec *testjson.Execution) error {
	if status, ok := exitErr.(exitStatus); exitErr != nil && (!ok || status.code > 1) {
		return fmt.Errorf("unexpected go test exit code: %w", plainError(exitErr))
	}
	if exec.HasPanic() {
		return fmt.Errorf("rerun aborted because previous run had a suspected panic and some test may not have run")
	}
	return nil
}

// plainError hides the type of an exitStatus, which would pass as the run's own.
func plainError(err error) error { return fmt.Errorf("%v", err) }

func (s *plainSource) Reruns(ctx context.Context, exec *testjson.Execution) iter.Seq2[attempt, error] {
	s.units = failedUnits(exec)
	return func(yield func(attempt, error) bool) {
		for run := 1; run <= s.opts.rerun.maxAttempts; run++ {
			for _, u := range s.units {
				if u.passed {
					continue
				}
				if err := s.rerun(ctx, u, run, exec, yield); err != nil {
					if err != errStopped {
						yield(attempt{}, err)
					}
					return
				}
			}
		}
	}
}

var errStopped = errors.New("no more attempts are wanted")

// rerun runs u once more and yields the attempt.
func (s *plainSource) rerun(
	ctx context.Context, u *plainUnit, run int, exec *testjson.Execution, yield func(attempt, error) bool,
) error {
	if err := s.pause(ctx, u); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := s.start(ctx, u.args(s.opts.rawCommand))
	if err != nil {
		return err
	}
	seen := newWitness(u)
	a := attempt{
		RunID: run, Package: u.pkg, Unit: u.root, Tests: u.tests(),
		Stdout: io.TeeReader(goOutput(p.stdout), seen), Stderr: untilClosed{p.stderr},
	}
	more := yield(a, nil)
	if !more {
		cancel() // Wait must not wait for a process that nobody reads
	}
	exitErr := p.Wait()
	s.set(nil)
	u.runs, u.ended = run, time.Now()
	u.passed = seen.passed(exitErr)
	if !more {
		return errStopped
	}
	return s.CheckRerun(exitErr, exec)
}

// pause waits until the delay between two attempts of u has passed.
func (s *plainSource) pause(ctx context.Context, u *plainUnit) error {
	if u.ended.IsZero() {
		u.ended = time.Now()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.interrupted:
		return errStopped
	case <-time.After(time.Until(u.ended.Add(s.opts.rerun.delay))):
		return nil
	}
}

func (u *plainUnit) tests() []string {
	if u.root == "" {
		return nil
	}
	return []string{u.root}
}

// args returns what runs u alone. A raw command is promised a -test.run flag and a
// package, so for a whole package it gets one that matches everything.
func (u *plainUnit) args(raw bool) rerunArgs {
	switch {
	case u.root != "":
		return rerunArgs{run: "-test.run=^" + regexp.QuoteMeta(u.root) + "$", pkg: u.pkg}
	case raw:
		return rerunArgs{run: "-test.run=.", pkg: u.pkg}
	default:
		return rerunArgs{pkg: u.pkg}
	}
}

// failedUnits returns the units of the failures of exec, in their order. A package
// that failed as a whole is one unit, with all its tests; so is one with a test that
// began and did not end: its process died, and what came after that never ran.
func failedUnits(exec *testjson.Execution) []*plainUnit {
	var units []*plainUnit
	seen := map[[2]string]*plainUnit{}
	failed := exec.Failed()
	died := map[string]bool{}
	for _, tc := range failed {
		if tc.Elapsed < 0 {
			died[tc.Package] = true
		}
	}
	for _, tc := range failed {
		root, _ := tc.Test.Split()
		if died[tc.Package] {
			root = ""
		}
		key := [2]string{tc.Package, root}
		u := seen[key]
		if u == nil {
			u = seen[[2]string{tc.Package, ""}]
		}
		if u == nil {
			u = &plainUnit{pkg: tc.Package, root: root, owed: map[string]bool{}}
			seen[key] = u
			units = append(units, u)
		}
		if tc.Test.IsSubTest() {
			u.owed[string(tc.Test)] = true
		}
	}
	return units
}

// Explain has nothing to find out: the tests ran as go test runs them.
func (s *plainSource) Explain() {}

// Verdict lists the units that were rerun. Without reruns every failed one failed; those of a
// raw command are not listed then, as nothing is known about how to run them.
func (s *plainSource) Verdict(exec *testjson.Execution) report.Outcome {
	var o report.Outcome
	units := s.units
	if units == nil && !s.opts.rawCommand {
		units = failedUnits(exec)
	}
	for _, u := range units {
		unit := report.Unit{Package: u.pkg, Name: u.root, Attempts: u.runs + 1, Again: s.again(u)}
		if u.passed {
			unit.FailsAlone = report.No
			o.Flaky = append(o.Flaky, unit)
			continue
		}
		if u.runs > 0 {
			unit.FailsAlone = report.Yes
		}
		o.Failed = append(o.Failed, unit)
	}
	return o
}

// again is the command that runs u alone, "" if there is none: only the user knows that of a
// raw command, and -run does not choose benchmarks.
func (s *plainSource) again(u *plainUnit) string {
	if s.opts.rawCommand || strings.HasPrefix(u.root, "Benchmark") {
		return ""
	}
	rerun := rerunArgs{pkg: u.pkg}
	if u.root != "" {
		rerun.run = "-run=^" + regexp.QuoteMeta(u.root) + "$"
	}
	words := slices.DeleteFunc(testCommand(s.opts, rerun), func(word string) bool {
		return word == "-json" || word == coverProfileFlag(s.opts.cover.profile)
	})
	return gotest.ShellQuote(words)
}

// Close does nothing: a process that was started has been waited for.
func (s *plainSource) Close() error { return nil }
