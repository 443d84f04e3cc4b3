package machine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Due returns what is to be done now. It is called after each of the other methods, and when the
// time of Next has come.
func (l *Leader) Due(now time.Time) []Act {
	l.losses.unsure = !l.downFrom.IsZero() || now.Before(l.losses.doubt)
	l.tellLosses(false)
	todo := l.todo
	l.todo = nil
	do := func(act Act) { todo = append(todo, act) }
	if !l.downFrom.IsZero() && !now.Before(l.downFrom.Add(l.cfg.Wait)) {
		l.abort(fmt.Sprintf("the queue's server has not answered for %v", l.cfg.Wait))
	}
	switch {
	case l.gone:
		return nil
	case l.aborted != "":
		l.gone = true
		return []Act{Abort{l.aborted}} // what was not delivered is not to be believed
	case l.finished:
		l.gone = true
		return append(todo, Finished{})
	}
	renew := l.renewal(now)
	l.giveUp(now)
	l.endWorlds(now, do)
	if !now.Before(l.lock.until) {
		// Another machine may lead. No result counts until it is known that none does.
		todo = append(todo, l.todo...)
		l.todo = slices.DeleteFunc(slices.Clone(todo), needsNoLock)
		return append(renew, slices.DeleteFunc(todo, func(act Act) bool { return !needsNoLock(act) })...)
	}
	todo = append(todo, renew...)
	if !l.set && l.setting.due(now) {
		l.setting.begin()
		l.set = true
		s := l.state
		s.Numbers = maps.Clone(s.Numbers)
		do(SetState{l.lock.fence, s})
	}
	if l.survey.due(now) {
		l.survey.begin()
		do(Survey{})
	}
	l.store(now, do)
	for _, b := range l.agenda.take(now) {
		l.advance(now, b, do)
		l.touch(b.Key)
	}
	l.unblock(now, do)
	l.listPast(now, do)
	l.tellLosses(false)
	todo = append(todo, l.todo...)
	l.todo = nil
	return todo
}

// needsNoLock reports whether an act is right whoever leads: it tells that there is no result, or that the
// end of the machines is not waited for any more.
func needsNoLock(act Act) bool {
	if _, ok := act.(WorldsEnded); ok {
		return true
	}
	d, ok := act.(Deliver)
	return ok && d.Err != nil
}

// giveUp ends what was stopped and of which nobody has said that it has ended.
func (l *Leader) giveUp(now time.Time) {
	for _, b := range slices.Clone(l.ending) {
		switch {
		case now.Before(b.giveUp):
		case b.stage == clearing:
			l.deliver(b, b.clear.from, nil)
		case len(b.took) == 0 && l.state.Phase == remote.Canceled:
			l.deliver(b, "", errCanceled)
		default:
			l.deliver(b, "", errors.New("no machine has said in time that it has ended its process"))
		}
	}
}

// renewal keeps the lock.
func (l *Leader) renewal(now time.Time) []Act {
	if !l.lock.renew.due(now) {
		return nil
	}
	l.lock.renew.begin()
	return []Act{Renew{l.lock.fence}}
}

// advance does the next of a batch.
func (l *Leader) advance(now time.Time, b *batch, do func(Act)) {
	if l.canceled(b) {
		l.deliver(b, "", errCanceled)
		return
	}
	if l.halts(b) && b.halt.due(now) {
		b.halt.begin()
		b.sent = *b.stop
		do(Stop{l.lock.fence, *b.stop})
	}
	if !b.work.due(now) {
		return
	}
	if b.stage == publishing && l.mustWait(now, b, do) {
		b.work.end(now.Add(pastPause))
		return
	}
	b.work.begin()
	switch b.stage {
	case publishing:
		l.publish(b, do)
	case out:
		do(Check{b.Key})
	case reading:
		do(Read{b.Key})
	case clearing:
		l.takeOut(now, b, do)
	}
}

// publish puts a batch into its lane.
func (l *Leader) publish(b *batch, do func(Act)) {
	times, took := l.before(b)
	for _, name := range took {
		if !slices.Contains(b.took, name) {
			b.took = append(b.took, name)
		}
	}
	do(Publish{b.Key, b.lane, b.round, l.lock.fence, times, l.lock.until})
}

// canceled reports whether a batch is not to be published any more.
func (l *Leader) canceled(b *batch) bool {
	return b.stage == publishing && b.round == 0 && !b.work.busy && l.state.Phase == remote.Canceled
}

// halts reports whether the agents are to be told to stop a batch.
func (l *Leader) halts(b *batch) bool {
	return b.stop != nil && !b.told && b.stage != clearing && l.state.Phase == remote.Running
}

// touch puts a batch into the agenda, by what is to be done with it next. It is called after each
// change of one, of which all but its key may be unknown.
func (l *Leader) touch(k remote.Key) {
	b := l.batches[k]
	if b == nil {
		return
	}
	at, some := time.Time{}, l.canceled(b)
	for _, e := range []struct {
		*errand
		wanted bool
	}{{&b.work, true}, {&b.halt, l.halts(b)}} {
		if e.wanted && !e.busy && (!some || e.next.Before(at)) {
			at, some = e.next, true
		}
	}
	if some {
		l.agenda.put(b, at)
	} else {
		l.agenda.remove(b)
	}
}

// Next returns when Due has something to do, unless something happens before. It is zero for a
// leader that has gone.
func (l *Leader) Next(now time.Time) time.Time {
	if l.gone {
		return time.Time{}
	}
	next := now.Add(l.cfg.Terms.LeaderTTL / 3)
	at := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, b := range l.ending {
		at(b.giveUp)
	}
	if t, ok := l.agenda.next(); ok {
		at(t)
	}
	if l.past.open && (l.past.wanted || !l.past.known) && !l.past.look.busy {
		at(l.past.look.next)
	}
	for _, e := range []errand{l.lock.renew, l.setting, l.survey} {
		if !e.busy {
			at(e.next)
		}
	}
	at(l.lock.until)
	at(l.losses.doubt)
	at(l.worlds.until)
	if !l.downFrom.IsZero() {
		at(l.downFrom.Add(l.cfg.Wait))
	}
	return next
}
