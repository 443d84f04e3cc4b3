package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// coverage is what is asked of the coverage of one run. A nil one asks nothing.
type coverage struct {
	cmd     *command
	opts    *options
	args    *gotest.Args
	dir     string       // of the run; "": the current directory
	profile string       // the file that go test writes
	private *scratch.Dir // a folder for it that is removed at the end; nil: it is the user's file
	// before is the file as it was before the run; nil: it was not there.
	before os.FileInfo
	change *change // nil: nobody asks for changed lines
	start  time.Time
}

// newCoverage prepares what opts ask of coverage, and returns the options with a profile of cohort's
// own if the user wants none. What cannot be known is an error before any test runs.
func (c *command) newCoverage(dir string, opts *options) (*coverage, *options, error) {
	wanted := opts.cover.wanted()
	if len(wanted) == 0 || opts.watch {
		return nil, opts, nil
	}
	if neverTests(opts) {
		c.log.warnf("%s%s no effect: no test is to run", usage.List(wanted), usage.Verb(len(wanted), " has", " have"))
		return nil, opts, nil
	}
	args, err := gotest.ParseArgs(testCommand(opts, rerunArgs{})[2:], c.env.list)
	if err != nil {
		return nil, opts, err
	}
	if args.PassThrough != "" && opts.rerunsEnabled() {
		return nil, opts, fmt.Errorf("%s cannot be used with %s and --rerun-fails: a rerun writes its own coverage over the run's",
			usage.List(wanted), args.PassThrough)
	}
	if args.CoverOff {
		return nil, opts, &usage.Error{Problems: []string{usage.List(wanted) + " cannot be used with -cover=false"}, Help: "cohort help coverage"}
	}
	if err := c.useProgram(args); err != nil {
		return nil, opts, err
	}
	cov := &coverage{cmd: c, opts: opts, args: args, dir: dir, profile: args.Profile(dir), start: time.Now()}
	if opts.cover.minChanged.given {
		if cov.change, err = c.findChange(context.Background(), filepath.Join(dir, args.Dir), string(opts.cover.base)); err != nil {
			return nil, opts, fmt.Errorf("--cover-base: %w", err)
		}
	}
	if err := cov.prepare(); err != nil {
		return nil, opts, err
	}
	return cov, cov.opts, nil
}

// prepare finds or makes the profile.
func (cov *coverage) prepare() error {
	var err error
	if cov.profile == "" {
		if cov.private, err = scratch.Make("", "cover-"); err != nil {
			return err
		}
		cov.profile = filepath.Join(cov.private.Path, "cover.out")
		with := *cov.opts
		with.cover.profile = cov.profile
		cov.opts = &with
	}
	cov.before, err = os.Stat(cov.profile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return errors.Join(fmt.Errorf("coverage profile: %w", err), cov.close())
	case !cov.before.Mode().IsRegular():
		return fmt.Errorf("%s cannot be used with -coverprofile=%s, which cannot be read afterwards: it is no file",
			usage.List(cov.opts.cover.wanted()), cov.args.CoverProfile)
	}
	return nil
}

// neverTests reports whether go test is asked for something else than to run.
func neverTests(o *options) bool {
	for _, name := range []string{"list", "c", "n", "h", "help"} {
		if value, ok := lastValue(o.args, name); ok && value != "false" {
			return true
		}
	}
	return false
}

// close removes a profile of cohort's own.
func (cov *coverage) close() error {
	if cov == nil || cov.private == nil {
		return nil
	}
	return cov.private.Remove()
}

// repository is the root of the repository that a change was looked for in, "" for none.
func (cov *coverage) repository() string {
	if cov == nil || cov.change == nil {
		return ""
	}
	return cov.change.root
}

// open opens the profile that the run has written; nil: it has written none.
func (cov *coverage) open() (*os.File, error) {
	file, err := os.Open(cov.profile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && cov.before != nil && os.SameFile(info, cov.before) && info.ModTime().Equal(cov.before.ModTime()) {
		return nil, file.Close() // of an earlier run
	}
	return file, err
}

// read reads the profile. written is false if the run has written none.
func (cov *coverage) read() (p *cover.Profile, written bool, err error) {
	file, err := cov.open()
	if file == nil || err != nil {
		return &cover.Profile{}, false, err
	}
	defer file.Close() // it is only read
	p, err = cover.Parse(file)
	if err != nil {
		return nil, true, fmt.Errorf("%s: %w", cov.profile, err)
	}
	return p, true, nil
}

// maxLacking and maxPlaces bound what is told of coverage that is missing.
const (
	maxLacking = 5
	maxPlaces  = 20
)

// judge says whether the run covers what is asked for; nil: nothing is, or nothing was measured
// because the run failed. status is how the run ended so far, exec holds its events.
func (cov *coverage) judge(status error, exec *testjson.Execution) (*cover.Verdict, error) {
	if cov == nil || !cov.opts.cover.min.given && cov.change == nil {
		return nil, nil
	}
	p, _, err := cov.read()
	if err != nil || status != nil && len(p.Files) == 0 {
		return nil, err
	}
	v := &cover.Verdict{Incomplete: status != nil}
	if cov.opts.cover.min.given {
		v.Total = cov.judgeTotal(p, exec)
	}
	if cov.change != nil {
		if v.Changed, err = cov.judgeChange(p); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (cov *coverage) judgeTotal(p *cover.Profile, exec *testjson.Execution) *cover.Total {
	t := &cover.Total{Min: cov.opts.cover.min.percent, Statements: p.Total()}
	for _, pkg := range p.Packages() {
		if pkg.Missing() > 0 && len(t.Packages) < maxLacking && !t.Statements.Meets(t.Min) {
			t.Packages = append(t.Packages, pkg)
		}
	}
	if pattern, ok := lastValue(cov.opts.args, "coverpkg"); ok && t.Statements.Of == 0 && exec != nil && len(exec.Packages()) > 0 {
		t.Blind = "no package that was tested uses one of -coverpkg=" + pattern
	}
	return t
}

// judgeCoverage returns the verdict on the run's coverage and the status with it.
func (r *testRun) judgeCoverage(status error) (*cover.Verdict, error) {
	if r.interrupted() {
		return nil, status
	}
	v, err := r.cover.judge(status, r.known())
	if v != nil {
		for _, line := range v.Good() {
			r.log.infof("coverage: %s", line)
		}
	}
	return v, errors.Join(status, err)
}

// coverStatus is the status of a run with that verdict on its coverage.
func coverStatus(status error, v *cover.Verdict) error {
	if v.Failed() {
		return errors.Join(status, exitStatus{exitFailed})
	}
	return status
}

// writeFiles writes the coverage for other tools.
func (cov *coverage) writeFiles() error {
	if cov == nil || cov.opts.cover.cobertura == "" && cov.opts.cover.lcov == "" {
		return nil
	}
	p, written, err := cov.read()
	if err != nil {
		return err
	}
	if !written {
		cov.cmd.log.warnf("the run wrote no coverage profile, so there is none for other tools")
		return nil
	}
	src, err := cov.sources(p)
	if err != nil {
		return err
	}
	return errors.Join(
		writeCoverFile("--coverfile-cobertura", cov.opts.cover.cobertura, func(w io.Writer) error { return p.WriteCobertura(w, src, cov.start) }),
		writeCoverFile("--coverfile-lcov", cov.opts.cover.lcov, func(w io.Writer) error { return p.WriteLCOV(w, src) }),
	)
}

// writeCoverFile writes a file that a flag names; "" for none.
func writeCoverFile(flag, name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	file, err := record.CreateFile(name)
	if err == nil {
		err = errors.Join(write(file), file.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
