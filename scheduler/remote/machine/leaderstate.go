package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// awayNotice is how long a server is away before a line says so.
const awayNotice = 5 * time.Second

// lock is the leader's.
type lock struct {
	fence remote.Fence
	until time.Time // by this machine's clock
	renew errand
}

// Renewed takes what came of a Renew that was begun at a time.
func (l *Leader) Renewed(now, asked time.Time, f remote.Fence, err error) {
	l.answered(now, err)
	next := asked.Add(l.cfg.Terms.LeaderTTL / 3)
	switch {
	case err == nil:
		l.lock.fence, l.lock.until = f, asked.Add(l.cfg.Terms.LeaderTTL)
	case errors.Is(err, remote.ErrRefused):
		l.abort("another machine leads the run now: this one did not renew its lock in time")
	default:
		next = now.Add(retryPause)
	}
	l.lock.renew.end(next)
}

// Heard takes a RunEvent. It may be an old one.
func (l *Leader) Heard(run remote.Run) {
	if run.Leader != "" && run.Leader != l.cfg.Node && run.Fence > l.lock.fence {
		l.abort(fmt.Sprintf("machine %s leads the run now: this machine did not renew its lock in time", run.Leader))
	}
}

// Link takes a LinkEvent.
func (l *Leader) Link(now time.Time, up bool) {
	if !up {
		if l.downFrom.IsZero() {
			l.downFrom = now
		}
		return
	}
	if away := now.Sub(l.downFrom); !l.downFrom.IsZero() && away > awayNotice {
		l.say(fmt.Sprintf("=== Queue: the server did not answer for %v", away.Round(time.Second)))
	}
	if !l.downFrom.IsZero() {
		l.losses.doubt = now.Add(l.cfg.Terms.AckWait)
	}
	l.downFrom = time.Time{}
}

// answered takes the error of a call: whether the server is there, and whether it makes sense to go
// on.
func (l *Leader) answered(now time.Time, err error) {
	switch {
	case errors.Is(err, remote.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		l.Link(now, false)
	case remote.EndsRun(err):
		l.abort(err.Error())
	case err == nil && now.Sub(l.downFrom) >= staleAnswer:
		l.Link(now, true) // an engine may know by itself that there is no work, or no lease
	}
}

// Broken ends the leader: it cannot go on.
func (l *Leader) Broken(err error) { l.abort(err.Error()) }

func (l *Leader) abort(why string) { l.aborted = cmp.Or(l.aborted, why) }

// notHeard is how long after a run was canceled a batch is waited for that no machine has told of. They
// tell of what they have within half of that, and start nothing any more.
const notHeard = 2 * talkPause

// Cancel ends the whole run. A second call with kill ends it without grace.
func (l *Leader) Cancel(now time.Time, signal int, kill bool) {
	if l.state.Phase == remote.Done || l.state.Phase == remote.Canceled && l.state.Kill == kill {
		return
	}
	l.state.Phase, l.state.Signal, l.state.Kill, l.set = remote.Canceled, signal, kill, false
	for _, b := range l.all() {
		l.expect(b, now, false, kill)
		if soon := now.Add(notHeard); len(b.took) == 0 && soon.Before(b.giveUp) {
			b.giveUp = soon
		}
		l.touch(b.Key)
	}
}

// errCanceled is of a batch that was not published before the run was canceled.
var errCanceled = errors.New("the run was canceled before any machine had it")

// Report says what is left of a run that is about to end.
func (l *Leader) Report(r remote.Reports) { l.state.Reports = r }

// Finish says how the run has ended. The leader goes once all others can know it.
func (l *Leader) Finish(code int, verdict string) {
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		if l.nodes[name].passing > 0 {
			l.Gone(name)
		}
	}
	l.tellLosses(true)
	if n := l.Late(); n > 0 {
		l.say(fmt.Sprintf("=== Queue: %d results came second and did not count", n))
	}
	l.state.Phase, l.state.Code, l.state.Verdict, l.set = remote.Done, code, verdict, false
}

// forget leaves a batch that has a result out of what machines have survived.
func (l *Leader) forget(k remote.Key) {
	about := func(s remote.Survival) bool { return s.Key == k }
	if slices.ContainsFunc(l.state.Survived, about) {
		l.state.Survived = slices.DeleteFunc(slices.Clone(l.state.Survived), about)
	}
}

// StateSet takes what came of a SetState that said s.
func (l *Leader) StateSet(now time.Time, s remote.State, err error) {
	l.answered(now, err)
	l.setting.end(now)
	switch {
	case errors.Is(err, remote.ErrRefused):
		l.abort("another machine leads the run now: it does not take this one's word")
	case errors.Is(err, remote.ErrExists):
		l.abort("the run is over: another machine has given its result")
	case err != nil:
		l.set = false
		l.setting.end(now.Add(retryPause))
	case s.Phase == remote.Done:
		l.finished = true
	}
}
