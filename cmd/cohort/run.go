package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// runOnce runs the tests once and reports them.
func (c *command) runOnce(opts *options) error {
	_, err := c.runTestsIn(context.Background(), c.archive.folder(), opts)
	return err
}

// runTestsIn runs the tests once in dir ("": the current directory) and reports them.
// The execution is nil if the tests could not be started.
func (c *command) runTestsIn(ctx context.Context, dir string, opts *options) (*testjson.Execution, error) {
	defer c.sweep()()
	cov, opts, err := c.newCoverage(dir, opts)
	if err != nil {
		return nil, err
	}
	exec, err := c.runCovered(ctx, dir, opts, cov)
	return exec, errors.Join(err, cov.close())
}

// runCovered runs the tests once, with what is asked of their coverage.
func (c *command) runCovered(ctx context.Context, dir string, opts *options, cov *coverage) (*testjson.Execution, error) {
	screen, style, shown := c.onScreen(opts)
	rec := shown.newRecording(dir, opts)
	sources := opts.sourceFolder(dir)
	owners, err := shown.openOwners(opts.telling.owners, sources)
	if err != nil {
		return nil, errors.Join(err, rec.finish(runEnd{}, err))
	}
	src, err := shown.newSource(dir, opts)
	if err != nil {
		return nil, errors.Join(err, rec.finish(runEnd{}, err))
	}
	opts = opts.ofPart(partOf(src))
	live := c.newLive(opts, src, screen, style)
	var world *worldRun
	var kept *keptArtifacts
	scheduledSrc, scheduled := src.(*scheduledSource)
	if scheduled {
		scheduledSrc.observe(newLiveObserver(live))
		world = newWorldRun(scheduledSrc, live, shown.log)
		kept = shown.keptBy(scheduledSrc)
	}
	r := newTestRun(&testRun{
		cmd: shown, streams: c, opts: opts, src: rec.source(src, owners), live: live, dir: sources, cover: cov, world: world, owners: owners, artifacts: kept,
		mayRerun: func() bool { return !scheduled || rec.mayRerun(scheduledSrc.mayRerun()) },
	}, scheduled)
	if scheduled {
		r.builds = scheduledSrc.builds
	}
	defer world.guard()
	err = r.do(ctx)
	if scheduled {
		scheduledSrc.remember(r.known())
	}
	err = errors.Join(err, src.Close(), kept.tell())
	return r.exec, errors.Join(err, rec.finish(r.endedBy(), err))
}

// newTestRun completes r. scheduled says that the events are those of cohort's workers.
func newTestRun(r *testRun, scheduled bool) *testRun {
	r.lines, r.unread = report.NewLines(), make(chan struct{}, 1)
	r.observed = scheduled
	r.lines.TestsEnd = scheduled
	if r.opts.telling.junitDetails {
		r.times = &report.Times{}
	}
	return r
}

// newSource chooses how the tests are run.
func (c *command) newSource(dir string, opts *options) (source, error) {
	plain := &plainSource{cmd: c, opts: opts, dir: dir, interrupted: make(chan struct{})}
	if opts.rawCommand {
		c.warnNoWorld(opts, "--raw-command")
		c.warnIdleQuarantine(opts, "--raw-command")
		return plain, opts.checkSelection("--raw-command")
	}
	args, err := gotest.ParseArgs(testCommand(opts, rerunArgs{})[2:], c.env.list)
	if err != nil {
		return nil, err
	}
	if err := c.useProgram(args); err != nil {
		return nil, err
	}
	if args.PassThrough != "" {
		c.warnNoWorld(opts, args.PassThrough)
		c.log.debugf("left to the go command, because of %s", args.PassThrough)
		c.warnIdleQuarantine(opts, args.PassThrough)
		return plain, opts.checkSelection(args.PassThrough)
	}
	scheduled, err := c.newScheduledSource(opts, dir, args)
	if err != nil {
		return nil, err
	}
	src, err := c.onlyChanged(scheduled)
	if err != nil {
		return nil, err
	}
	if src == source(scheduled) {
		if err := c.onlyFailed(scheduled); err != nil {
			return nil, err
		}
	}
	return c.onlyShard(scheduled, src)
}

// testRun is one run of the tests, from the first event to the last file.
type testRun struct {
	cmd     *command // whose streams show the status of the run below what is written to them
	streams *command // whose streams are the process's own
	opts    *options
	src     source
	live    *progress.Live
	// mayRerun reports whether something that failed may run again, after the first pass; nil: it may.
	mayRerun func() bool
	builds   func() []progress.Build // when compilers and linkers ran; nil: it is not known
	world    *worldRun               // nil: there is none
	// observed reports that the processes of the tests tell live themselves what they do.
	observed bool
	times    *report.Times // of the tests; nil: nobody asks for them
	cover    *coverage     // nil: nothing is asked of it
	dir      string        // where their source is; "": the current directory

	lines          *report.Lines
	stdout, stderr *report.LineWriter
	log            *logger
	handler        *report.Handler
	exec           *testjson.Execution // of all that was shown
	owners         *ownerBook          // nil: nobody asks for them
	artifacts      *keptArtifacts      // nil: none are kept
	lastRun        int                 // of the attempts that were scanned into exec
	goIs           string              // the Go version to report; "": ask for it
	decided        bool                // each of the runs it is made of has decided what runs again
	held           *heldRun            // nil: everything is shown as it happens

	unread chan struct{} // receives when nobody reads stdout or stderr any more
	mu     sync.Mutex
	end    runEnd
	hook   *os.Process // the post-run command; nil: it does not run
}

// do runs the tests and reports them.
func (r *testRun) do(ctx context.Context) error {
	begun, err := r.open(ctx)
	if err != nil {
		return begun.close(err)
	}
	status, failed := r.scanFirst(begun)
	if failed {
		status, err = r.rerun(begun.tests, status)
	}
	return begun.close(errors.Join(r.finish(begun.all, status), err))
}

// begunRun is what open has started, and close ends.
type begunRun struct {
	run   *testRun
	first *stream // nil: the tests did not start
	// all ends with the run, tests may end earlier: the post-run command runs after them.
	all, tests   context.Context
	kill, cancel context.CancelFunc // of all and tests
	unwatch      func()             // ends the handling of signals
}

// open starts the tests, and makes the files that are written while they run. The caller
// calls close, after an error too.
func (r *testRun) open(ctx context.Context) (*begunRun, error) {
	b := &begunRun{run: r}
	b.all, b.kill = context.WithCancel(ctx)
	b.unwatch = r.watchSignals(b.kill)
	b.tests, b.cancel = context.WithCancel(b.all)

	r.stdout = r.lines.Writer(pipeWriter{r.cmd.stdout, r.unread})
	r.stderr = r.lines.Writer(pipeWriter{r.cmd.stderr, r.unread})
	r.log = &logger{out: r.stderr, verbose: r.opts.debug}
	first, err := r.src.First(b.tests)
	if end := r.endedBy(); err != nil && end.early() {
		return b, end.status()
	}
	if err != nil {
		return b, err
	}
	b.first = first
	// Not earlier: a run that did not start leaves the files of the last one alone.
	r.handler, err = report.NewHandler(r.handlerConfig())
	if err != nil {
		b.cancel()
		return b, errors.Join(err, ignoreStatus(first.Wait()))
	}
	if mode := r.opts.holdMode(); mode != report.HoldNothing {
		r.held = &heldRun{run: r, mode: mode}
	}
	r.opts.queue.shownBy(r.cmd.log) // which a record keeps
	r.live.Start(r.stderr)
	return b, nil
}

// close completes the files and returns err with what went wrong in doing so.
func (b *begunRun) close(err error) error {
	r := b.run
	r.live.Stop()
	r.opts.queue.shownBy(nil)
	if b.first != nil {
		err = r.restore(errors.Join(err, r.handler.Close(), r.stdout.Flush(), r.stderr.Flush()))
	}
	b.cancel()
	b.unwatch()
	b.kill()
	return err
}

func (r *testRun) handlerConfig() report.Config {
	cfg := report.Config{
		Format: r.opts.format, FormatOptions: r.opts.formatOptions,
		Stdout: r.stdout, Stderr: r.stderr, Lines: r.lines,
		JSONFile: r.opts.jsonFile, TimingFile: r.opts.jsonFileTimingEvents,
		Live: r.live, Times: r.times, MaxOutput: int(r.opts.limits.maxOutput),
		ForgetPassed: r.opts.junit.file == "" && r.opts.queue.leads == nil && r.opts.rerun.reportFile == "" && !r.opts.watch,
	}
	cfg.Excuses = r.excuses
	if r.opts.holdMode() == report.HoldNothing {
		cfg.MaxFails = r.opts.maxFails // else failures are counted as they are held
	}
	return cfg
}

// scanFirst shows the first pass. It returns its status, or what ended the scan early, and
// whether failures may be run again.
func (r *testRun) scanFirst(b *begunRun) (status error, failed bool) {
	var err error
	if r.held != nil {
		err = r.held.scanFirst(b.first, b.cancel)
	} else {
		err = r.scan(0, r.events(0, b.first.Stdout), b.first.Stderr, b.cancel)
	}
	if err != nil {
		b.cancel() // kills what runs, and Wait waits for it
	}
	status = b.first.Wait()
	if err != nil {
		return err, false
	}
	if r.world.broken() {
		if status != nil && r.opts.rerunsEnabled() && !r.interrupted() {
			r.cmd.log.infof("no reruns: a set-up failed")
		}
		return status, false
	}
	return status, !r.interrupted() && status != nil && r.opts.rerunsEnabled() && (r.mayRerun == nil || r.mayRerun())
}

// ignoreStatus drops how a pass that was cut short ended, but not that it could not
// be waited for.
func ignoreStatus(err error) error {
	if _, ok := err.(exitStatus); ok {
		return nil
	}
	return err
}

// events returns a stream of a source as testjson can read it. It is followed while it is read.
func (r *testRun) events(run int, stdout io.Reader) io.Reader {
	events := r.lines.Events(stdout, r.badEvent)
	if r.observed {
		return report.WatchPackages(events, run, r.live) // the processes tell the rest
	}
	return report.Watch(events, run, r.live)
}

// scan shows events, as attempt run (0: the first pass).
func (r *testRun) scan(run int, stdout, stderr io.Reader, stop func()) error {
	cfg := testjson.ScanConfig{
		RunID: run, Stdout: r.handler.Events(stdout), Handler: r.handler,
		Execution: r.exec, Stop: stop, IgnoreNonJSONOutputLines: r.opts.ignoreNonJSONOutputLines,
	}
	if stderr != nil {
		cfg.Stderr = r.lines.Text(stderr)
	}
	exec, err := testjson.ScanTestOutput(cfg)
	r.exec, r.lastRun = exec, run
	return errors.Join(err, r.handler.Flush())
}

// badEvent reports a line that go wrote in the place of an event.
func (r *testRun) badEvent(line string) {
	r.log.warnf("invalid TestEvent: %v", line)
	_ = r.handler.Err("bad output from test2json: " + line) // always nil
}

// known is the execution that holds all events so far, shown or not.
func (r *testRun) known() *testjson.Execution {
	if r.held != nil {
		return r.held.exec
	}
	return r.exec
}

// checkRerun reports why the failures of a pass are not run again; nil: they are.
func (r *testRun) checkRerun(status error) error {
	if r.decided {
		return r.src.CheckRerun(status, r.known())
	}
	if err := r.checkErrors(); err != nil {
		return err
	}
	if err := r.src.CheckRerun(status, r.known()); err != nil {
		return err
	}
	if err := r.checkDataRace(); err != nil {
		return err
	}
	if n, most := r.countFailures(), r.opts.rerun.maxFailures; n > most {
		return fmt.Errorf("number of test failures (%d) exceeds maximum (%d) set by --rerun-fails-max-failures", n, most)
	}
	return nil
}

func (r *testRun) checkDataRace() error {
	if r.opts.rerun.abortOnDataRace && r.known().HasDataRace() {
		return errors.New("rerun aborted because previous run had a data race")
	}
	return nil
}

// countFailures counts failures as gotestsum does: those that have no failed subtest,
// or with --rerun-fails-run-root-test the root tests.
func (r *testRun) countFailures() int {
	failed := report.Counted(r.known().Failed(), r.excuses)
	if !r.opts.rerun.runRootTest {
		return len(testjson.FilterFailedUnique(failed))
	}
	n := 0
	for _, tc := range failed {
		if !tc.Test.IsSubTest() {
			n++
		}
	}
	return n
}

// rerun runs the failed units again, after a first pass that ended with first. It returns
// the status of the run, or why nothing is run again; and an error of its report.
func (r *testRun) rerun(ctx context.Context, first error) (status, err error) {
	if err := r.checkRerun(first); err != nil {
		return err, nil
	}
	status = r.showReruns(ctx, first)
	return status, r.writeRerunReport()
}

// showReruns shows the attempts of the failed units and returns the status of the run:
// that of the first pass, unless all of them passed in the end.
func (r *testRun) showReruns(ctx context.Context, first error) error {
	highest, last := 0, 0
	for a, err := range r.src.Reruns(ctx, r.known()) {
		if err == nil {
			err = r.showAttempt(a, a.RunID > highest)
		}
		if err == nil && !r.decided {
			err = errors.Join(r.checkErrors(), r.checkDataRace())
		}
		if err != nil || r.interrupted() {
			return err
		}
		last, highest = a.RunID, max(highest, a.RunID)
	}
	if last < highest && r.held == nil {
		// The summary counts the runs by the last one that was scanned.
		if err := r.scan(highest, strings.NewReader(""), nil, nil); err != nil {
			return err
		}
	}
	outcome := r.src.Verdict(r.known())
	switch {
	case len(outcome.Failed)+len(outcome.Excused) > 0 || len(outcome.Flaky) == 0:
		return first // finish decides on what is excused
	case r.opts.rerun.failOnFlaky && flakyCounts(outcome):
		return exitStatus{exitFailed}
	}
	return nil
}

// showAttempt shows a rerun, or holds it. The first of each round follows a line that
// says how things stand.
func (r *testRun) showAttempt(a attempt, firstOfRound bool) error {
	if r.held != nil {
		return r.held.scanAttempt(a)
	}
	if firstOfRound {
		if err := report.Interim(r.stdout, r.exec); err != nil {
			return err
		}
	}
	return r.scan(a.RunID, r.events(a.RunID, a.Stdout), a.Stderr, nil)
}

// checkErrors reports that a pass had errors: what go writes to stderr, and what does
// not build.
func (r *testRun) checkErrors() error {
	if len(r.exec.Errors()) > 0 || len(r.known().Errors()) > 0 {
		return errors.New("rerun aborted because previous run had errors")
	}
	return nil
}
