package machine

import (
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// A leader that takes over may put the same tests together otherwise, or give them other variables. What
// earlier leaders have published and it publishes too, the same work, it takes over as it is. Of the rest
// it publishes nothing that must not run at the same time before that is out of the queue: what is about
// the same tests it has taken out, of the rest what has not begun, and other machines go on with all else.
// So what is in the queue may always run at the same time.

// pastPause is how soon it is looked again what is in the queue, while something waits for that.
const pastPause = 300 * time.Millisecond

// past is what a leader knows of the work of those before it.
type past struct {
	// open reports that there may be some in the queue, known that it is known which.
	open, known bool
	works       map[remote.Key]*pastWork
	look        errand
	// wanted reports that batches wait for the end of some.
	wanted bool
}

// pastWork is work of an earlier leader, in the queue, that is none of this one's batches.
type pastWork struct {
	claim remote.Claim
	took  []string // machines that have said that they have it
	// drop is the order to take it out, zero for none, told that the agents have it.
	// sent is what they are told.
	drop, sent remote.Stop
	told       bool
	work       errand
}

// Queued is work in the queue.
type Queued struct {
	Key   remote.Key
	Fence remote.Fence
	Claim remote.Claim
}

// listPast asks what is in the queue.
func (l *Leader) listPast(now time.Time, do func(Act)) {
	if !l.past.open || l.past.known && !l.past.wanted || !l.past.look.due(now) {
		return
	}
	l.past.look.begin()
	l.past.wanted = false
	known := make(map[remote.Key]bool)
	for k := range l.past.works {
		known[k] = true
	}
	for k := range l.batches {
		known[k] = true
	}
	do(List{known})
}

// Listed takes what came of a List: what is in the queue, and what of that was not known. With an error
// the latter may be a part.
func (l *Leader) Listed(now time.Time, keys []remote.Key, unknown []Queued, err error) {
	l.answered(now, err)
	for _, q := range unknown {
		if l.batches[q.Key] == nil && q.Fence < l.lock.fence {
			l.past.works[q.Key] = &pastWork{claim: q.Claim}
		}
	}
	if err != nil {
		l.past.look.end(now.Add(retryPause))
		return
	}
	l.past.look.end(now.Add(pastPause))
	l.past.known = true
	there := make(map[remote.Key]bool)
	for _, k := range keys {
		there[k] = true
	}
	for k := range l.past.works {
		if !there[k] {
			delete(l.past.works, k)
		}
	}
	for _, n := range l.nodes {
		l.hearPast(n.Node)
	}
	for _, b := range l.batches {
		if b.stage == publishing && !b.work.busy {
			b.work.end(now)
			l.touch(b.Key)
		}
	}
}

// hearPast takes what a node says of the work of earlier leaders.
func (l *Leader) hearPast(n remote.Node) {
	for _, k := range n.Holds {
		if w := l.past.works[k]; w != nil && !slices.Contains(w.took, n.Name) {
			w.took = append(w.took, n.Name)
		}
	}
	if !l.past.known {
		return // it is heard again
	}
	for _, d := range n.Drops {
		l.tally(d)
	}
}

// tally notes how many machines work may have ended that is taken out of the queue.
func (l *Leader) tally(d remote.Drop) {
	if d.Times <= countedOf(l.state.Counted, d.Key) {
		return
	}
	c := remote.Counted{Drop: d}
	if w := l.past.works[d.Key]; w != nil {
		c.Claim, c.Took = w.claim, w.took
	} else if b := l.batches[d.Key]; b != nil {
		c.Claim, c.Took = b.Claim, b.took
	}
	others := slices.DeleteFunc(slices.Clone(l.state.Counted), func(x remote.Counted) bool { return x.Key == d.Key })
	l.state.Counted, l.set = append(others, c), false
}

// before returns how many machines other work of a batch's tests may have ended, and which have had it.
func (l *Leader) before(b *batch) (times int, took []string) {
	for _, c := range l.state.Counted {
		if SharesTests(c.Claim, b.Claim) && c.Times > times {
			times, took = c.Times, c.Took
		}
	}
	return times, took
}

// mustWait reports whether a batch is not to be published yet, and has taken out of the queue what it
// waits for.
func (l *Leader) mustWait(now time.Time, b *batch, do func(Act)) bool {
	if !l.past.open {
		return false
	}
	var keys []remote.Key
	for k, w := range l.past.works {
		if m := meet(b.Claim, w.claim); m != apart {
			w.end(remote.Stop{Batch: k.Batch, Attempt: k.Attempt, Drop: l.lock.fence, Begun: m == aside})
			keys = append(keys, k)
		}
	}
	l.dropPast(now, keys, do)
	waits := !l.past.known || len(keys) > 0
	l.past.wanted = l.past.wanted || waits
	return waits
}

// dropPast tells agents to take work out of the queue.
func (l *Leader) dropPast(now time.Time, keys []remote.Key, do func(Act)) {
	slices.SortFunc(keys, func(x, y remote.Key) int { return strings.Compare(x.Batch, y.Batch) })
	for _, k := range keys {
		if w := l.past.works[k]; !w.told && w.work.due(now) {
			w.work.begin()
			w.sent = w.drop
			do(Stop{l.lock.fence, w.drop})
		}
	}
}

// unblock has work taken out that has not begun on a machine since it waits for a binary which this leader has
// not handed out yet: it would keep the worker that the batches before it wait for. It is published when it is
// handed out.
func (l *Leader) unblock(now time.Time, do func(Act)) {
	if len(l.past.works) == 0 {
		return
	}
	var keys []remote.Key
	for _, name := range l.names {
		n := l.nodes[name]
		if !n.here || !slices.ContainsFunc(n.Wants, func(sum string) bool { return l.ships[sum] == nil }) {
			continue
		}
		for _, k := range n.Holds {
			if w := l.past.works[k]; w != nil {
				w.end(remote.Stop{Batch: k.Batch, Attempt: k.Attempt, Drop: l.lock.fence, Begun: true})
				keys = append(keys, k)
			}
		}
	}
	l.past.wanted = l.past.wanted || len(keys) > 0
	l.dropPast(now, keys, do)
}

// end says how work is to be taken out of the queue. That what has begun may go on is taken back.
func (w *pastWork) end(how remote.Stop) {
	if w.drop.Drop == 0 || w.drop.Begun && !how.Begun {
		w.drop, w.told = how, false
	}
}

// stopped takes what came of the order to take work out.
func (w *pastWork) stopped(now time.Time, err error) {
	if err != nil {
		w.work.end(now.Add(retryPause))
		return
	}
	w.work.end(now)
	w.told = w.drop == w.sent // there may be another one since
}
