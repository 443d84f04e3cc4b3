package main

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestLead: one node leads; the first gives the run its facts, and another takes over when the lock
// has run out, with those facts. The old one is refused from then on.
func TestLead(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	a, b := steadyAt(t, address, "r1", "a"), steadyAt(t, address, "r1", "b")
	if _, err := a.Run(ctx); !errors.Is(err, remote.ErrGone) {
		t.Errorf("before anybody has led: %v", err)
	}
	facts := remote.Facts{Protocol: remote.Protocol, Source: "s", Go: "go1.26", Arguments: []string{"./..."}, Seed: 7}
	first, err := a.Lead(ctx, facts)
	ok(t, err)
	if first.Fence == 0 || first.Leader != "a" || !reflect.DeepEqual(first.Facts, facts) || first.State.Phase != remote.Running {
		t.Errorf("%+v", first)
	}
	other, err := b.Lead(ctx, remote.Facts{Seed: 8})
	ok(t, err)
	if other.Fence != 0 || other.Leader != "a" || other.Facts.Seed != 7 {
		t.Errorf("while another leads: %+v", other)
	}
	for range 3 {
		fence, err := a.Renew(ctx, first.Fence)
		if err != nil || fence != first.Fence {
			t.Errorf("renewed: %v, %v", fence, err)
		}
	}
	a.terms = brief()
	_, err = a.Renew(ctx, first.Fence) // for the last time
	ok(t, err)
	var second remote.Run
	eventually(t, "the lock runs out, and b takes over", func() bool {
		second, err = b.Lead(ctx, remote.Facts{Seed: 8})
		ok(t, err)
		return second.Fence != 0
	})
	if second.Fence <= first.Fence || second.Leader != "b" || second.Facts.Seed != 7 {
		t.Errorf("%+v after %+v", second, first)
	}
	refused := func(name string, err error) {
		t.Helper()
		if !errors.Is(err, remote.ErrRefused) {
			t.Errorf("%s by the old leader: %v", name, err)
		}
	}
	_, err = a.Renew(ctx, first.Fence)
	refused("renew", err)
	refused("state", a.SetState(ctx, first.Fence, remote.State{Phase: remote.Done}))
	refused("stop", a.Stop(ctx, first.Fence, remote.Stop{Batch: "b"}))
	_, err = b.Renew(ctx, first.Fence)
	refused("renew with the old fence", err)
	_, err = b.Renew(ctx, 0)
	refused("renew without a fence", err)
	ok(t, a.Release(ctx, first.Fence)) // it was gone
	if _, err := b.Renew(ctx, second.Fence); err != nil {
		t.Errorf("the old leader's release is the new one's: %v", err)
	}
}

// TestLeadAgain: a node that leads already gets a new fence, in a new process too; one that gives
// the lock away makes room at once.
func TestLeadAgain(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	a, again, b := engineAt(t, address, "r1", "a"), engineAt(t, address, "r1", "a"), engineAt(t, address, "r1", "b")
	first, err := a.Lead(ctx, remote.Facts{})
	ok(t, err)
	second, err := a.Lead(ctx, remote.Facts{})
	ok(t, err)
	third, err := again.Lead(ctx, remote.Facts{})
	ok(t, err)
	if !(0 < first.Fence && first.Fence < second.Fence && second.Fence < third.Fence) {
		t.Errorf("fences %d, %d, %d", first.Fence, second.Fence, third.Fence)
	}
	for _, f := range []remote.Fence{first.Fence, second.Fence} {
		if _, err := a.Renew(ctx, f); !errors.Is(err, remote.ErrRefused) {
			t.Errorf("fence %d: %v", f, err)
		}
	}
	ok(t, again.Release(ctx, third.Fence))
	ok(t, again.Release(ctx, third.Fence))
	fourth, err := b.Lead(ctx, remote.Facts{})
	if err != nil || fourth.Fence <= third.Fence {
		t.Errorf("after it was given away: %+v, %v", fourth, err)
	}
}

// TestReused: a run that is done stays done, and nobody leads it again: its id cannot be used for
// another one.
func TestReused(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	lead, fence := led(t, address, "r1")
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Canceled, Signal: 2}))
	done := remote.State{Phase: remote.Done, Code: 1, Verdict: "DONE 3 tests, 1 failure"}
	ok(t, lead.SetState(ctx, fence, done))
	ok(t, lead.SetState(ctx, fence, done)) // the same once more
	if err := lead.SetState(ctx, fence, remote.State{Phase: remote.Running}); !errors.Is(err, remote.ErrExists) {
		t.Errorf("it goes on: %v", err)
	}
	if err := lead.SetState(ctx, fence, remote.State{Phase: remote.Done}); !errors.Is(err, remote.ErrExists) {
		t.Errorf("it passes: %v", err)
	}
	ok(t, lead.Release(ctx, fence))
	for _, node := range []string{"leader", "n2"} {
		r, err := engineAt(t, address, "r1", node).Lead(ctx, remote.Facts{Seed: 9})
		ok(t, err)
		if r.Fence != 0 || !reflect.DeepEqual(r.State, done) || r.Facts.Seed != 7 {
			t.Errorf("%s: %+v", node, r)
		}
	}
	if r, err := engineAt(t, address, "r2", "n2").Lead(ctx, remote.Facts{}); err != nil || r.Fence == 0 {
		t.Errorf("another run: %+v, %v", r, err)
	}
}

// TestRegain: a leader whose lock has run out, as the server was away, has it again if nobody else
// has led in between.
func TestRegain(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	a, b := briefAt(t, address, "r1", "a"), briefAt(t, address, "r1", "b")
	first, err := a.Lead(ctx, remote.Facts{})
	ok(t, err)
	events := watching(t, b, remote.RunEvents)
	gone := func(e remote.Event) bool { return e.Kind == remote.RunEvents && e.Run.Leader == "" }
	events.await(t, "the lock runs out", gone)
	a.terms = steady()
	if f, err := a.Renew(ctx, first.Fence); err != nil || f != first.Fence {
		t.Errorf("renewed: %v, %v", f, err)
	}
	if r, err := b.Lead(ctx, remote.Facts{}); err != nil || r.Fence != 0 || r.Leader != "a" {
		t.Errorf("%+v, %v", r, err)
	}
	ok(t, a.SetState(ctx, first.Fence, remote.State{Phase: remote.Canceled}))
	a.terms = brief()
	_, err = a.Renew(ctx, first.Fence) // for the last time
	ok(t, err)
	var second remote.Run
	eventually(t, "b leads", func() bool {
		second, err = b.Lead(ctx, remote.Facts{})
		ok(t, err)
		return second.Fence != 0
	})
	eventually(t, "its lock runs out", func() bool {
		r, err := a.Run(ctx)
		ok(t, err)
		return r.Leader == ""
	})
	if _, err := a.Renew(ctx, first.Fence); !errors.Is(err, remote.ErrRefused) {
		t.Errorf("after another has led: %v", err)
	}
	// A machine whose connection has only just come back leaves the lock to the one that led.
	b.tear(time.Now().Add(time.Hour))
	if r, err := a.Lead(ctx, remote.Facts{}); err != nil || r.Fence == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	ok(t, a.Release(ctx, a.held().fence))
	if r, err := b.Lead(ctx, remote.Facts{}); err != nil || r.Fence != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestLostAnswers: a request that had its effect although its answer was lost has the same outcome
// when it is made again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	lead, fence := led(t, address, "r1")
	// As if the server's answer to a renewal had not come: the key has a revision that the engine
	// does not know.
	before := lead.held()
	_, err := lead.Renew(ctx, fence)
	ok(t, err)
	lead.hold(before)
	if f, err := lead.Renew(ctx, fence); err != nil || f != fence {
		t.Errorf("renew: %v, %v", f, err)
	}
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Canceled}))
	lead.hold(before)
	ok(t, lead.Release(ctx, fence))
	if r, err := lead.Run(ctx); err != nil || r.Leader != "" {
		t.Errorf("released: %+v, %v", r, err)
	}
}
