package main

import (
	"time"

	"github.com/gotestcohort/cohort/report/progress"
)

// bound says what bounded the run until a time, "" for nothing: of a run that was interrupted
// nothing can be learned.
func (r *testRun) bound(until time.Time) string {
	if r.interrupted() != nil {
		return ""
	}
	var builds []progress.Build
	if r.builds != nil {
		builds = r.builds()
	}
	return r.live.Bound(until, builds)
}

// builds returns when compilers and linkers ran.
func (s *scheduledSource) builds() []progress.Build {
	if s.run == nil {
		return nil
	}
	var all []progress.Build
	for _, b := range s.run.Built() {
		all = append(all, progress.Build(b))
	}
	return all
}
