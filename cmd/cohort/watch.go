package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/watch"
)

// watchIdle is how long --watch waits for something to happen: as long as gotestsum.
const watchIdle = time.Hour

// watch runs the tests of a package each time one of its files is saved.
func (c *command) watch(opts *options) error {
	w := &watchedRuns{cmd: c, opts: opts}
	stdin, _ := c.stdin.(*os.File) // nil: no keys
	err := watch.Watch(context.Background(), watch.Options{
		Dirs: opts.packages, Clear: opts.watchClear, IdleTimeout: watchIdle,
		Stdin: stdin, Stdout: c.stdout, Run: w.run, Warnf: c.log.warnf, Debugf: c.log.debugf,
	})
	if i, ok := errors.AsType[*watch.Interrupt](err); ok {
		return signalStatus(i.Signal)
	}
	return err
}

// watchedRuns are the runs of one --watch. Its methods are called one at a time.
type watchedRuns struct {
	cmd    *command
	opts   *options
	failed []testjson.TestCase // of the latest run
}

// run does what e asks for. That it could not be done is printed and is no error: the
// next save may well put it right.
func (w *watchedRuns) run(ctx context.Context, e watch.Event) error {
	var err error
	if e.Debug {
		err = w.debug(ctx, e)
	} else {
		err = w.test(ctx, e)
	}
	for _, problem := range problems(err) {
		if _, ok := problem.(exitStatus); !ok && problem != nil {
			w.cmd.log.errorf("%v", problem)
		}
	}
	return nil
}

// test runs the tests of e's packages: with --watch-chdir one after the other, each
// in its own directory.
func (w *watchedRuns) test(ctx context.Context, e watch.Event) error {
	w.failed = nil
	if !w.opts.watchChdir {
		return w.testIn(ctx, "", e.Packages, e.Args)
	}
	var err error
	for _, pkg := range e.Packages {
		if ctx.Err() != nil {
			break
		}
		dir := ""
		if !isRecursive(pkg) { // else there is no one directory
			dir, pkg = pkg, "./"
		}
		err = errors.Join(err, w.testIn(ctx, dir, []string{pkg}, e.Args))
	}
	return err
}

// testIn runs the tests of packages in dir ("": the current directory), and those
// that the command line names.
func (w *watchedRuns) testIn(ctx context.Context, dir string, packages, args []string) error {
	ctx, cancel := withoutSignals(ctx)
	defer cancel()
	opts := *w.opts
	opts.packages = slices.Concat(opts.packages, packages, args)
	execution, err := w.cmd.runTestsIn(ctx, dir, &opts)
	w.failed = append(w.failed, execution.Failed()...)
	return err
}

// withoutSignals returns a context that is done when ctx is, but not because of a
// signal that a run handles itself: it gives the tests time to end, which the end of
// its context does not.
func withoutSignals(ctx context.Context) (context.Context, context.CancelFunc) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		i, ok := errors.AsType[*watch.Interrupt](context.Cause(ctx))
		if !ok || !slices.Contains(endSignals(), i.Signal) {
			cancel()
		}
	})
	return run, func() {
		stop()
		cancel()
	}
}

func isRecursive(pattern string) bool { return strings.HasSuffix(pattern, "/...") }
