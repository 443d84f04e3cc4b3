package main

import (
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler"
)

// recordObserver writes what the scheduler tells of packages and processes into a record.
type recordObserver struct {
	w      *record.Writer
	owners *ownerBook // nil: they are not known
}

var _ scheduler.Observer = recordObserver{}

// PackageFound records the units of a package.
func (o recordObserver) PackageFound(f scheduler.FoundPackage) {
	p := record.Package{Path: f.Path, Start: time.Now(), Estimate: f.Estimate.Seconds(), Binary: f.BuildID}
	for _, u := range f.Units {
		unit := record.Unit{Name: u.Name, Tests: u.Tests, Labels: u.Labels, Locks: u.Locks, Serial: u.Serial}
		unit.Owner = strings.Join(o.owners.ofUnit(report.Unit{Package: f.Path, Name: u.Name, Tests: u.Tests}), " ")
		if u.Group {
			unit.Group = u.Name
		}
		p.Units = append(p.Units, unit)
	}
	o.w.PackageFound(p)
}

// PackageEnded records how a package ended.
func (o recordObserver) PackageEnded(path string, passed bool, at time.Time) {
	o.w.PackageEnded(path, passed, at)
}

// ProcessStarted records a process.
func (o recordObserver) ProcessStarted(s scheduler.StartedProcess) {
	p := record.Process{
		Number: s.Number, Worker: s.Worker, Package: s.Package, Kind: s.Kind, Attempt: s.Attempt, Group: s.Group, Seed: s.Seed,
		Command: s.Command, Start: s.Start,
	}
	for _, name := range s.Tests {
		p.Tests = append(p.Tests, record.ProcessTest{Name: name})
	}
	o.w.ProcessStarted(p)
}

// ProcessEnded records how a process ended.
func (o recordObserver) ProcessEnded(e scheduler.EndedProcess) {
	o.w.ProcessEnded(record.ProcessEnd{Number: e.Number, End: e.End, Exit: e.Exit, Signal: e.Signal, CPU: e.CPU, MaxRSS: e.MaxRSS, Machine: e.Machine})
}

// TestStarted records that a process has begun a test.
func (o recordObserver) TestStarted(process int, test string, at time.Time) {
	o.w.TestStarted(process, test, at)
}

// TestPaused says nothing to a record: a test's elapsed time leaves its pauses out.
func (o recordObserver) TestPaused(int, string) {}

// TestResumed says nothing to a record either.
func (o recordObserver) TestResumed(int, string)         {}
func (o recordObserver) TestRuns(int, string, time.Time) {}

// TestEnded records the result of a test.
func (o recordObserver) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	o.w.TestEnded(process, test, result, at, elapsed)
}
