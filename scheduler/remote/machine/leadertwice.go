package machine

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A result may come from a machine whose lease had run out when it was stored, while another one runs the
// same batch. What the batch holds is free when that has ended, so if there is any doubt the leader
// delivers no result before the work is out of the queue, and has it taken out: see agenttwice.go.

// clearance is how far it is with a batch that has a result, and is taken out of the queue.
type clearance struct {
	from string // whose result it is
	held bool   // it was in the queue
	told bool   // the agents are to take it out
}

// conclude takes the result of a node.
func (l *Leader) conclude(now time.Time, b *batch, from string) {
	if !l.doubtful(b, from) {
		l.deliver(b, from, nil)
		return
	}
	b.stage, b.work, b.clear = clearing, errand{}, clearance{from: from}
}

// doubtful reports whether another machine than that of the result may run a batch. After a cancellation
// nothing begins any more.
func (l *Leader) doubtful(b *batch, from string) bool {
	last := len(b.took) - 1
	return l.state.Phase == remote.Running && (l.losses.unsure || l.elsewhere(b, from) || last >= 0 && b.took[last] != from)
}

// elsewhere reports whether another machine that is there has said last that it has a batch.
func (l *Leader) elsewhere(b *batch, from string) bool {
	for _, n := range l.nodes {
		if n.here && n.Name != from && slices.Contains(n.Holds, b.Key) {
			return true
		}
	}
	return false
}

// takeOut does the next of a batch that is to be taken out of the queue.
func (l *Leader) takeOut(now time.Time, b *batch, do func(Act)) {
	switch {
	case l.state.Phase != remote.Running:
		l.deliver(b, b.clear.from, nil)
	case b.clear.held && !b.clear.told && b.halt.busy:
		b.work.end(now.Add(pastPause))
	case b.clear.held && !b.clear.told:
		do(Stop{l.lock.fence, remote.Stop{Batch: b.Key.Batch, Attempt: b.Key.Attempt, Drop: l.lock.fence + 1, Stands: true}})
	default:
		do(Check{b.Key})
	}
}

// cleared takes whether a batch is in the queue that has a result. If the server was away a machine may
// have begun with it by a lease that another one has ended.
func (l *Leader) cleared(now time.Time, b *batch, held bool, err error) {
	switch {
	case err != nil:
		b.work.end(now.Add(retryPause))
	case held || l.losses.unsure && l.elsewhere(b, b.clear.from):
		b.clear.held = true
		pause := pastPause
		if !b.clear.told {
			pause = 0
		}
		b.work.end(now.Add(pause))
	default:
		l.deliver(b, b.clear.from, nil)
	}
}
