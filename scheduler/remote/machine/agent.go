package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// LaneLong is the lane of batches that take long: they are taken first.
const LaneLong = "long"

// maxDeliveries is how often a batch may be delivered: one that was delivered so often, and has no
// result, has ended three machines.
const maxDeliveries = 3

// maxUnready is the delivery after which a binary that does not arrive is a failure.
const maxUnready = 3

// Beats in one AckWait: four may be lost.
const beats = 5

// staleAnswer is for how long after a server went away answers of calls come that were made before.
const staleAnswer = 2 * time.Second

// Pauses of an agent.
const (
	retryPause   = 500 * time.Millisecond // before an act that was in vain is done again
	surveyPause  = time.Second            // between two looks at all lanes
	unreadyPause = 2 * time.Second        // before another machine gets a batch whose binary is not there
	talkPause    = time.Second            // between two announcements of what the node holds
	maxReady     = 10 * time.Minute       // a binary that has not arrived by then does not
)

// AgentConfig says what an agent is. Nothing changes it.
type AgentConfig struct {
	// Node is the machine's name, Slots how many processes run at a time.
	Node  string
	Slots int
	Terms remote.Terms
	// Wait is how long the agent waits for a server or a leader before it gives up.
	Wait time.Duration
	// MayLead reports that the machine leads if nobody does, MustLead that it takes no part in a run
	// that another one leads.
	MayLead, MustLead bool
	// KeepWorld reports that what set-ups of workers have built stays if this machine's own user ends it.
	KeepWorld bool
}

// Agent decides what a machine does that takes work. It is for one goroutine.
//
// A lease has a life of its own:
//
//	ready ─▶ running ─▶ putting ─▶ acking ─▶ gone
//	            └─▶ doomed ─▶ gone                  the lease ran out
//
// Work that another machine may have had begins with looking for its result and telling that this
// machine has it: if it ends this one too, its name is known.
type Agent struct {
	cfg   AgentConfig
	holds []*hold
	stops map[remote.Key]remote.Stop
	slots []bool // that are taken
	late  int
	// survived are leases that ran out here.
	survived []remote.Survival

	run       remote.Run
	known     bool      // run has been heard of
	aloneFrom time.Time // since when nobody leads
	downFrom  time.Time // since when no server answers, zero if it does
	lastDown  time.Time // when none did last, zero for never

	fetch, survey, talk, lead errand
	lanes                     []string  // to steal from
	asks                      bool      // its next announcement is urgent
	dirty                     bool      // what it holds is not what it has announced
	told, hush                time.Time // when it was last announced; before what time it is not
	soft                      bool      // this machine's user ends it: results are stored, work is given back
	ended                     *Leave    // it is to leave once nothing runs
	gone                      bool
	world                     worldly
}

// errand is an act of which at most one is under way.
type errand struct {
	busy bool
	next time.Time // not before
}

func (e *errand) due(now time.Time) bool { return !e.busy && !now.Before(e.next) }

// begin marks the act as under way.
func (e *errand) begin() { e.busy = true }

// end says when the next may begin.
func (e *errand) end(next time.Time) { e.busy, e.next = false, next }

// step is how far a lease is.
type step uint8

const (
	looking step = iota // whether there is a result already
	telling             // that this machine has it
	ready
	running   // the process, or what it needs is being got
	doomed    // the process is being killed: nobody wants to know what comes of it
	returning // the lease is to be given back
	dropping  // the work is to be taken out of the queue, once its deliveries are counted
	putting   // the result is being stored
	acking
)

// hold is a lease.
type hold struct {
	lease remote.Lease
	step  step
	work  errand // of the step
	beat  errand // heartbeats
	until time.Time
	since time.Time
	// limit is after what time there are no heartbeats: the process should have ended.
	limit time.Time
	slot  int  // -1 for none
	told  bool // it is in the announcement that is under way
	said  bool // it was announced that its work is to be taken out
	begun bool // the process has started
	back  bool // the lease is given back when the process has ended
	past  bool // its work is taken out then
	lost  bool // it has the result Lost, once that is counted
	late  bool // it ran out before the result was stored: the work may be another machine's
	safe  bool // it is among those that this machine has survived
	has   bool // the leader has a result of its work
	how   *remote.Stop
	put   Put
}

func (h *hold) key() remote.Key {
	return remote.Key{Batch: h.lease.Work.Batch, Attempt: h.lease.Work.Attempt}
}

// inHand reports whether the lease's work has no result yet.
func (h *hold) inHand() bool { return h.step <= returning }

// tries is how often the work's tests were delivered, this time included.
func (h *hold) tries() int { return h.lease.Work.Before + h.lease.Delivery }

// lastTry reports whether the work may have ended so many machines that it is not run again: it
// runs alone on its machine, since what runs in parallel with a process that ends its machines
// would be taken for one of those. Before that it does not, or a machine that goes away would cost
// others the time in which they run one process.
func (a *Agent) lastTry(h *hold) bool { return h.inHand() && a.fatal(h)+1 >= maxDeliveries }

// turn reports whether the process of a lease may start.
func (a *Agent) turn(h *hold) bool {
	before := true // other is older than h
	for _, other := range a.holds {
		started := other.step == running || other.step == doomed
		switch {
		case other == h:
			before = false
		case a.lastTry(h) && started:
			return false
		case a.lastTry(other) && (started || before || !a.lastTry(h)):
			return false
		}
	}
	return true
}

// NewAgent returns an agent that begins at a time.
func NewAgent(cfg AgentConfig, now time.Time) *Agent {
	return &Agent{cfg: cfg, stops: make(map[remote.Key]remote.Stop), slots: make([]bool, cfg.Slots), aloneFrom: now}
}

// Heard takes a RunEvent, or what Engine.Run has returned.
func (a *Agent) Heard(now time.Time, run remote.Run) {
	if led := run.Leader != ""; led != (a.run.Leader != "") {
		a.aloneFrom = now
	}
	a.run, a.known = run, true
	if a.cfg.MustLead && run.Leader != "" && run.Leader != a.cfg.Node {
		a.leave(3, fmt.Sprintf("machine %s leads the run, and this machine is to lead it", run.Leader))
	}
}

// Halt takes a StopEvent.
func (a *Agent) Halt(s remote.Stop) { a.stops[remote.Key{Batch: s.Batch, Attempt: s.Attempt}] = s }

// Link takes a LinkEvent.
func (a *Agent) Link(now time.Time, up bool) {
	if !up || !a.downFrom.IsZero() {
		a.lastDown = now
	}
	switch {
	case up:
		a.downFrom = time.Time{}
	case a.downFrom.IsZero():
		a.downFrom = now
	}
}

// answered takes the error of a call: whether the server is there, and whether it makes sense to go
// on.
func (a *Agent) answered(now time.Time, err error) {
	switch {
	case errors.Is(err, remote.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		a.Link(now, false)
	case remote.EndsRun(err):
		a.leave(3, err.Error())
	case err == nil && now.Sub(a.downFrom) >= staleAnswer:
		a.Link(now, true) // an engine may know by itself that there is no work, or no lease
	}
}

// leave ends the agent. The first reason counts.
func (a *Agent) leave(code int, why string) {
	if a.ended == nil {
		a.ended = &Leave{code, why}
	}
}

// Broken ends the agent: it cannot take part in the run.
func (a *Agent) Broken(err error) { a.leave(3, err.Error()) }

// Quit ends the agent because its user wants that: what runs is ended and given back.
func (a *Agent) Quit(code int, why string) {
	a.soft = a.ended == nil
	a.leave(code, why)
}

// Lanes takes what Survey has found.
func (a *Agent) Lanes(now time.Time, lanes []remote.Lane, err error) {
	a.survey.end(now.Add(surveyPause))
	a.answered(now, err)
	if err != nil {
		return
	}
	lanes = slices.DeleteFunc(slices.Clone(lanes), func(l remote.Lane) bool {
		return l.Waiting == 0 || l.Name == LaneLong || l.Name == a.cfg.Node
	})
	slices.SortFunc(lanes, func(x, y remote.Lane) int {
		if x.Waiting != y.Waiting {
			return y.Waiting - x.Waiting
		}
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	a.lanes = nil
	for _, l := range lanes {
		a.lanes = append(a.lanes, l.Name)
	}
}

// Fetched takes what came of a Fetch that was begun at a time: the lease lasts from then at least.
func (a *Agent) Fetched(now, asked time.Time, l remote.Lease, err error) {
	a.fetch.end(now)
	switch {
	case errors.Is(err, remote.ErrEmpty):
	case err != nil:
		a.fetch.end(now.Add(retryPause))
		a.answered(now, err)
	default:
		a.answered(now, nil)
		a.take(now, asked, l)
	}
}

// take begins with a lease. One of work that another machine may have, too, begins with a look.
func (a *Agent) take(now, asked time.Time, l remote.Lease) {
	h := &hold{lease: l, step: ready, since: asked, until: asked.Add(a.cfg.Terms.AckWait), slot: -1}
	h.beat.end(asked.Add(a.cfg.Terms.AckWait / beats))
	if h.tries() > 1 || l.Unsure || a.other(h) {
		h.step = looking
	}
	h.slot = slices.Index(a.slots, false)
	if h.slot >= 0 {
		a.slots[h.slot] = true
	}
	a.holds, a.dirty = append(a.holds, h), true
	if l.Unsure { // it is not begun, and if this machine ends, that was not the work's doing
		a.survive(h)
		a.asks = true
	}
}

// Looked takes whether a batch has a result.
func (a *Agent) Looked(now time.Time, token string, found bool, err error) {
	a.answered(now, err)
	h := a.hold(token, looking)
	switch {
	case h == nil:
	case err != nil:
		h.work.end(now.Add(retryPause))
	case found:
		a.to(h, acking)
	case h.lease.Unsure || a.other(h):
		h.work.end(now.Add(retryPause))
	case a.fatal(h) >= maxDeliveries && now.Before(h.since.Add(a.cfg.Terms.AckWait)):
		h.work.end(h.since.Add(a.cfg.Terms.AckWait)) // until all that are well can have said so
	case a.fatal(h) >= maxDeliveries:
		a.to(h, dropping)
		h.lost = true
	default:
		a.to(h, telling)
	}
}

// hold returns the lease of that token at a step, nil for none.
func (a *Agent) hold(token string, at step) *hold {
	i := slices.IndexFunc(a.holds, func(h *hold) bool { return h.lease.Token == token && h.step == at })
	if i < 0 {
		return nil
	}
	return a.holds[i]
}

// to brings a lease to another step.
func (a *Agent) to(h *hold, s step) {
	h.step, h.work = s, errand{}
	if !h.inHand() {
		a.free(h)
	}
}

func (a *Agent) free(h *hold) {
	if h.slot >= 0 {
		a.slots[h.slot], h.slot = false, -1
	}
	a.dirty = true
}

// drop forgets a lease.
func (a *Agent) drop(h *hold) {
	a.free(h)
	a.holds = slices.DeleteFunc(a.holds, func(other *hold) bool { return other == h })
}

// result makes the lease's result that of a kind.
func (a *Agent) result(h *hold, what What, why string) {
	a.to(h, putting)
	h.put = Put{h.lease.Token, h.lease, what, why}
}

// Begun says that a process has started, and by when it has ended if all is well: after that there
// are no more heartbeats for it. Zero is never.
func (a *Agent) Begun(token string, limit time.Time) {
	if h := a.hold(token, running); h != nil {
		h.limit, h.begun = limit, true
	}
}

// Ended takes the end of a process.
func (a *Agent) Ended(token string, e Ended) {
	if h := a.hold(token, doomed); h != nil {
		switch {
		case h.past:
			a.to(h, dropping)
		case h.back:
			a.to(h, returning)
		default:
			a.drop(h)
		}
		return
	}
	h := a.hold(token, running)
	switch {
	case h == nil:
	case e.Unready == nil:
		a.result(h, Ran, "")
	case h.how != nil:
		a.result(h, Stopped, "")
	case h.lease.Delivery >= maxUnready:
		a.result(h, Failed, e.Unready.Error())
	default:
		a.to(h, returning)
	}
}

// Extended takes what came of an Extend that was begun at a time.
func (a *Agent) Extended(now, asked time.Time, token string, err error) {
	a.answered(now, err)
	i := slices.IndexFunc(a.holds, func(h *hold) bool { return h.lease.Token == token })
	if i < 0 {
		return
	}
	h := a.holds[i]
	next := asked.Add(a.cfg.Terms.AckWait / beats)
	switch {
	case err == nil:
		if !h.late {
			h.until = asked.Add(a.cfg.Terms.AckWait)
		}
	case errors.Is(err, remote.ErrLost):
		h.until = now
	default:
		next = now.Add(min(retryPause, a.cfg.Terms.AckWait/beats))
	}
	h.beat.end(next)
}

// Put takes what came of storing a result: whether it is the one that stands.
func (a *Agent) Put(now time.Time, token string, stands bool, err error) {
	a.answered(now, err)
	h := a.hold(token, putting)
	switch {
	case h == nil:
	case errors.Is(err, remote.ErrTooLarge) && h.put.What != Failed:
		a.result(h, Failed, err.Error())
	case err != nil:
		h.work.end(now.Add(retryPause))
	default:
		if !stands {
			a.late++
			a.dirty = true
		}
		a.stood(now, h)
	}
}

// Acked takes what came of an Ack.
func (a *Agent) Acked(now time.Time, token string, err error) {
	a.answered(now, err)
	h := a.hold(token, acking)
	switch {
	case h == nil:
	case err != nil && now.Before(h.until) && !errors.Is(err, remote.ErrLost):
		h.work.end(now.Add(retryPause))
	default: // if it was in vain, whoever gets the work finds the result
		a.drop(h)
	}
}

// Announced takes what came of an Announce.
func (a *Agent) Announced(now time.Time, err error) {
	a.answered(now, err)
	a.talk.end(now.Add(a.cfg.Terms.NodeTTL / 3))
	a.told = now
	if err != nil {
		a.dirty, a.hush = true, now.Add(retryPause)
		a.talk.end(a.hush)
		a.world.parted = a.ended != nil
	} else {
		a.world.told = a.world.saying
	}
	for _, h := range a.holds {
		if h.step == telling && h.told && err == nil {
			a.to(h, ready)
		}
		h.said = h.said || h.told && h.step == dropping && err == nil
		h.told = false
	}
}

// Ask says that the node waits for a binary, which its next announcement asks for.
func (a *Agent) Ask() { a.asks = true }

// Led takes what came of Lead, and whether this machine leads now. It does so once: if its lock runs
// out, its leader takes it back, or another machine has it. Who leads is told by Heard.
func (a *Agent) Led(now time.Time, leads bool, err error) {
	if errors.Is(err, remote.ErrDenied) {
		a.leave(3, fmt.Sprintf("this machine is not allowed to lead the run (%v): with --queue-role=agent it only takes work", err))
	}
	a.answered(now, err)
	if !leads {
		a.lead.end(now.Add(retryPause))
	}
}
