package main

import (
	"sync"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// observers are several Observers, each of which hears everything.
type observers []scheduler.Observer

// observe lets o hear what happens in the run. Call it before First.
func (s *scheduledSource) observe(o scheduler.Observer) {
	if s.opts.queue.leads != nil {
		o = newLateObserver(o)
	}
	all, _ := s.config.Observer.(observers)
	s.config.Observer = append(all, o)
}

func (all observers) PackageFound(p scheduler.FoundPackage) {
	for _, o := range all {
		o.PackageFound(p)
	}
}

func (all observers) ProcessStarted(p scheduler.StartedProcess) {
	for _, o := range all {
		o.ProcessStarted(p)
	}
}

func (all observers) TestStarted(process int, test string, at time.Time) {
	for _, o := range all {
		o.TestStarted(process, test, at)
	}
}

func (all observers) TestPaused(process int, test string) {
	for _, o := range all {
		o.TestPaused(process, test)
	}
}

func (all observers) TestResumed(process int, test string) {
	for _, o := range all {
		o.TestResumed(process, test)
	}
}

func (all observers) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	for _, o := range all {
		o.TestEnded(process, test, result, at, elapsed)
	}
}

func (all observers) ProcessEnded(p scheduler.EndedProcess) {
	for _, o := range all {
		o.ProcessEnded(p)
	}
}

func (all observers) TestRuns(process int, test string, since time.Time) {
	for _, o := range all {
		o.TestRuns(process, test, since)
	}
}

func (all observers) PackageEnded(path string, passed bool, at time.Time) {
	for _, o := range all {
		o.PackageEnded(path, passed, at)
	}
}

// liveObserver shows what the scheduler's processes do in the status of the run. What runs only to
// explain a failure, or to count coverage, is no part of it.
type liveObserver struct {
	live *progress.Live
	mu   sync.Mutex
	told map[int]bool // processes, guarded by mu
}

func newLiveObserver(live *progress.Live) *liveObserver {
	return &liveObserver{live: live, told: make(map[int]bool)}
}

func (o *liveObserver) isTold(process int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.told[process]
}

func (o *liveObserver) PackageFound(p scheduler.FoundPackage) {
	o.live.PackageFound(progress.Package{Path: p.Path, Tests: len(p.Tests), Estimate: p.Estimate, TestMain: p.TestMain})
}

func (o *liveObserver) ProcessStarted(p scheduler.StartedProcess) {
	if p.Kind != ledger.First.String() && p.Kind != ledger.Attempt.String() {
		return
	}
	o.mu.Lock()
	o.told[p.Number] = true
	o.mu.Unlock()
	o.live.ProcessStarted(progress.Process{
		Number: p.Number, Worker: p.Worker, Package: p.Package, Tests: p.Tests, Group: p.Group,
		Attempt: p.Attempt, Parts: p.Parts, Kind: p.Kind, Seed: p.Seed, Start: p.Start,
		Locks: p.Locks, Serial: p.Serial,
	})
}

func (o *liveObserver) TestStarted(process int, test string, at time.Time) {
	if o.isTold(process) {
		o.live.TestStarted(process, test, at)
	}
}

func (o *liveObserver) TestPaused(process int, test string) {
	if o.isTold(process) {
		o.live.TestPaused(process, test)
	}
}

func (o *liveObserver) TestResumed(process int, test string) {
	if o.isTold(process) {
		o.live.TestResumed(process, test)
	}
}

func (o *liveObserver) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	if o.isTold(process) {
		o.live.TestEnded(process, test, result, at, elapsed)
	}
}

func (o *liveObserver) ProcessEnded(p scheduler.EndedProcess) {
	if o.isTold(p.Number) {
		o.live.ProcessEnded(progress.ProcessEnd{
			Number: p.Number, End: p.End, ExitCode: p.Exit, Signal: p.Signal, CPU: p.CPU, MaxRSS: p.MaxRSS,
			Subtests: p.Subtests,
		})
	}
}

// TestRuns says what runs on another machine.
func (o *liveObserver) TestRuns(process int, test string, since time.Time) {
	if o.isTold(process) {
		o.live.TestStarted(process, test, since)
	}
}

// PackageEnded is told by the events of the go command, which come for cached packages too.
func (o *liveObserver) PackageEnded(string, bool, time.Time) {}
