package scheduler

import (
	"regexp"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/rerun"
)

// rerunOf returns how often and when what failed runs again, and on which terms: a unit, or with
// nil the package.
func (c *Config) rerunOf(*suite, *ledger.Unit) (rerun.Policy, rerun.Terms) {
	return rerun.Policy{Max: c.Reruns, Delay: c.RerunDelay, Backoff: c.RerunBackoff}, c.RerunTerms
}

// patterns are all expressions that output is matched with, none if nothing runs again.
func (c *Config) patterns() []*regexp.Regexp {
	if c.Reruns == 0 {
		return nil
	}
	return c.RerunTerms.Patterns()
}
