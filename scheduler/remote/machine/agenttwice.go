package machine

import (
	"slices"
	"time"
)

// A server that was started anew may deliver work again although its lease lasts: it keeps leases to the
// second, and may have forgotten the last ones. And a result may come from a machine whose lease has run out,
// since the server was away, when another one has begun with the work. So that no work runs twice at a time,
//
//   - a machine that gets a lease of which the engine is not sure does not begin: it lets it run out. If
//     another machine has the work that one's heartbeats keep it, else it is delivered again.
//   - a machine that has the same work by an earlier lease does not begin before that is gone.
//   - a machine whose lease ran out before its result was stored leaves the work in the queue, or in the
//     hands of who has it by now: that it is out says that no process runs, see leadertwice.go.

// other reports whether the machine has an earlier lease of the same work.
func (a *Agent) other(h *hold) bool {
	for _, x := range a.holds {
		if x == h {
			return false
		}
		if x.key() == h.key() {
			return true
		}
	}
	return false
}

// stood goes on with a lease whose result was stored, and with later ones of the same work.
func (a *Agent) stood(now time.Time, h *hold) {
	a.to(h, acking) // if it has run out it is dropped, see expire
	for _, x := range slices.Clone(a.holds) {
		if x != h && x.key() == h.key() && x.step < running && now.Before(x.until) {
			a.to(x, acking)
		}
	}
}

// follow gives later leases of work back that was given back.
func (a *Agent) follow(h *hold, do func(Act)) {
	for _, x := range slices.Clone(a.holds) {
		if x.key() == h.key() && x.step < running {
			do(GiveBack{x.lease.Token, unreadyPause})
			a.drop(x)
		}
	}
}
