package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// AgentConfig says what an agent is. Nothing changes it.
type AgentConfig struct {
	machine.AgentConfig
	Engine   remote.Engine
	Binaries *Binaries
	// Facts are what this machine says of the run if it leads; see machine.Differences.
	Facts remote.Facts
	// Root is the module's root here, Temp a folder of the agent's own for what processes write.
	Root, Temp string
	// Env is the environment of processes, before the leader's variables.
	Env []string
	// Start starts a process, as testbin.Run does.
	Start Starter
	// MaxOutput is how many bytes a process may print, 0 for 64 MiB; more is not possible.
	MaxOutput int64
	// Say shows a line. It is called from one goroutine.
	Say func(text string)
	// Led is called once this machine leads the run since a time, before anything of it is known to
	// others. It must not block. Nil for an agent that never does.
	Led func(run remote.Run, asked time.Time)
	// Differs says in what the source of the run is another than this machine's, "" if that is not known.
	// Nil is never.
	Differs func(ctx context.Context, run remote.Facts) string
	// World hears what came of each command of a set-up on this machine, Stays what is not torn down in the
	// end, which keep says was asked for. They are called in any goroutine. Nil is for nobody.
	World func(world.Outcome)
	Stays func(left []world.Remains, keep bool)
	// Now is the clock.
	Now func() time.Time
}

// Agent runs what others hand out.
type Agent struct {
	cfg     *AgentConfig
	machine *machine.Agent
	loop    *loop
	procs   map[string]*process // by token; the loop's
	worlds  *worlds
	ends    int // of worlds; the loop's
	left    chan struct{}
	leave   machine.Leave
	unfit   bool            // this machine cannot take part, and is finding out why
	ctx     context.Context // Run's: of all calls
	seeking context.Context // of those that ask for work, or keep it: it ends with the loop, too
}

// NewAgent returns an agent that has not begun.
func NewAgent(cfg AgentConfig) *Agent {
	a := &Agent{cfg: &cfg, procs: make(map[string]*process), left: make(chan struct{})}
	a.loop = newLoop(cfg.Now)
	a.machine = machine.NewAgent(cfg.AgentConfig, a.loop.clock.Now())
	a.loop.machine, a.loop.do = a.machine, a.do
	cfg.Binaries.asks = func() { a.loop.tell(func(time.Time) { a.machine.Ask() }) }
	a.worlds = newWorlds(a.cfg, func() { a.loop.tell(func(time.Time) { a.machine.Stands() }) })
	return a
}

// Run runs the agent until the run is over, or it has to give up, and returns its exit code and why.
// The end of ctx ends it at once, and all its processes. It is called once.
func (a *Agent) Run(ctx context.Context) (code int, why string) {
	a.ctx = ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.seeking = ctx
	a.loop.acts.Go(func() {
		const kinds = remote.RunEvents | remote.StopEvents | remote.LinkEvents
		if err := watch(ctx, a.cfg.Engine, kinds, a.event); err != nil {
			a.loop.tell(func(now time.Time) { a.machine.Broken(err) })
		}
	})
	a.loop.acts.Go(func() { // ends with ctx, when the loop has ended
		<-a.loop.ended
		for _, p := range a.procs {
			p.die()
		}
		cancel()
	})
	a.loop.run(ctx, a.left)
	a.worlds.end(a.cfg.KeepWorld) // unless the loop has come to that
	leave, done := context.WithTimeout(context.WithoutCancel(ctx), pause)
	defer done()
	_ = a.cfg.Engine.Leave(leave) // others find it out in time
	if a.leave == (machine.Leave{}) && ctx.Err() != nil && !isClosed(a.left) {
		return 3, "it was ended"
	}
	return a.leave.Code, a.leave.Why
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// Quit ends the agent because its user wants that: what runs is ended and given back.
func (a *Agent) Quit(code int, why string) {
	a.loop.tell(func(time.Time) { a.machine.Quit(code, why) })
}

// Abandon leaves out the tear-downs of what set-ups have built here. It may be called at any time.
func (a *Agent) Abandon() { a.worlds.abandon() }

// watch watches until ctx ends. A server that is away for longer than a watch bears is asked again.
func watch(ctx context.Context, e remote.Engine, kinds remote.Kinds, f func(remote.Event)) error {
	for {
		err := e.Watch(ctx, kinds, f)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = errors.New("the watch of the run has ended")
		}
		if !errors.Is(err, remote.ErrUnreachable) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (a *Agent) event(e remote.Event) {
	a.loop.tell(func(now time.Time) {
		switch e.Kind {
		case remote.RunEvents:
			a.heard(now, e.Run)
		case remote.StopEvents:
			a.machine.Halt(e.Stop)
		case remote.LinkEvents:
			a.machine.Link(now, e.Up)
		}
	})
}

// heard takes the run: this machine must be one for it.
func (a *Agent) heard(now time.Time, run remote.Run) {
	err := a.fits(run)
	switch {
	case err == nil && !a.unfit:
		a.machine.Heard(now, run)
	case a.unfit: // it does nothing more
	case a.cfg.Differs == nil || run.Facts.Source == a.cfg.Facts.Source:
		a.machine.Broken(err)
	default:
		a.unfit = true
		a.loop.call(func() func(time.Time) {
			if more := a.cfg.Differs(a.ctx, run.Facts); more != "" {
				err = fmt.Errorf("%w: %s", err, more)
			}
			return func(time.Time) { a.machine.Broken(err) }
		})
	}
}

// fits returns why this machine cannot take part in a run.
func (a *Agent) fits(run remote.Run) error {
	if run.Leader == "" {
		return nil
	}
	return machine.Differences(run.Facts, a.cfg.Facts)
}

// do begins an act.
func (a *Agent) do(act machine.Act, now time.Time) {
	e, m := a.cfg.Engine, a.machine
	ctx, cancel := context.WithTimeout(a.ctx, a.cfg.Terms.AckWait)
	call := func(f func() (then func(now time.Time))) {
		a.loop.call(func() func(time.Time) { defer cancel(); return f() })
	}
	switch act := act.(type) {
	case machine.Fetch:
		call(func() func(time.Time) {
			seeking, stop := context.WithTimeout(a.seeking, a.cfg.Terms.AckWait)
			defer stop()
			l, err := e.Fetch(seeking, act.Lanes, act.Wait)
			if err == nil && isClosed(a.loop.ended) {
				_ = e.Return(ctx, l.Token, 0) // without it the lease runs out
				return nil
			}
			return func(t time.Time) { m.Fetched(t, now, l, err) }
		})
	case machine.Look:
		call(func() func(time.Time) {
			_, err := e.GetResult(ctx, act.Key.Batch, act.Key.Attempt)
			found := err == nil
			if errors.Is(err, remote.ErrGone) {
				err = nil
			}
			return func(t time.Time) { m.Looked(t, act.Token, found, err) }
		})
	case machine.Extend:
		call(func() func(time.Time) {
			beat, stop := context.WithTimeout(a.seeking, min(act.Limit.Sub(now), a.cfg.Terms.AckWait))
			defer stop()
			err := e.Extend(beat, act.Token)
			return func(t time.Time) { m.Extended(t, now, act.Token, err) }
		})
	case machine.Put:
		r, err := a.result(act)
		call(func() func(time.Time) {
			stands := r
			if err == nil {
				stands, err = e.PutResult(ctx, r)
			}
			ours := stands.Nonce == r.Nonce
			return func(t time.Time) {
				if p := a.procs[act.Token]; p != nil && ours && err == nil {
					a.worlds.told(p.told)
				}
				m.Put(t, act.Token, ours, err)
			}
		})
	case machine.Ack:
		delete(a.procs, act.Token)
		call(func() func(time.Time) {
			err := e.Done(ctx, act.Token)
			return func(t time.Time) { m.Acked(t, act.Token, err) }
		})
	case machine.GiveBack:
		call(func() func(time.Time) {
			_ = e.Return(ctx, act.Token, act.Delay) // without it the lease runs out
			return nil
		})
	case machine.Announce:
		b := a.cfg.Binaries
		act.Node.Has, act.Node.Wants, act.Node.Builds, act.Node.Runs = b.Has(), b.Wants(), b.buildsFirst(), a.runs()
		call(func() func(time.Time) {
			err := e.Announce(ctx, act.Node)
			return func(t time.Time) { m.Announced(t, err) }
		})
	case machine.Survey:
		call(func() func(time.Time) {
			lanes, err := e.Lanes(ctx)
			return func(t time.Time) { m.Lanes(t, lanes, err) }
		})
	case machine.Lead:
		call(func() func(time.Time) { return a.lead(ctx, now) })
	default:
		cancel()
		a.local(act)
	}
}

// local begins an act that needs no engine.
func (a *Agent) local(act machine.Act) {
	switch act := act.(type) {
	case machine.Start:
		a.start(act)
	case machine.End:
		if p := a.procs[act.Token]; p != nil {
			p.end(act.How)
		}
	case machine.Kill:
		if p := a.procs[act.Token]; p != nil {
			p.die()
		}
	case machine.Say:
		a.cfg.Say(act.Text)
	case machine.HaltWorld:
		a.worlds.stop()
	case machine.AbandonWorld:
		a.worlds.abandon()
	case machine.EndWorld:
		a.endWorld(act.Keep)
	case machine.Leave:
		a.leave = act
		close(a.left)
	default:
		panic(fmt.Sprintf("an agent is to do %T", act))
	}
}

// endWorld tears down what set-ups have built, and leaves for the leader what came of it.
func (a *Agent) endWorld(keep bool) {
	n := a.ends
	a.ends++
	a.loop.call(func() func(time.Time) {
		a.worlds.end(keep)
		ctx, cancel := context.WithTimeout(a.ctx, a.cfg.Terms.AckWait)
		defer cancel()
		if err := a.tellWorld(ctx, n); err != nil && a.ctx.Err() == nil {
			a.cfg.Say(fmt.Sprintf("=== Queue: the leader does not learn what came of tear-downs here: %v", err))
		}
		return func(time.Time) { a.machine.WorldEnded() }
	})
}

// tellWorld stores what no result has told of.
func (a *Agent) tellWorld(ctx context.Context, n int) error {
	all := a.worlds.outcomes(false)
	if len(all) == 0 {
		return nil
	}
	k := worldKey(a.cfg.Node, n)
	payload, err := packReport(Report{What: machine.Stopped, Root: a.cfg.Root, World: all}, nil)
	if err != nil {
		return err
	}
	return patiently(ctx, func() error {
		_, err := a.cfg.Engine.PutResult(ctx, remote.Result{
			Batch: k.Batch, Attempt: k.Attempt, Node: a.cfg.Node, Nonce: k.Batch, Payload: payload,
		})
		return err
	})
}

// start begins a process.
func (a *Agent) start(act machine.Start) {
	token := act.Lease.Token
	p := newProcess(context.Background(), a.cfg, act)
	p.worlds = a.worlds
	p.begun = func(limit time.Duration) {
		a.loop.tell(func(now time.Time) {
			if limit > 0 {
				a.machine.Begun(token, now.Add(limit))
			} else {
				a.machine.Begun(token, time.Time{})
			}
		})
	}
	a.procs[token] = p
	a.loop.call(func() func(time.Time) {
		err := p.run()
		return func(time.Time) {
			if p.payload == nil {
				delete(a.procs, token)
			}
			a.machine.Ended(token, machine.Ended{Unready: err})
		}
	})
}

// runs are the tests that have run for long here, by batch.
func (a *Agent) runs() (all []remote.LongTest) {
	for _, token := range slices.Sorted(maps.Keys(a.procs)) {
		if r, long := a.procs[token].runs(); long {
			all = append(all, r)
		}
	}
	return all
}

// result is what is to be stored of a batch. A second call for the same lease says the same.
func (a *Agent) result(act machine.Put) (remote.Result, error) {
	w := act.Lease.Work
	r := remote.Result{Batch: w.Batch, Attempt: w.Attempt, Node: a.cfg.Node, Nonce: "lease-" + a.cfg.Node + act.Token + string(act.What)}
	p := a.procs[act.Token]
	if act.What == machine.Ran {
		if p == nil || p.payload == nil {
			panic(fmt.Sprintf("batch %s ran and has no result", w.Batch))
		}
		r.Nonce, r.Payload = p.nonce, p.payload
		return r, nil
	}
	var err error
	r.Payload, err = packReport(Report{What: act.What, Why: act.Why, Root: a.cfg.Root}, nil)
	return r, err
}

// lead tries to lead.
func (a *Agent) lead(ctx context.Context, asked time.Time) func(time.Time) {
	run, err := a.cfg.Engine.Lead(ctx, a.cfg.Facts)
	if err == nil && run.Fence != 0 && a.fits(run) != nil {
		err = a.cfg.Engine.Release(ctx, run.Fence) // otherwise its time runs out
		run.Fence = 0
	}
	return func(now time.Time) {
		leads := err == nil && run.Fence != 0
		a.machine.Led(now, leads, err)
		if !leads || run.Facts.Protocol == 0 || run.State.Phase == "" {
			// What it says of another one's run may be older than what the watch has told. Of a run whose
			// leader has not begun it nothing is known, and if it dies nobody hears of that.
			return
		}
		a.heard(now, run)
		a.cfg.Led(run, asked)
	}
}
