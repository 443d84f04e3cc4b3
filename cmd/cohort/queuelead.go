package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
)

// queueLead is what a leading machine changes in how a run is made.
type queueLead struct {
	id      string
	seed    int64
	workers int        // processes that are handed out at a time, at first
	ahead   <-chan int // and from then on
	crew    *queueCrew
	runner  *node.Runner
	door    *queueDoor
	left    queueReports
	heir    bool              // the run has had another leader
	past    *history.Snapshot // nil: that of this machine
	lost    <-chan error      // receives why the run is lost, once
}

// apply makes a run one on several machines, if this one leads them.
func (o *queueOptions) apply(config *scheduler.Config) {
	l := o.leads
	if l == nil {
		return
	}
	config.ID, config.Workers, config.Runner, config.Crew, config.Packages = l.id, l.workers, l.runner, l.ahead, openPackages
	config.Slots = l.crew.now
	if l.heir { // what the go command here has had before may have failed in this run
		config.Uncached = l.id
	}
	if !config.SeedChosen {
		config.Seed = l.seed
	}
}

// A leader hands out some processes more than the machines have workers, so that each worker has its
// next one before it has ended the last.
const aheadOf, aheadAtLeast = 2, 16

// openPackages is how many packages a leader's go command has under way at least: one of which all
// tests are in one process keeps one worker busy. Each costs the leader a waiting process.
const openPackages = 64

// ahead is how many processes a leader hands out for so many workers.
func ahead(slots int) int { return max(aheadAtLeast, aheadOf*slots) }

// verdictBegins begins the verdict that a leader gives.
const verdictBegins = "exit code "

// leadEnd is how leading a run has ended: with a status, and as one of which other machines may not know
// that it has ended.
type leadEnd struct {
	status error
	lost   bool
}

// newLeadEnd decides how a machine exits that has led. Tests is the status of its tests, lost why the run
// was lost, nil if all machines know its result, and sig the first signal that came. What a signal ended
// exits as everything else that a signal ends: then the warning says what else went wrong.
func newLeadEnd(tests, lost error, sig os.Signal) (e leadEnd, warning error) {
	switch {
	case lost == nil:
		return leadEnd{status: tests}, nil
	case errors.Is(tests, lost):
		return leadEnd{tests, true}, nil
	case sig == nil:
		return leadEnd{errors.Join(tests, lost), true}, nil
	}
	all := []error{signalStatus(sig)}
	for _, e := range problems(tests) {
		if _, passedOn := e.(exitStatus); !passedOn {
			all = append(all, e)
		}
	}
	return leadEnd{errors.Join(all...), true}, lost
}

// lead runs the go command, and has the processes of its tests run on all machines.
func (q *queueRun) lead(ctx context.Context, by leadership) leadEnd {
	q.cmd.log.infof("=== Queue: run %s: this machine leads", q.opts.queue.runID)
	handOut, crew := make(chan int, 1), newQueueCrew(q.slots)
	lead := node.NewLead(node.LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: q.node, Terms: q.engine.Terms(), Wait: q.opts.queue.wait, Grace: grace},
		Engine:       q.engine, Say: q.door.say, Now: time.Now,
		Crew: func(slots int) { crew.set(slots); tellLatest(handOut, ahead(slots)) },
	}, by.run, by.asked)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, lost := make(chan error, 1), make(chan error, 1)
	go func() { // ends with the leader; received below
		err := lead.Run(ctx)
		if err != nil {
			cancel() // nobody is to be told anything
			err = fmt.Errorf("--queue: %w", err)
			lost <- err // no result of it is to be believed
		}
		ended <- err
	}()
	q.shareSource(ctx)
	signaled := newSignaled(lead, func() {
		q.worker.Abandon() // it would hear of that from a server that may be gone
		cancel()
	})
	runner := node.NewRunner(node.RunnerConfig{Engine: q.engine, Root: q.place.root, Names: q.opts.queue.env, Env: q.cmd.env.list}, lead)
	q.runner.Store(runner)
	opts := *q.opts
	opts.queue.leads = &queueLead{
		id: opts.queue.runID, seed: by.run.Facts.Seed, workers: ahead(q.slots), ahead: handOut, crew: crew, door: q.door, heir: by.run.Led(), past: q.recall(ctx, by.run.Facts.History),
		runner: runner, lost: lost,
	}
	if past := opts.queue.leads.past; past != nil {
		lead.Expect(past.Total(packagesOf(q.args, past.Module())))
	}
	opts.queue.leads.left = newQueueReports(q.temp)
	_, err := q.cmd.runTestsIn(context.Background(), "", &opts)
	if err == nil {
		err = q.answered(runner)
	}
	code := exitCode(err)
	signaled.finish()
	if ctx.Err() == nil { // else nobody is to believe them
		lead.Report(q.shareReports(ctx, opts.queue.leads.left))
	}
	lead.Finish(code, fmt.Sprintf("%s%d on %s, which led", verdictBegins, code, q.node))
	end, warning := newLeadEnd(err, <-ended, signaled.stop())
	if warning != nil {
		q.cmd.log.warnf("%v", warning)
	}
	return end
}

// answered is the status of a run in which all has passed. What has failed before this machine led it, and
// for whatever reason did not run again, counts.
func (q *queueRun) answered(runner *node.Runner) error {
	all, err := runner.Unanswered()
	if err != nil || len(all) == 0 {
		return err
	}
	for _, what := range all {
		q.cmd.log.errorf("--queue: %s before this machine led the run, and did not run again: the failure counts", what)
	}
	return exitStatus{exitFailed}
}

// tellLatest puts a number into a channel that has room for one, in the place of one that nobody has
// received yet. It is called from one goroutine.
func tellLatest(c chan int, n int) {
	select {
	case <-c:
	default:
	}
	c <- n
}

// signaled tells the other machines of a signal that ends the run here.
type signaled struct {
	signals       chan os.Signal
	done, waiting chan struct{}
	heard         chan os.Signal // receives the first one once done is closed, nil for none
}

// newSignaled begins to listen. Cancel ends the leader, whatever the server does: a while after a second
// signal, and if it waits to give its verdict a while after the first, and at once at one that comes then.
func newSignaled(lead *node.Lead, cancel func()) *signaled {
	s := &signaled{signals: make(chan os.Signal, 2), done: make(chan struct{}), waiting: make(chan struct{}), heard: make(chan os.Signal, 1)}
	signal.Notify(s.signals, heededSignals()...)
	go s.listen(lead, cancel) // ends with stop
	return s
}

func (s *signaled) listen(lead *node.Lead, cancel func()) {
	var heard os.Signal
	var first time.Time
	var limit <-chan time.Time
	waiting := s.waiting
	for {
		select {
		case <-s.done:
			s.heard <- heard
			return
		case <-limit:
			cancel()
		case <-waiting:
			waiting = nil
			if !first.IsZero() {
				limit = time.After(queueEnd)
			}
		case sig := <-s.signals:
			again := !first.IsZero() && time.Since(first) >= echo
			if first.IsZero() {
				heard, first = sig, time.Now()
			}
			if waiting == nil {
				cancel()
			}
			if again && limit == nil {
				limit = time.After(queueEnd)
			}
			if n, ok := sig.(syscall.Signal); ok {
				lead.Cancel(int(n), again)
			}
		}
	}
}

// finish says that the tests have ended.
func (s *signaled) finish() { close(s.waiting) }

// stop ends listening, and returns the first signal that came; nil: none.
func (s *signaled) stop() os.Signal {
	signal.Stop(s.signals)
	close(s.done)
	return <-s.heard
}
