package scheduler

import (
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// estimate is how long a task will take by past runs. It reports whether all of its tests are known.
func (c *Config) estimate(s *suite, t *ledger.Task) (sum time.Duration, known bool) {
	if t.Part() != nil {
		if costs, n := s.splits[t.Tests[0].Name], t.Tests[0].Part; n <= len(costs) {
			sum = costs[n-1] // one that was added for what none has run takes nothing, most likely
		}
		return sum, t.Known
	}
	known = t.Known
	for _, test := range t.Tests {
		d, ok := c.Past.Estimate(s.path, test.Name)
		known = known && ok
		sum += d * time.Duration(test.Want)
	}
	return sum, known
}

// longest is how long the longest of tasks will take by past runs, 0 if that is not known of any.
func (c *Config) longest(s *suite, tasks []*ledger.Task) (most time.Duration) {
	for _, t := range tasks {
		d, _ := c.estimate(s, t) // of a group that is known in part it is a lower bound
		most = max(most, d)
	}
	return most
}
