package machine

import (
	"fmt"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A leader that has taken over has work of an earlier one taken out of the queue that it does not wait for,
// before it publishes the same tests as other batches. That work is gone tells it that no machine runs it:
// only who holds the lease takes it out, and whose lease has run out has ended its process. How many machines
// it may have ended the leader hears before.

// dropped reports whether a lease is of work that is to be taken out of the queue.
func (a *Agent) dropped(h *hold) (how remote.Stop, dropped bool) {
	how = a.stops[h.key()]
	return how, how.Drop > h.lease.Work.Fence
}

// discard begins to take it out.
func (a *Agent) discard(h *hold, how remote.Stop, do func(Act)) {
	h.has = how.Stands
	switch {
	case h.step == running && (!how.Begun || !h.begun):
		h.past = true
		a.doom(h, do)
	case h.step < running || h.step == returning:
		a.to(h, dropping)
	}
}

// settle goes on with work that is to be taken out, once its deliveries are counted. What is lost is counted
// too: a leader that takes over may have its tests run in another batch.
func (a *Agent) settle(h *hold) {
	switch {
	case h.step != dropping || !h.has && a.fatal(h) > countedOf(a.run.State.Counted, h.key()):
	case h.lost && !h.has:
		a.result(h, Lost, fmt.Sprintf("it was given to %d machines, and none had a result", a.fatal(h)))
	default:
		a.to(h, acking)
	}
}

// drops are the works that wait until the leader has counted their deliveries.
func (a *Agent) drops() (all []remote.Drop) {
	for _, h := range a.holds {
		if times := a.fatal(h); h.step == dropping && !h.has && times > 0 {
			all = append(all, remote.Drop{Key: h.key(), Times: times})
		}
	}
	return all
}

// untold reports whether the leader is to hear at once of a work that is to be taken out.
func (a *Agent) untold(h *hold) bool {
	return h.step == dropping && !h.has && !h.said && a.fatal(h) > 0
}

// countedOf is how many deliveries of a work that was taken out are counted.
func countedOf(all []remote.Counted, k remote.Key) int {
	for _, c := range all {
		if c.Key == k {
			return c.Times
		}
	}
	return 0
}
