package main

import (
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// bound says what bounded the run until a time, "" for nothing: of a run that was interrupted
// nothing can be learned.
func (r *testRun) bound(until time.Time) string {
	if r.interrupted() {
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
	uncached := !slices.Contains(strings.Fields(s.config.Toolexec), reentry.LinkCacheFlag)
	var all []progress.Build
	for _, b := range s.run.Built() {
		all = append(all, progress.Build{Start: b.Start, End: b.End, Compiling: b.Compiling, Linking: b.Linking, Uncached: uncached})
	}
	return all
}
