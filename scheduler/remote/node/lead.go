package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
)

// LeadConfig says what a leader is. Nothing changes it.
type LeadConfig struct {
	machine.LeaderConfig
	Engine remote.Engine
	// Say shows a line. It is called from one goroutine.
	Say func(text string)
	// Crew is told how many processes can run at a time on the machines that are there. It is called
	// from one goroutine, and must not block. Nil is for nobody.
	Crew func(slots int)
	// Now is the clock.
	Now func() time.Time
}

// Lead hands out batches and takes their results.
type Lead struct {
	cfg     *LeadConfig
	machine *machine.Leader
	loop    *loop
	orders  map[remote.Key]*order // the loop's, until they are delivered
	files   map[string]string     // of binaries, by their sums; the loop's
	ctx     context.Context       // of what is being delivered; it ends with the run
	end     context.CancelFunc
	over    chan struct{}            // closed by the act that ends the leader
	worlds  chan machine.WorldsEnded // takes one

	canceled atomic.Bool // Cancel was called

	heir bool // there was another leader

	mu    sync.Mutex   // guards what follows
	told  []remote.Key // results, if heir
	abort error
}

// order is a batch that waits for its result.
type order struct {
	payload   []byte
	file      string                             // the binary
	runs      func(test string, since time.Time) // hears of a test that runs for long; nil for nobody
	result    remote.Result
	delivered chan delivery // takes one
}

// delivery is what comes of a batch.
type delivery struct {
	result remote.Result
	took   []string
	err    error
}

// NewLead returns the leader of a run that Engine.Lead has made this machine lead. It has not begun.
func NewLead(cfg LeadConfig, run remote.Run, asked time.Time) *Lead {
	l := &Lead{cfg: &cfg, orders: make(map[remote.Key]*order), files: make(map[string]string), over: make(chan struct{}), worlds: make(chan machine.WorldsEnded, 1)}
	l.heir = run.Led()
	l.ctx, l.end = context.WithCancel(context.Background())
	l.loop = newLoop(cfg.Now)
	l.machine = machine.NewLeader(cfg.LeaderConfig, asked, run)
	l.loop.machine, l.loop.do = l.machine, l.do
	return l
}

// Run leads until Finish or something that makes the run no run: then its error says what, and no
// result of it is to be believed. The end of ctx ends it without a word to others, for the cause that ctx
// has if it has one. It is called once.
func (l *Lead) Run(ctx context.Context) error {
	given := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.loop.acts.Go(func() {
		const kinds = remote.ResultEvents | remote.NodeEvents | remote.RunEvents | remote.LinkEvents
		if err := watch(ctx, l.cfg.Engine, kinds, l.event); err != nil {
			l.loop.tell(func(time.Time) { l.machine.Broken(err) })
		}
	})
	l.loop.acts.Go(func() { // ends with ctx, when the loop has ended
		<-l.loop.ended
		l.end()
		cancel()
	})
	l.loop.run(ctx, l.over)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abort == nil && !isClosed(l.over) {
		if why := context.Cause(given); why != nil && !errors.Is(why, context.Canceled) {
			return why
		}
		return errors.New("the leader was ended before the other machines knew the result")
	}
	return l.abort
}

func (l *Lead) event(e remote.Event) {
	l.loop.tell(func(now time.Time) {
		switch e.Kind {
		case remote.ResultEvents:
			k := remote.Key{Batch: e.Result.Batch, Attempt: e.Result.Attempt}
			l.note(k)
			l.machine.Result(k)
		case remote.NodeEvents:
			if e.Gone {
				l.machine.Gone(e.Node.Name)
			} else {
				l.machine.Node(e.Node)
				l.runs(now, e.Node.Runs)
			}
		case remote.RunEvents:
			l.machine.Heard(e.Run)
		case remote.LinkEvents:
			l.machine.Link(now, e.Up)
		}
	})
}

// note keeps of which results the leader was told, if earlier ones may be among them.
func (l *Lead) note(k remote.Key) {
	if l.heir {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = append(l.told, k)
	}
}

// runs hands on which tests run for long.
func (l *Lead) runs(now time.Time, all []remote.LongTest) {
	for _, r := range all {
		if o := l.orders[r.Key]; o != nil && o.runs != nil {
			o.runs(r.Test, now.Add(-r.For))
		}
	}
}

// Finish gives the run its exit code and the line that all machines show, and ends the leader once
// they can know it. Late returns how many results came second.
func (l *Lead) Finish(code int, verdict string) {
	l.loop.tell(func(time.Time) { l.machine.Finish(code, verdict) })
}

// Report says what is left of a run that is about to end: files that others can get. It is called before
// Finish.
func (l *Lead) Report(r remote.Reports) {
	l.loop.tell(func(time.Time) { l.machine.Report(r) })
}

// Expect says what all processes of the run take together by past runs. Without it that is not known.
func (l *Lead) Expect(total time.Duration) {
	l.loop.tell(func(time.Time) { l.machine.Expect(total) })
}

// Cancel ends the processes of all machines, by a signal; with kill at once.
func (l *Lead) Cancel(signal int, kill bool) {
	l.canceled.Store(true)
	l.loop.tell(func(now time.Time) { l.machine.Cancel(now, signal, kill) })
}

// submit hands out a batch. Its delivery comes unless the leader ends before.
func (l *Lead) submit(b machine.Batch, o *order) *order {
	o.delivered = make(chan delivery, 1)
	l.loop.tell(func(time.Time) {
		l.orders[b.Key], l.files[b.Binary] = o, o.file
		l.machine.Submit(b)
	})
	return o
}

// halt stops a batch.
func (l *Lead) halt(s remote.Stop) {
	l.loop.tell(func(now time.Time) { l.machine.Halt(now, s) })
}

// why is why the leader has ended.
func (l *Lead) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abort != nil {
		return l.abort
	}
	return errors.New("the run on many machines is over")
}

// do begins an act.
func (l *Lead) do(act machine.Act, now time.Time) {
	e, m := l.cfg.Engine, l.machine
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Terms.AckWait)
	call := func(f func() (then func(now time.Time))) {
		l.loop.call(func() func(time.Time) { defer cancel(); return f() })
	}
	switch act := act.(type) {
	case machine.Publish:
		w := remote.Work{
			Batch: act.Key.Batch, Attempt: act.Key.Attempt, Round: act.Round, Fence: act.Fence, Before: act.Before,
			Payload: l.orders[act.Key].payload,
		}
		call(func() func(time.Time) {
			ctx, cancel := context.WithTimeout(ctx, act.Limit.Sub(now))
			defer cancel()
			err := e.Publish(ctx, act.Lane, w)
			return func(t time.Time) { m.Published(t, act.Key, err) }
		})
	case machine.Read:
		call(func() func(time.Time) {
			r, err := e.GetResult(ctx, act.Key.Batch, act.Key.Attempt)
			return func(t time.Time) { l.read(t, act.Key, r, err) }
		})
	case machine.Check:
		call(func() func(time.Time) {
			held, err := e.Holds(ctx, act.Key.Batch, act.Key.Attempt)
			return func(t time.Time) { m.Checked(t, act.Key, held, err) }
		})
	case machine.List:
		call(func() func(time.Time) {
			keys, unknown, err := listed(ctx, e, act.Known)
			return func(t time.Time) { m.Listed(t, keys, unknown, err) }
		})
	case machine.Survey:
		call(func() func(time.Time) {
			lanes, err := e.Lanes(ctx)
			return func(t time.Time) { m.Lanes(t, lanes, err) }
		})
	case machine.Ship:
		file := l.files[act.Binary]
		call(func() func(time.Time) { // it takes as long as it takes
			err := patiently(l.ctx, func() error { return e.PutBlob(l.ctx, act.Binary, file) })
			if err != nil {
				err = fmt.Errorf("make %s available to other machines: %w", file, err)
			}
			return func(t time.Time) { m.Shipped(t, act.Binary, err) }
		})
	case machine.Repair:
		call(func() func(time.Time) {
			_ = e.Repair(ctx, act.Lane) // a lane that stays stuck is repaired again
			return nil
		})
	case machine.Renew:
		call(func() func(time.Time) {
			f, err := e.Renew(ctx, act.Fence)
			return func(t time.Time) { m.Renewed(t, now, f, err) }
		})
	case machine.SetState:
		call(func() func(time.Time) {
			err := e.SetState(ctx, act.Fence, act.State)
			return func(t time.Time) { m.StateSet(t, act.State, err) }
		})
	case machine.Stop:
		call(func() func(time.Time) {
			err := e.Stop(ctx, act.Fence, act.Stop)
			return func(t time.Time) {
				m.Stopped(t, remote.Key{Batch: act.Stop.Batch, Attempt: act.Stop.Attempt}, err)
			}
		})
	default:
		cancel()
		l.local(act)
	}
}

// local begins an act that needs no engine.
func (l *Lead) local(act machine.Act) {
	switch act := act.(type) {
	case machine.Deliver:
		o := l.orders[act.Key]
		delete(l.orders, act.Key)
		o.delivered <- delivery{o.result, act.Took, act.Err}
	case machine.Say:
		l.cfg.Say(act.Text)
	case machine.Crew:
		if l.cfg.Crew != nil {
			l.cfg.Crew(act.Slots)
		}
	case machine.WorldsEnded:
		l.worlds <- act
	case machine.Abort:
		l.mu.Lock()
		l.abort = errors.New(act.Why)
		l.mu.Unlock()
		close(l.over)
	case machine.Finished:
		close(l.over)
	default:
		panic(fmt.Sprintf("a leader is to do %T", act))
	}
}

// read takes a result that was got.
func (l *Lead) read(now time.Time, k remote.Key, r remote.Result, err error) {
	what, passed := machine.Failed, false
	if err == nil {
		if report, _, rerr := unpackReport(r.Payload); rerr == nil {
			what, passed = report.What, report.Exit.exit().OK()
		}
		if o := l.orders[k]; o != nil {
			o.result = r
		}
	}
	l.machine.Read(now, k, r.Node, what, passed, err)
}
