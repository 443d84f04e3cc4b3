package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Due returns what is to be done now. It is called after each of the other methods, and when the
// time of Next has come.
func (a *Agent) Due(now time.Time) []Act {
	if a.gone {
		return nil
	}
	var todo []Act
	do := func(act Act) { todo = append(todo, act) }
	a.expire(now, do)
	a.judge(now)
	if a.ending() {
		a.release(now, do)
		a.tearDown(do)
		if a.ended != nil {
			a.wind(do)
		} else {
			a.succeed(now, do)
		}
		if !a.gone && (a.ended == nil || a.world.stands() || a.world.parts()) {
			a.announce(now, do)
		}
		return todo
	}
	a.tearDown(do)
	a.heed(do)
	a.keep(now, do)
	for _, h := range slices.Clone(a.holds) {
		a.advance(now, h, do)
	}
	a.announce(now, do)
	a.seek(now, do)
	return todo
}

// expire ends what this machine does not hold any more, by its own clock: another machine may have
// it. A result that is there is stored all the same; the first one counts.
func (a *Agent) expire(now time.Time, do func(Act)) {
	for _, h := range slices.Clone(a.holds) {
		switch {
		case now.Before(h.until) || h.step == doomed:
		case h.step == putting:
			h.late = true
		case h.step == acking:
			a.drop(h) // whoever gets the work finds the result
		case h.step == running:
			a.survive(h)
			a.doom(h, do)
		default:
			a.survive(h)
			a.drop(h)
		}
	}
}

func (a *Agent) doom(h *hold, do func(Act)) {
	a.to(h, doomed)
	do(Kill{h.lease.Token})
}

// judge decides whether the agent is to leave.
func (a *Agent) judge(now time.Time) {
	switch {
	case a.known && a.run.State.Phase == remote.Done:
		a.leave(a.run.State.Code, a.run.State.Verdict)
	case !a.downFrom.IsZero() && !now.Before(a.downFrom.Add(a.cfg.Wait)):
		a.leave(3, fmt.Sprintf("the queue's server has not answered for %v", a.cfg.Wait))
	case a.run.Leader == "" && !now.Before(a.aloneFrom.Add(a.cfg.Wait)):
		a.leave(3, fmt.Sprintf("no machine has led the run for %v", a.cfg.Wait))
	}
}

// release ends all that runs. If the run is over, or this machine cannot reach it,
// nobody wants what has not been stored by then. If the machine's user ends it, others go on with it.
func (a *Agent) release(now time.Time, do func(Act)) {
	for _, h := range slices.Clone(a.holds) {
		switch {
		case h.step == doomed:
		case h.step == running:
			h.back = a.soft
			a.doom(h, do)
		case a.soft && (h.inHand() || h.step == dropping):
			do(GiveBack{h.lease.Token, 0})
			a.drop(h)
		case a.soft && now.Before(h.until):
			a.advance(now, h, do)
		default:
			a.drop(h)
		}
	}
}

// wind ends the agent when nothing is left on the machine.
func (a *Agent) wind(do func(Act)) {
	if len(a.holds) == 0 && !a.world.stands() && !a.world.parts() {
		a.gone = true
		do(*a.ended)
	}
}

// heed ends what the leader has stopped.
func (a *Agent) heed(do func(Act)) {
	canceled := a.known && a.run.State.Phase == remote.Canceled
	for _, h := range slices.Clone(a.holds) {
		how, stopped := a.stops[h.key()]
		if how.Drop != 0 {
			stopped = false
		}
		if canceled {
			how, stopped = remote.Stop{Batch: h.lease.Work.Batch, Attempt: h.lease.Work.Attempt, Signal: a.run.State.Signal, Kill: a.run.State.Kill}, true
		}
		drop, dropped := a.dropped(h)
		switch {
		case dropped && !canceled:
			a.discard(h, drop, do)
		case !stopped:
		case h.step == running && (h.how == nil || *h.how != how):
			h.how = &how
			do(End{h.lease.Token, how})
		case h.step == telling || h.step == ready || h.step == returning:
			a.result(h, Stopped, "")
		}
	}
}

// keep sends heartbeats for all that is held. There are none for a process that should have ended.
func (a *Agent) keep(now time.Time, do func(Act)) {
	for _, h := range a.holds {
		over := h.step == running && !h.limit.IsZero() && now.After(h.limit)
		if h.step != doomed && h.step != acking && h.step != returning && !over && !h.late && !h.lease.Unsure && h.beat.due(now) {
			h.beat.begin()
			do(Extend{h.lease.Token, h.until})
		}
	}
}

// advance does the next of a lease.
func (a *Agent) advance(now time.Time, h *hold, do func(Act)) {
	if !h.work.due(now) {
		return
	}
	a.settle(h)
	switch h.step {
	case looking:
		do(Look{h.lease.Token, h.key()})
	case ready:
		if !a.turn(h) {
			return
		}
		h.step, h.work = running, errand{}
		h.limit = now.Add(maxReady)
		do(Start{h.lease, a.run.State.Numbers[a.cfg.Node] + h.slot, a.run.State.Workers})
	case returning:
		do(GiveBack{h.lease.Token, unreadyPause})
		a.drop(h)
		a.follow(h, do)
		return
	case putting:
		do(h.put)
	case acking:
		do(Ack{h.lease.Token})
	default:
		return
	}
	h.work.begin()
}

// announce says that the node is there and what it holds, at once if something waits for that.
func (a *Agent) announce(now time.Time, do func(Act)) {
	if a.run.Leader == "" && a.told.IsZero() {
		return // it is not known whether this machine may take part
	}
	over := a.worldOver()
	urgent := a.asks || slices.ContainsFunc(a.holds, func(h *hold) bool { return h.step == telling || a.untold(h) }) || a.world.news(over)
	soon := a.dirty && !now.Before(a.told.Add(talkPause))
	if a.talk.busy || now.Before(a.hush) || !urgent && !soon && !a.talk.due(now) {
		return
	}
	a.talk.begin()
	a.dirty, a.asks = false, false
	n := remote.Node{Name: a.cfg.Node, Slots: a.cfg.Slots, Late: a.late, Survived: a.survived, Stands: a.world.stands(), Ended: over, Drops: a.drops()}
	a.world.saying = worldWord{over, n.Stands}
	if a.ended != nil {
		n.Slots = 0 // it takes no more work
	}
	for _, h := range a.holds {
		h.told = h.step == telling || h.step == dropping
		if h.inHand() {
			n.Holds = append(n.Holds, h.key())
		}
	}
	do(Announce{n})
}

// succeed tries to lead if nobody does.
func (a *Agent) succeed(now time.Time, do func(Act)) {
	if a.run.Leader == "" && a.cfg.MayLead && a.lead.due(now) {
		a.lead.begin()
		do(Lead{})
	}
}

// seek asks for work if there is a worker for it, and tries to lead if nobody does.
func (a *Agent) seek(now time.Time, do func(Act)) {
	if a.run.Leader == "" {
		a.succeed(now, do)
		return
	}
	_, numbered := a.run.State.Numbers[a.cfg.Node]
	free := slices.Contains(a.slots, false) && !slices.ContainsFunc(a.holds, a.lastTry)
	free = free || a.run.State.Phase == remote.Canceled // what it gets is not started, and its leader waits for that
	if !numbered || !free || slices.Contains(a.run.State.Sick, a.cfg.Node) {
		return
	}
	if a.survey.due(now) {
		a.survey.begin()
		do(Survey{})
	}
	if a.fetch.due(now) {
		a.fetch.begin()
		do(Fetch{slices.Concat([]string{LaneLong}, a.run.State.Left, []string{a.cfg.Node}, a.lanes), a.cfg.Terms.AckWait / 10})
	}
}

// Next returns when Due has something to do, unless something happens before. It is zero for an
// agent that has left.
func (a *Agent) Next(now time.Time) time.Time {
	if a.gone {
		return time.Time{}
	}
	next := now.Add(a.cfg.Terms.AckWait)
	at := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, e := range []errand{a.fetch, a.survey, a.talk, a.lead} {
		if !e.busy {
			at(e.next)
		}
	}
	for _, h := range a.holds {
		at(h.until)
		if !h.beat.busy {
			at(h.beat.next)
		}
		if !h.work.busy {
			at(h.work.next)
		}
	}
	at(a.hush)
	if a.dirty {
		at(a.told.Add(talkPause))
	}
	if !a.downFrom.IsZero() {
		at(a.downFrom.Add(a.cfg.Wait))
	}
	if a.run.Leader == "" {
		at(a.aloneFrom.Add(a.cfg.Wait))
	}
	return next
}
