package machine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
)

// simNode is a machine.
type simNode struct {
	*sim
	name    string
	engine  *enginetest.Engine
	agent   *Agent
	leader  *Leader
	dead    bool
	stalled bool
	cut     bool     // off the server
	waiting []func() // what happens once it goes on
	procs   map[string]*simProc
	next    int // event
	left    *Leave
	finish  bool
	timer   int
	// of its leader: all units, those that it has not handed out, and those that it waits for
	units, ahead, handed []*simUnit
}

type simProc struct {
	unit   *simUnit
	killed bool
	over   bool
}

// on does something on the node, once it goes on if it is stalled.
func (n *simNode) on(do func()) {
	switch {
	case n.dead:
	case n.stalled:
		n.waiting = append(n.waiting, do)
	default:
		do()
		n.pump()
	}
}

// pump does what is due on the node.
func (n *simNode) pump() {
	for _, act := range n.agent.Due(n.now) {
		n.do(act, n.now)
	}
	if n.leader != nil {
		for _, act := range n.leader.Due(n.now) {
			n.lead(act, n.now)
		}
	}
	if n.dead {
		return
	}
	n.check()
	next := n.agent.Next(n.now)
	if n.leader != nil {
		if at := n.leader.Next(n.now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if next.IsZero() {
		return
	}
	n.timer++
	this := n.timer
	n.after(max(next.Sub(n.now), time.Millisecond), func() {
		if this == n.timer || n.stalled {
			n.on(func() {})
		}
	})
}

// check looks at what must hold at any time on a machine that is awake.
func (n *simNode) check() {
	for _, h := range n.agent.holds {
		if p := n.procs[h.lease.Token]; p != nil && !p.over && !p.killed && !n.now.Before(h.until) {
			n.t.Errorf("%s runs %v, whose lease has run out", n.name, p.unit.key)
		}
	}
}

// call makes a call of the engine and gives its error to then, both later. The answer may be lost.
func (n *simNode) call(do func(ctx context.Context) error, then func(error)) {
	n.after(n.short(), func() {
		n.on(func() {
			var err error
			lost := n.rand.Float64() < n.faults.flaky || n.cut
			if !lost || !n.cut && n.rand.IntN(2) == 0 {
				err = do(context.Background())
			}
			if lost {
				err = remote.ErrUnreachable
			}
			n.after(n.short(), func() { n.on(func() { then(err) }) })
		})
	})
}

// do is the acts of an agent.
func (n *simNode) do(act Act, asked time.Time) {
	a, e := n.agent, n.engine
	switch act := act.(type) {
	case Fetch:
		var l remote.Lease
		n.call(func(ctx context.Context) (err error) {
			if l, err = e.Fetch(ctx, act.Lanes, 0); err == nil {
				u := n.byKey[remote.Key{Batch: l.Work.Batch, Attempt: l.Work.Attempt}]
				u.given++
				for _, t := range u.tests {
					t.given++
				}
			}
			return err
		}, func(err error) {
			if errors.Is(err, remote.ErrEmpty) { // it would have waited
				n.after(act.Wait, func() { n.on(func() { a.Fetched(n.now, asked, l, err) }) })
				return
			}
			a.Fetched(n.now, asked, l, err)
		})
	case Look:
		n.call(func(ctx context.Context) error {
			_, err := e.GetResult(ctx, act.Key.Batch, act.Key.Attempt)
			return err
		}, func(err error) {
			gone := errors.Is(err, remote.ErrGone)
			if gone {
				err = nil
			}
			a.Looked(n.now, act.Token, !gone && err == nil, err)
		})
	case Start:
		n.start(act)
	case End:
		if p := n.procs[act.Token]; p != nil {
			n.after(n.short(), func() { n.end(act.Token) })
		}
	case Kill:
		n.procs[act.Token].killed = true
		n.after(n.short(), func() { n.end(act.Token) })
	case Extend:
		n.call(func(ctx context.Context) error {
			if !n.now.Before(act.Limit) {
				return context.DeadlineExceeded
			}
			return e.Extend(ctx, act.Token)
		}, func(err error) { a.Extended(n.now, asked, act.Token, err) })
	case Put:
		r := remote.Result{Batch: act.Lease.Work.Batch, Attempt: act.Lease.Work.Attempt, Node: n.name, Nonce: n.name + act.Token, Payload: []byte(act.What)}
		var stands remote.Result
		n.call(func(ctx context.Context) (err error) { stands, err = e.PutResult(ctx, r); return err }, func(err error) {
			a.Put(n.now, act.Token, stands.Nonce == r.Nonce, err)
		})
	case Ack:
		n.call(func(ctx context.Context) error { return e.Done(ctx, act.Token) }, func(err error) { a.Acked(n.now, act.Token, err) })
	case GiveBack:
		n.call(func(ctx context.Context) error { return e.Return(ctx, act.Token, act.Delay) }, func(error) {})
	case Announce:
		n.call(func(ctx context.Context) error { return e.Announce(ctx, act.Node) }, func(err error) { a.Announced(n.now, err) })
	case Survey:
		var lanes []remote.Lane
		n.call(func(ctx context.Context) (err error) { lanes, err = e.Lanes(ctx); return err }, func(err error) { a.Lanes(n.now, lanes, err) })
	case Lead:
		var run remote.Run
		n.call(func(ctx context.Context) (err error) { run, err = e.Lead(ctx, remote.Facts{Seed: 7}); return err }, func(err error) {
			a.Led(n.now, err == nil && run.Fence != 0, err)
			if err == nil && run.Fence != 0 {
				n.begin(asked, run)
			}
		})
	case Leave:
		n.left, n.dead = &act, n.leader == nil || n.finish
	default:
		n.t.Errorf("%T of an agent", act)
	}
}

// start runs a process.
func (n *simNode) start(act Start) {
	u := n.byKey[remote.Key{Batch: act.Lease.Work.Batch, Attempt: act.Lease.Work.Attempt}]
	if act.Worker >= act.Workers {
		n.t.Errorf("worker %d of %d", act.Worker, act.Workers)
	}
	n.alone(u)
	for _, t := range u.tests {
		t.begun++
	}
	p := &simProc{unit: u}
	if k := u.killer(); k != nil {
		n.after(n.short()*100, func() {
			if !p.killed && !n.dead {
				k.killed = append(k.killed, n.name)
				n.die()
			}
		})
	}
	n.procs[act.Lease.Token] = p
	n.after(n.short(), func() { n.on(func() { n.agent.Begun(act.Lease.Token, n.now.Add(time.Hour)) }) })
	n.after(u.takes(), func() { n.end(act.Lease.Token) })
}

// end is the end of a process. It goes on while its agent is stalled.
func (n *simNode) end(token string) {
	p := n.procs[token]
	if p.over || n.dead {
		return
	}
	p.over = true
	n.on(func() { n.agent.Ended(token, Ended{}) })
}

// begin makes the node the leader.
func (n *simNode) begin(asked time.Time, run remote.Run) {
	if run.Facts.Seed != 7 {
		n.t.Errorf("seed %d", run.Facts.Seed)
	}
	n.units = n.divide(n.leads)
	n.leads++
	n.ahead, n.handed = slices.Clone(n.units), nil
	n.leader = NewLeader(LeaderConfig{Node: n.name, Terms: n.engine.Terms(), Wait: 2 * time.Minute, Grace: 10 * time.Second}, asked, run)
	n.next = 0 // all events again
	n.feed()
}

// lead is the acts of a leader.
func (n *simNode) lead(act Act, asked time.Time) {
	l, e := n.leader, n.engine
	switch act := act.(type) {
	case Publish:
		n.call(func(ctx context.Context) error {
			if !n.now.Before(act.Limit) {
				return context.DeadlineExceeded
			}
			return e.Publish(ctx, act.Lane, remote.Work{Batch: act.Key.Batch, Attempt: act.Key.Attempt, Round: act.Round, Fence: act.Fence, Before: act.Before})
		}, func(err error) { l.Published(n.now, act.Key, err) })
	case Read:
		var r remote.Result
		n.call(func(ctx context.Context) (err error) {
			r, err = e.GetResult(ctx, act.Key.Batch, act.Key.Attempt)
			return err
		}, func(err error) {
			if err == nil {
				n.byKey[act.Key].what = What(r.Payload)
			}
			l.Read(n.now, act.Key, r.Node, What(r.Payload), true, err)
		})
	case Deliver:
		u := n.byKey[act.Key]
		if u.delivered[l]++; u.delivered[l] > 1 || act.Err != nil {
			n.t.Errorf("%v is delivered %d times, %v", act.Key, u.delivered[l], act.Err)
		}
		u.took = act.Took
		n.handed = slices.DeleteFunc(n.handed, func(other *simUnit) bool { return other == u })
		if n.feed(); len(n.handed) == 0 {
			n.after(2*time.Minute, func() { n.on(n.over) })
		}
	case Stop:
		n.call(func(ctx context.Context) error { return e.Stop(ctx, act.Fence, act.Stop) }, func(err error) {
			l.Stopped(n.now, remote.Key{Batch: act.Stop.Batch, Attempt: act.Stop.Attempt}, err)
		})
	case List:
		var keys []remote.Key
		var unknown []Queued
		n.call(func(ctx context.Context) (err error) { keys, unknown, err = n.listed(ctx, act.Known); return err }, func(err error) {
			l.Listed(n.now, keys, unknown, err)
		})
	case Ship:
		n.call(func(context.Context) error { return nil }, func(err error) { l.Shipped(n.now, act.Binary, err) })
	case Check:
		var held bool
		n.call(func(ctx context.Context) (err error) {
			held, err = e.Holds(ctx, act.Key.Batch, act.Key.Attempt)
			return err
		}, func(err error) {
			l.Checked(n.now, act.Key, held, err)
		})
	case Renew:
		var f remote.Fence
		n.call(func(ctx context.Context) (err error) { f, err = e.Renew(ctx, act.Fence); return err }, func(err error) { l.Renewed(n.now, asked, f, err) })
	case SetState:
		n.call(func(ctx context.Context) error { return e.SetState(ctx, act.Fence, act.State) }, func(err error) { l.StateSet(n.now, act.State, err) })
	case Survey:
		var lanes []remote.Lane
		n.call(func(ctx context.Context) (err error) { lanes, err = e.Lanes(ctx); return err }, func(err error) { l.Lanes(n.now, lanes, err) })
	case Repair:
		n.t.Errorf("lane %s is repaired", act.Lane)
	case Say:
		n.says = append(n.says, act.Text)
	case Crew:
	case Abort:
		n.left = &Leave{3, act.Why}
		n.die()
	case Finished:
		n.finish, n.dead = true, n.left != nil
	default:
		n.t.Errorf("%T of a leader", act)
	}
}

// listed is what is in the queue.
func (n *simNode) listed(ctx context.Context, known map[remote.Key]bool) (keys []remote.Key, unknown []Queued, err error) {
	keys, err = n.engine.Queued(ctx)
	for _, k := range keys {
		if known[k] {
			continue
		}
		w, err := n.engine.GetWork(ctx, k.Batch, k.Attempt)
		if err != nil {
			return keys, unknown, err
		}
		unknown = append(unknown, Queued{k, w.Fence, n.byKey[k].claim})
	}
	return keys, unknown, err
}

// over is some time after the last batch was delivered: nobody holds anything.
func (n *simNode) over() {
	if held := n.server.Held(); held > 0 {
		n.t.Errorf("%d batches are in the queue at the end", held)
	}
	for _, other := range n.nodes {
		if !other.dead && !other.stalled && len(other.agent.holds) > 0 {
			n.t.Errorf("%s holds %d batches at the end", other.name, len(other.agent.holds))
		}
	}
	n.leader.Finish(0, "PASS")
}

// die is SIGKILL, of the machine.
func (n *simNode) die() {
	n.dead = true
	for _, h := range n.agent.holds {
		for _, t := range n.byKey[h.key()].tests {
			if h.step < running && n.now.Sub(h.since) < 100*time.Millisecond {
				t.missed++
			}
		}
	}
}

// stall is SIGSTOP of the agent, for a time. Its processes go on.
func (n *simNode) stall(d time.Duration) {
	if n.dead || n.stalled {
		return
	}
	n.stalled = true
	n.after(d, func() {
		n.stalled = false
		all := n.waiting
		n.waiting = nil
		n.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, do := range all {
			n.on(do)
		}
		n.on(func() {})
	})
}

// cutOff cuts the node off the server for a time. Its processes go on.
func (n *simNode) cutOff(d time.Duration) {
	if n.dead || n.cut {
		return
	}
	set := func(cut bool) {
		n.cut = cut
		n.on(func() { n.event(remote.Event{Kind: remote.LinkEvents, Up: !cut}) })
	}
	set(true)
	n.after(d, func() { set(false) })
}

// watch gives the node the events of the server.
func (n *simNode) watch() {
	n.after(50*time.Millisecond, func() {
		if n.dead {
			return
		}
		if events, next := n.server.Events(n.next); len(events) > 0 && !n.stalled && !n.cut {
			n.next = next
			n.on(func() {
				for _, e := range events {
					n.event(e)
				}
			})
		}
		n.watch()
	})
}

func (n *simNode) event(e remote.Event) {
	l := n.leader
	switch e.Kind {
	case remote.RunEvents:
		n.agent.Heard(n.now, e.Run)
		if l != nil {
			l.Heard(e.Run)
		}
	case remote.StopEvents:
		n.agent.Halt(e.Stop)
	case remote.LinkEvents:
		n.agent.Link(n.now, e.Up)
		if l != nil {
			l.Link(n.now, e.Up)
		}
	case remote.ResultEvents:
		if l != nil {
			l.Result(remote.Key{Batch: e.Result.Batch, Attempt: e.Result.Attempt})
		}
	case remote.NodeEvents:
		if l != nil && e.Gone {
			l.Gone(e.Node.Name)
		} else if l != nil {
			l.Node(e.Node)
		}
	}
}
