package scheduler

import (
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/worker"
)

// A test in quarantine that failed excuses its unit, as long as it is certain that nothing else is
// wrong: no other test failed or was lost, and how the process ended is explained by it. What the
// ledger does not attribute to a test by name is never excused.

// sound reports whether the end of a process is explained by the tests in quarantine that failed in
// it, if any did: it reported its failures and exited 1, as a test binary does, and without a data
// race, which counts against the test that runs when it is found; or no other test had run in it,
// whose goroutines could have ended it.
func sound(r *worker.Result, quarantined func(test string) bool) bool {
	if !slices.ContainsFunc(r.Failed, quarantined) {
		return true
	}
	if r.Err != nil || r.Stopped || r.PackageFailure != "" {
		return false
	}
	reported := r.Transcript.Finals > 0 && r.Exit.Code == 1 && !r.Transcript.Raced
	return reported || allOf(r.Seen, quarantined)
}

// excusable reports whether a rerun failed only because tests in quarantine did.
func excusable(r *worker.Result, quarantined func(test string) bool) bool {
	owed := true
	for name := range r.Transcript.Owed {
		root, _, _ := strings.Cut(name, "/")
		owed = owed && quarantined(root)
	}
	unrun := len(r.Lost) + len(r.Again) + len(r.Dropped) + len(r.Idle) + len(r.Cut)
	quiet := len(r.Failed) > 0 || r.Exit.OK() // a bad end without a failed test is no test's
	return r.Err == nil && r.PackageFailure == "" && unrun == 0 && owed && quiet && allOf(r.Failed, quarantined) && sound(r, quarantined)
}

func allOf(names []string, f func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !f(name) })
}
