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
	if !now.Before(l.lock.until) {
		// Another machine may lead. No result counts until it is known that none does.
		todo = append(todo, l.todo...)
		l.todo = slices.DeleteFunc(slices.Clone(todo), isFailure)
		return append(renew, slices.DeleteFunc(todo, func(act Act) bool { return !isFailure(act) })...)
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
	for _, b := range slices.Clone(l.order) {
		l.advance(now, b, do)
	}
	todo = append(todo, l.todo...)
	l.todo = nil
	return todo
}

// isFailure reports whether an act tells that there is no result.
func isFailure(act Act) bool {
	d, ok := act.(Deliver)
	return ok && d.Err != nil
}

// giveUp ends what was stopped and of which nobody has said that it has ended.
func (l *Leader) giveUp(now time.Time) {
	for _, b := range slices.Clone(l.order) {
		if !b.giveUp.IsZero() && !now.Before(b.giveUp) {
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
	if b.stage == publishing && b.round == 0 && !b.work.busy && l.state.Phase == remote.Canceled {
		l.deliver(b, "", errCanceled)
		return
	}
	if b.stop != nil && !b.told && l.state.Phase == remote.Running && b.halt.due(now) {
		b.halt.begin()
		b.sent = *b.stop
		do(Stop{l.lock.fence, *b.stop})
	}
	if !b.work.due(now) {
		return
	}
	b.work.begin()
	switch b.stage {
	case publishing:
		do(Publish{b.Key, b.lane, b.round})
	case out:
		do(Check{b.Key})
	case reading:
		do(Read{b.Key})
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
	errands := []errand{l.lock.renew, l.setting, l.survey}
	for _, b := range l.order {
		errands = append(errands, b.work, b.halt)
		at(b.giveUp)
	}
	for _, e := range errands {
		if !e.busy {
			at(e.next)
		}
	}
	at(l.lock.until)
	if !l.downFrom.IsZero() {
		at(l.downFrom.Add(l.cfg.Wait))
	}
	return next
}
