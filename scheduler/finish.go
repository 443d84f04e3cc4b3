package scheduler

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// finishIfDone closes a package's account when nothing of it waits or runs,
// and tells the go command how it ended.
func (r *Run) finishIfDone(p *pkg) {
	if p.finished || p.waiting > 0 || p.running > 0 || r.wantBaseline(p) {
		return
	}
	p.finished = true
	p.stop(nil) // nothing of it runs: this only frees what the context holds
	r.pkgs = slices.DeleteFunc(r.pkgs, func(q *pkg) bool { return q == p })
	if r.ctx.Err() != nil {
		p.fail("the run was called off")
	}
	if p.merge.err != nil {
		p.fail("%v", p.merge.err)
		p.merge.add("cohort: " + p.merge.err.Error() + "\n")
	}
	coverage, err := p.mergeCoverage()
	if err != nil {
		p.lost = true // no rerun brings it back
		p.fail("%v", err)
		p.merge.add("cohort: " + err.Error() + "\n")
	}
	if p.ran && len(p.idle) > 0 {
		p.fail("%s was to run and did not: the program of -exec exited 0 without it", p.idle[0].name)
	}
	ok := p.passed()
	p.merge.add(p.closing(ok, coverage))
	again := !ok && r.cfg.Reruns > 0 && r.ctx.Err() == nil && !p.lost
	if !again {
		p.dropBackUp()
	}
	if !ok {
		r.failed = append(r.failed, p)
		if again {
			if err := p.keep(r.binaryDir()); err != nil {
				p.fail("its binary cannot be kept for reruns: %v", err)
			}
		}
		// If exec-test is gone, its death is what the go command reports.
		_ = p.req.Exit(max(1, p.code))
		return
	}
	if r.cfg.cacheable() {
		// Without a complete log the go command just does not cache the result,
		// as for a TestMain that never calls m.Run.
		_ = gotest.WriteTestLog(p.req.Binary, p.req.Dir, p.testlogs)
	}
	if err := p.req.Exit(0); err != nil {
		p.fail("the go command did not take the result: %v", err)
		r.failed = append(r.failed, p)
	}
}

// passed reports whether the first attempt of everything was good.
func (p *pkg) passed() bool {
	return len(p.failures) == 0 && !slices.ContainsFunc(p.units, func(u *unit) bool { return len(u.failed) > 0 })
}

// closing is what a test binary prints at its end, for a package of several
// processes; a single process has printed it itself.
func (p *pkg) closing(ok bool, coverage string) string {
	var text strings.Builder
	if p.processes == 1 && p.whole {
		// Why it failed can be seen from its output, unless it said otherwise.
		if !ok && p.code == 0 {
			fmt.Fprintf(&text, "cohort: %s\n", strings.Join(p.failures, "; "))
		}
		return text.String()
	}
	for _, failure := range p.failures {
		fmt.Fprintf(&text, "cohort: %s\n", failure)
	}
	result := "FAIL"
	if ok {
		result = "PASS"
	}
	return text.String() + "\x16" + result + "\n" + coverage
}

// mergeCoverage adds the processes' coverage up to the profile that the go
// command expects, and returns the line with the percentage.
func (p *pkg) mergeCoverage() (string, error) {
	var profile gotest.Profile
	count := 0
	for _, name := range p.profiles {
		err := addProfile(&profile, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a process that died, or that ran nothing: as in go test, it covers nothing
		}
		if err != nil {
			return "", err
		}
		count++
	}
	if count == 0 {
		return "", nil
	}
	if p.baseline != "" {
		base, err := readProfile(p.baseline)
		if err != nil {
			return "", err
		}
		profile.Subtract(base, count-1)
	}
	if p.args.CoverProfile != "" {
		out, err := os.Create(p.args.CoverProfile)
		if err != nil {
			return "", err
		}
		_, err = profile.WriteTo(out)
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return "", fmt.Errorf("write coverage profile: %w", err)
		}
	}
	if !p.hasCoverage {
		return "", nil
	}
	return profile.Percent(p.coverage), nil
}

func addProfile(to *gotest.Profile, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	err = errors.Join(to.Add(file), file.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readProfile(name string) (*gotest.Profile, error) {
	var p gotest.Profile
	return &p, addProfile(&p, name)
}

// wantBaseline reports whether a process that runs no test is still to show
// what each process of the package counts before its first one (package
// initialisation, TestMain). Where coverage is counted, go test has that once.
func (r *Run) wantBaseline(p *pkg) bool {
	if !r.cfg.GoTest.Cover || r.cfg.GoTest.CoverMode == "set" || len(p.profiles) < 2 ||
		p.baseline != "" || p.canceled || r.ctx.Err() != nil {
		return false
	}
	r.processes++
	p.baseline = filepath.Join(r.listener.Dir, fmt.Sprint("baseline", r.processes))
	p.waiting++
	r.baselines = append(r.baselines, p)
	return true
}

// nextBaseline returns a process without tests.
func (r *Run) nextBaseline() *batch {
	var p *pkg
	for p == nil || p.canceled {
		if len(r.baselines) == 0 {
			return nil
		}
		p, r.baselines = r.baselines[0], r.baselines[1:]
	}
	p.waiting--
	silent := newMerger(io.Discard, false, func() (*os.File, error) { return nil, errors.ErrUnsupported })
	return &batch{
		pkg: p, baseline: true, planned: []planned{}, feed: silent.newFeed(false, "", nil),
		profile: p.baseline, coverDir: p.baseline + "dir",
	}
}

// endBaseline takes the result of a process without tests.
func (r *Run) endBaseline(e ended) {
	if !e.exit.OK() || e.err != nil {
		e.batch.pkg.fail("a process that was to run no test, to see what each counts before its first one, failed")
	}
	r.finishIfDone(e.batch.pkg)
}
