package machine

import "slices"

// outdated reports whether a lease is of what an earlier leader has published.
func (a *Agent) outdated(h *hold) bool {
	return h.lease.Work.Fence != 0 && h.lease.Work.Fence < a.fence
}

// outlived reports whether nobody wants to know any more what comes of a lease, or would: a leader that has
// taken over publishes what is still to run. What has begun goes on unless it is bound to its leader.
func (a *Agent) outlived(h *hold) bool {
	return a.outdated(h) && h.inHand() && (h.step != running && h.step != doomed || h.lease.Work.Bound)
}

// discard takes out of the queue what an earlier leader has published.
func (a *Agent) discard(do func(Act)) {
	for _, h := range slices.Clone(a.holds) {
		switch {
		case !a.outlived(h) || h.step == doomed:
		case h.step == running:
			h.past = true
			a.doom(h, do)
		default:
			a.to(h, acking)
		}
	}
}
