package machine

import (
	"slices"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A batch that was delivered often and has no result may end its machines. A delivery is no sign of that
// if its machine is well: its lease ran out because the server was away. Machines announce that, the
// leader adds it up, and who decides about such a batch knows it.

// maxSurvivals is of how many batches a machine says so.
const maxSurvivals = 64

// survivedOf is how many leases of a batch one machine has survived.
func survivedOf(all []remote.Survival, k remote.Key) int {
	for _, s := range all {
		if s.Key == k {
			return s.Times
		}
	}
	return 0
}

// survive notes that this machine survives a lease, once: the work is not begun, or the lease has run out
// while the server was away. A machine that stood still may have done so because of the work.
func (a *Agent) survive(h *hold) {
	away := !a.lastDown.IsZero() && !a.lastDown.Before(h.until.Add(-a.cfg.Terms.AckWait))
	if h.safe || !away && !h.lease.Unsure {
		return
	}
	h.safe = true
	k := h.key()
	times := survivedOf(a.survived, k) + 1
	others := slices.DeleteFunc(slices.Clone(a.survived), func(s remote.Survival) bool { return s.Key == k })
	a.survived = append(others, remote.Survival{Key: k, Times: times})
	if len(a.survived) > maxSurvivals {
		a.survived = a.survived[1:]
	}
	a.dirty = true
}

// fatal is how many deliveries of a lease's work may have ended their machines: those before this one that
// were not survived.
func (a *Agent) fatal(h *hold) int {
	own, others := survivedOf(a.survived, h.key()), 0
	for _, s := range a.run.State.Survived {
		switch {
		case s.Key != h.key():
		case s.Node == a.cfg.Node: // what the leader has heard of it
			own = max(own, s.Times)
		default:
			others += s.Times
		}
	}
	if h.safe {
		own-- // is this one
	}
	return h.tries() - 1 - own - others
}

// survivals takes what a node says that has said something before, nil for one that is new. A leader that
// has taken over hears again what an earlier one has heard, and may hear older words after newer ones.
func (l *Leader) survivals(before *node, n remote.Node) {
	for _, s := range n.Survived {
		if before != nil && survivedOf(before.Survived, s.Key) == s.Times || l.batches[s.Key] == nil && !l.heir {
			continue
		}
		i := slices.IndexFunc(l.state.Survived, func(x remote.Survival) bool { return x.Key == s.Key && x.Node == n.Name })
		if i >= 0 && l.state.Survived[i].Times >= s.Times {
			continue
		}
		all := slices.Clone(l.state.Survived)
		if i >= 0 {
			all[i].Times = s.Times
		} else {
			all = append(all, remote.Survival{Node: n.Name, Key: s.Key, Times: s.Times})
		}
		l.state.Survived, l.set = all, false
	}
}
