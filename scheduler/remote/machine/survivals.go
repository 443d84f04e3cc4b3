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

// survivedOf is how many leases of a batch were survived.
func survivedOf(all []remote.Survival, k remote.Key) int {
	for _, s := range all {
		if s.Key == k {
			return s.Times
		}
	}
	return 0
}

// survive notes that a lease ran out on this machine, if it was since the server was away meanwhile: a
// machine that stood still may have done so because of the batch.
func (a *Agent) survive(h *hold) {
	away := !a.lastDown.IsZero() && !a.lastDown.Before(h.until.Add(-a.cfg.Terms.AckWait))
	if !away && !h.lease.Unsure { // which was not started
		return
	}
	k := h.key()
	times := survivedOf(a.survived, k) + 1
	others := slices.DeleteFunc(slices.Clone(a.survived), func(s remote.Survival) bool { return s.Key == k })
	a.survived = append(others, remote.Survival{Key: k, Times: times})
	if len(a.survived) > maxSurvivals {
		a.survived = a.survived[1:]
	}
	a.dirty = true
}

// fatal is how many deliveries of a lease's work before this one may have ended their machines.
func (a *Agent) fatal(h *hold) int {
	return h.tries() - 1 - max(survivedOf(a.run.State.Survived, h.key()), survivedOf(a.survived, h.key()))
}

// survivals adds up what a node says that has said something before, nil for one that is new. What a
// new one says an earlier leader may have added up already.
func (l *Leader) survivals(before *node, n remote.Node) {
	for _, s := range n.Survived {
		more := s.Times
		switch {
		case before != nil:
			more -= survivedOf(before.Survived, s.Key)
		case l.heir:
			more -= survivedOf(l.state.Survived, s.Key)
		}
		if more <= 0 || l.batches[s.Key] == nil && !l.heir {
			continue
		}
		all := slices.Clone(l.state.Survived)
		if i := slices.IndexFunc(all, func(x remote.Survival) bool { return x.Key == s.Key }); i >= 0 {
			all[i].Times += more
		} else {
			all = append(all, remote.Survival{Key: s.Key, Times: more})
		}
		l.state.Survived, l.set = all, false
	}
}
