package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestCanceledFetch: work that comes while a machine stops waiting for some is leased by that Fetch, or
// by the next one at once. The server may have counted a delivery that it could not make.
func TestCanceledFetch(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	e := engineAt(t, address, "r1", "n1")
	ctx := limit(t)
	caught := 0
	for i := range 60 {
		waits, cancel := context.WithCancel(ctx)
		type fetched struct {
			lease remote.Lease
			err   error
		}
		answer := make(chan fetched, 1)
		go func() {
			l, err := e.Fetch(waits, []string{"n1"}, patience)
			answer <- fetched{l, err}
		}()
		if i%2 == 0 {
			go cancel()
		}
		ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: fmt.Sprint("b", i)}))
		cancel()
		got := <-answer
		switch {
		case got.err == nil:
			caught++
		case errors.Is(got.err, context.Canceled):
			got.lease = fetch(t, e, "n1")
		default:
			t.Fatal(got.err)
		}
		if l := got.lease; l.Work.Batch != fmt.Sprint("b", i) || l.Delivery > 2 {
			t.Fatalf("delivery %d of %s in round %d", l.Delivery, l.Work.Batch, i)
		}
		ok(t, e.Done(ctx, got.lease.Token))
	}
	t.Logf("%d of 60 were caught", caught)
}

// TestLease: a lease that is extended does not run out, and one that is not comes back. It is as short as
// this machine can bear.
func TestLease(t *testing.T) {
	t.Parallel()
	terms := brief()
	terms.LeaderTTL = patience
	untilLong(t, terms, leaseLasts)
}

// untilLong has a test lead a run, each time with a lease that is twice as long, until it reports that the
// machine was fast enough for it.
func untilLong(t *testing.T, terms remote.Terms, test func(t *testing.T, address, run string, lead *engine) bool) {
	t.Helper()
	address, _ := serving(t)
	for n := 1; ; n++ {
		run := fmt.Sprint("r", n)
		lead := engineWith(t, &queueFlags{url: address, runID: run}, "leader", terms, limits{})
		leads(t, lead)
		if test(t, address, run, lead) {
			return
		}
		terms.AckWait *= 2
	}
}

// leaseLasts reports false if the machine is too slow to extend a lease before it runs out.
func leaseLasts(t *testing.T, _, _ string, lead *engine) bool {
	t.Helper()
	terms, ctx := lead.terms, limit(t)
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b"}))
	l := fetch(t, lead, "n1")
	subject, number, err := split(l.Token)
	ok(t, err)
	extend := time.NewTicker(terms.AckWait / 5)
	defer extend.Stop()
	for end := time.Now().Add(2 * terms.AckWait); time.Now().Before(end); <-extend.C {
		if err := lead.Extend(ctx, l.Token); errors.Is(err, remote.ErrLost) {
			return false
		} else if err != nil {
			t.Fatal(err)
		}
		other, err := lead.Fetch(ctx, []string{"n1"}, 0)
		if err == nil && lead.runOut(subject, number, time.Now()) {
			return false
		}
		if !errors.Is(err, remote.ErrEmpty) {
			t.Fatalf("it was given out again: %+v, %v", other, err)
		}
	}
	second := fetch(t, lead, "n1")
	if second.Delivery < 2 || second.Work.Batch != "b" {
		t.Errorf("%+v", second)
	}
	if err := lead.Extend(ctx, l.Token); second.Token != l.Token && !errors.Is(err, remote.ErrLost) {
		t.Errorf("a lease that has run out is extended: %v", err)
	}
	ok(t, lead.Done(ctx, l.Token)) // by whichever lease
	if held, err := lead.Holds(ctx, "b", 0); err != nil || held {
		t.Errorf("%v, %v", held, err)
	}
	for _, token := range []string{"", "x", "cohort.r1.work.n1.b.0"} {
		if lead.Extend(ctx, token) == nil || lead.Done(ctx, token) == nil || lead.Return(ctx, token, 0) == nil {
			t.Errorf("%q is a lease", token)
		}
	}
	return true
}

// TestRanOut: work whose lease has run out is leased again.
func TestRanOut(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b"}))
	first := fetch(t, lead, "long")
	second := fetch(t, lead, "long")
	if second.Work.Batch != "b" || second.Delivery <= first.Delivery || second.Token == first.Token {
		t.Errorf("%+v after %+v", second, first)
	}
	if err := lead.Extend(ctx, first.Token); !errors.Is(err, remote.ErrLost) {
		t.Errorf("a lease that has run out is extended: %v", err)
	}
	ok(t, lead.Done(ctx, second.Token))
	if all := queued(t, lead); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

// TestLateWork: work that comes when nobody waits for it any more is leased by the next Fetch: its
// delivery was counted, and its lease lasts.
func TestLateWork(t *testing.T) {
	t.Parallel()
	for _, ranOut := range []bool{false, true} {
		t.Run(fmt.Sprint("ran out ", ranOut), func(t *testing.T) {
			t.Parallel()
			address, _ := serving(t)
			lead := steadyAt(t, address, "r1", "leader")
			leads(t, lead)
			cut := newCut(t, address)
			node := engineWith(t, &queueFlags{url: cut.address, runID: "r1"}, "n1", steady(), limits{})
			ctx := limit(t)
			ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b0"}))
			ok(t, node.Done(ctx, fetch(t, node, "n1").Token))
			// One request that lasts: Fetch makes a new one now and then, and what the server sends at the end
			// of one it takes back, and sends again.
			subject, body, err := node.next("n1", patience)
			ok(t, err)
			waits, cancel := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() {
				_, err := node.ask(waits, "n1", subject, body)
				ended <- err
			}()
			cut.slow()
			ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b1"}))
			eventually(t, "the server has delivered it", func() bool {
				all, err := lead.Lanes(ctx)
				ok(t, err)
				return len(all) == 1 && all[0].Leased == 1
			})
			cancel()
			if err := <-ended; err == nil {
				t.Fatal("the answer came")
			}
			if ranOut {
				node.terms.AckWait = time.Nanosecond
			}
			cut.goOn()
			l := fetch(t, node, "n1")
			if l.Work.Batch != "b1" || l.Delivery != 1 || l.Unsure != ranOut {
				t.Errorf("%+v", l)
			}
			ok(t, node.Done(ctx, l.Token))
		})
	}
}

// TestLateExtension: a confirmation that comes when the lease should have run out confirms nothing: the
// server may have given the work to another machine before it was asked, and confirms its lease.
func TestLateExtension(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	e := briefAt(t, address, "r1", "n1")
	const token = "$JS.ACK.none.n1.1.1.1.1.0"
	e.leases[token] = held{1, time.Now().Add(patience)}
	asked := make(chan *nats.Msg, 1)
	_, err := e.nc.ChanSubscribe(token, asked)
	ok(t, err)
	ctx, ended := limit(t), make(chan error, 1)
	go func() { ended <- e.Extend(ctx, token+"#1") }() // received below
	m := <-asked
	e.mu.Lock()
	e.leases[token] = held{1, time.Now()} // it has run out
	e.mu.Unlock()
	ok(t, m.Respond(nil))
	if err := <-ended; !errors.Is(err, remote.ErrLost) {
		t.Errorf("it is extended: %v", err)
	}
}
