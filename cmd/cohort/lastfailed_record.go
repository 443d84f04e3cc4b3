package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// recordedPast reads from a record what its run has left to do for the module around dir.
func (c *command) recordedPast(file, dir string) (owing, error) {
	r, err := record.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--last-failed=%s: %w", file, err)
	}
	run, err := record.Load(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("--last-failed=%s: %w", file, err)
	}
	here := c.historyLocation("", dir).Module
	if there := run.Manifest.Module; there != "" && here != "" && there != here {
		return nil, fmt.Errorf("--last-failed=%s: it is the record of a run of %s, and this is %s", file, there, here)
	}
	return newRunPast(run), nil
}

// testName names a test of a package; of the package itself if Test is empty.
type testName struct{ Package, Test string }

// runPast is what one run has left to do. A package or test that is not in it has not run.
type runPast struct{ ran, owed map[testName]bool }

var (
	_ owing = (*runPast)(nil)
	_ owing = (*history.Snapshot)(nil)
)

func (p *runPast) Knows(pkg, test string) bool { return p.ran[testName{pkg, test}] }

func (p *runPast) Owes(pkg, test string) bool {
	return p.owed[testName{pkg, test}] || p.owed[testName{pkg, ""}]
}

// newRunPast reads it from a record.
func newRunPast(run *record.Run) *runPast {
	p := &runPast{ran: make(map[testName]bool), owed: make(map[testName]bool)}
	for _, t := range run.Tests {
		if slices.ContainsFunc(t.Attempts, func(a record.TestAttempt) bool { return a.Status != record.NoEnd }) {
			p.ran[testName{t.Package, t.Root()}] = true
		}
	}
	v := run.Manifest.Verdict
	explained := make(map[string]bool) // packages of which it is known why they did not pass
	for _, u := range v.Flaky {
		explained[u.Package] = true
	}
	failed := v.Failed
	for _, u := range v.Excused {
		failed = append(failed, u.Outcome)
	}
	for _, u := range failed {
		explained[u.Package] = true
		if len(u.Tests) == 0 {
			p.owed[testName{u.Package, u.Name}] = true
		}
		for _, name := range u.Tests {
			p.owed[testName{u.Package, name}] = true
		}
	}
	for _, t := range slices.Concat(v.Interrupted, v.NotStarted) {
		explained[t.Package] = true
		p.owed[testName{t.Package, t.Test}] = true
	}
	for _, pkg := range run.Packages {
		if (pkg.Status == record.Failed || pkg.Status == record.NoEnd) && !explained[pkg.Path] {
			p.owed[testName{pkg.Path, ""}] = true // it did not build, say
		}
	}
	return p
}
