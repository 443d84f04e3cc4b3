package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// seen are the events that a watcher was told.
type seen struct {
	mu  sync.Mutex
	all []remote.Event
}

func (s *seen) add(e remote.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

// has reports whether an event was told.
func (s *seen) has(ok func(remote.Event) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.all, ok)
}

// watching watches until the test ends.
func watching(t *testing.T, e *engine, kinds remote.Kinds) *seen {
	t.Helper()
	s := new(seen)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Watch(ctx, kinds, s.add) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// await waits for an event.
func (s *seen) await(t *testing.T, what string, ok func(remote.Event) bool) {
	t.Helper()
	eventually(t, what, func() bool { return s.has(ok) })
}

// TestWatch: what there is and what changes is told, to one who watches before there is a run and
// to one who comes later.
func TestWatch(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	all := remote.ResultEvents | remote.NodeEvents | remote.RunEvents | remote.StopEvents | remote.LinkEvents
	early := watching(t, briefAt(t, address, "r1", "early"), all)
	early.await(t, "link", func(e remote.Event) bool { return e.Kind == remote.LinkEvents && e.Up })

	lead := steadyAt(t, address, "r1", "leader")
	fence := leads(t, lead)
	node := steadyAt(t, address, "r1", "n1")
	n1 := remote.Node{Name: "n1", Slots: 4, Has: []string{"x"}}
	ok(t, node.Announce(ctx, n1))
	ok(t, lead.Stop(ctx, fence, remote.Stop{Batch: "b0", Attempt: 1, Quit: true}))
	_, err := node.PutResult(ctx, remote.Result{Batch: "b0", Attempt: 1, Node: "n1", Nonce: "x", Payload: []byte("p")})
	ok(t, err)
	late := watching(t, briefAt(t, address, "r1", "late"), all)
	for _, s := range []*seen{early, late} {
		s.await(t, "run", func(e remote.Event) bool {
			return e.Kind == remote.RunEvents && e.Run.Leader == "leader" && e.Run.Fence == fence && e.Run.Facts.Seed == 7
		})
		s.await(t, "node", func(e remote.Event) bool {
			return e.Kind == remote.NodeEvents && e.Node.Name == "n1" && e.Node.Slots == 4 && !e.Gone
		})
		s.await(t, "stop", func(e remote.Event) bool {
			return e.Kind == remote.StopEvents && e.Stop == remote.Stop{Batch: "b0", Attempt: 1, Quit: true}
		})
		s.await(t, "result", func(e remote.Event) bool {
			r := e.Result
			return e.Kind == remote.ResultEvents && r.Batch == "b0" && r.Attempt == 1 && r.Node == "n1" && r.Nonce == "x" && r.Payload == nil
		})
		if s.has(func(e remote.Event) bool { return e.Kind == remote.RunEvents && e.Run.State.Phase == "" }) {
			t.Error("a run is told before it has begun")
		}
	}
	_, err = node.PutResult(ctx, remote.Result{Batch: "b1", Node: "n1", Nonce: "y"})
	ok(t, err)
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Canceled, Signal: 2}))
	lead.terms, node.terms = brief(), brief()
	_, err = lead.Renew(ctx, fence)
	ok(t, err)
	ok(t, node.Announce(ctx, n1))
	for _, s := range []*seen{early, late} {
		s.await(t, "next result", func(e remote.Event) bool { return e.Result.Batch == "b1" })
		s.await(t, "state", func(e remote.Event) bool { return e.Run.State.Phase == remote.Canceled && e.Run.State.Signal == 2 })
		s.await(t, "the end of the lock, which nobody renews", func(e remote.Event) bool {
			return e.Kind == remote.RunEvents && e.Run.Leader == "" && e.Run.State.Phase == remote.Canceled
		})
		s.await(t, "the end of the node, which says nothing", func(e remote.Event) bool { return e.Node.Name == "n1" && e.Gone })
		if s.has(func(e remote.Event) bool { return e.Kind == remote.RunEvents && e.Run.Leader == "" && e.Run.Fence != 0 }) {
			t.Error("nobody leads with a fence")
		}
	}
}

// TestLeave: a node that leaves is told at once, and one that comes back too.
func TestLeave(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	ctx := limit(t)
	lead, _ := led(t, address, "r1")
	s := watching(t, lead, remote.NodeEvents)
	for i := range 3 {
		n := engineAt(t, address, "r1", fmt.Sprint("n", i))
		ok(t, n.Announce(ctx, remote.Node{Name: n.node, Slots: 1}))
		s.await(t, "node", func(e remote.Event) bool { return e.Node.Name == n.node && !e.Gone })
		ok(t, n.Leave(ctx))
		s.await(t, "leave", func(e remote.Event) bool { return e.Node.Name == n.node && e.Gone })
		ok(t, n.Leave(ctx))
		ok(t, n.Announce(ctx, remote.Node{Name: n.node, Slots: 2}))
		s.await(t, "return", func(e remote.Event) bool { return e.Node.Name == n.node && e.Node.Slots == 2 })
		if err := n.Announce(ctx, remote.Node{Name: "other"}); err == nil {
			t.Error("it announces another node")
		}
	}
}
