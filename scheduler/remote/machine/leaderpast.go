package machine

import (
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A leader that takes over may put the same tests together otherwise, or give them other variables. So no
// machine begins what an earlier leader has published, which is published again if it is still to run. A
// process that runs goes on, unless it is bound to its leader, as its result may count; and nothing is
// published before each that does is known to be one of this leader's, or has ended: no test runs twice at a
// time.

// past is what a leader has to know of the work of those before it.
type past struct {
	// open reports that processes may run that are not of this leader's batches.
	open bool
	// until is how long machines are waited for of which nothing is heard: their leases have run out then.
	until time.Time
	// had are the batches of this leader that have ended.
	had map[remote.Key]bool
}

// waitsForPast reports whether nothing is to be published yet.
func (l *Leader) waitsForPast(now time.Time) bool {
	if !l.past.open {
		return false
	}
	for _, n := range l.nodes {
		if n.here && l.holdsPast(now, n) {
			return true
		}
	}
	l.past.open = now.Before(l.past.until) && len(l.nodes) == 0 // nothing is known yet
	return l.past.open
}

// holdsPast reports whether a machine may run what is not of this leader's batches.
func (l *Leader) holdsPast(now time.Time, n *node) bool {
	if n.Heeds < l.lock.fence {
		return now.Before(l.past.until)
	}
	for _, k := range n.Holds {
		if l.batches[k] == nil && !l.past.had[k] && !l.early[k] {
			return true
		}
	}
	return false
}
