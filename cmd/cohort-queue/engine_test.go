package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// brief are terms that tests do not have to wait for.
func brief() remote.Terms {
	return remote.Terms{AckWait: time.Second, LeaderTTL: 3 * time.Second, NodeTTL: 2 * time.Second}
}

// holding are brief terms in which a lock that nobody renews lasts as long as a test on a busy machine.
// An engine that has lost the server takes no lock for half of that.
func holding() remote.Terms {
	terms := brief()
	terms.LeaderTTL = 30 * time.Second
	return terms
}

// steady are terms that no test outlasts, however much else the machine does: for what is not about
// times that run out.
func steady() remote.Terms {
	return remote.Terms{AckWait: patience, LeaderTTL: patience, NodeTTL: patience}
}

// engineAt opens the engine of a node, whose locks do not run out.
func engineAt(t testing.TB, address, run, node string) *engine {
	t.Helper()
	return engineWith(t, &queueFlags{url: address, runID: run}, node, holding(), limits{})
}

// steadyAt opens the engine of a node, of which nothing runs out.
func steadyAt(t testing.TB, address, run, node string) *engine {
	t.Helper()
	return engineWith(t, &queueFlags{url: address, runID: run}, node, steady(), limits{})
}

// briefAt opens the engine of a node, whose locks run out.
func briefAt(t testing.TB, address, run, node string) *engine {
	t.Helper()
	return engineWith(t, &queueFlags{url: address, runID: run}, node, brief(), limits{})
}

func engineWith(t testing.TB, q *queueFlags, node string, terms remote.Terms, most limits) *engine {
	t.Helper()
	if q.ping == 0 { // a server that is only slow is not away
		q.ping = patience
	}
	l, err := dial(limit(t), q, node)
	if err != nil {
		t.Fatal(err)
	}
	e, err := open(l, q.runID, node, terms, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// led returns an engine that leads the run, and its fence.
func led(t testing.TB, address, run string) (*engine, remote.Fence) {
	t.Helper()
	e := engineAt(t, address, run, "leader")
	return e, leads(t, e)
}

// leads has an engine lead its run, and returns its fence.
func leads(t testing.TB, e *engine) remote.Fence {
	t.Helper()
	r, err := e.Lead(limit(t), remote.Facts{Protocol: remote.Protocol, Seed: 7})
	if err != nil || r.Fence == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	return r.Fence
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fetch leases work, for which it waits.
func fetch(t *testing.T, e *engine, lanes ...string) remote.Lease {
	t.Helper()
	l, err := e.Fetch(limit(t), lanes, patience)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestQueue: work is leased in its order, by lane, once; it comes back when a lease is given back, and is
// gone when it is done.
func TestQueue(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, node := steadyAt(t, address, "r1", "leader"), steadyAt(t, address, "r1", "n1")
	leads(t, lead)
	ctx := limit(t)
	if _, err := node.Fetch(ctx, []string{"long", "n1"}, 0); !errors.Is(err, remote.ErrEmpty) {
		t.Errorf("of lanes that are not there: %v", err)
	}
	for i, lane := range []string{"n1", "long", "n1"} {
		ok(t, lead.Publish(ctx, lane, remote.Work{Batch: fmt.Sprint("b", i), Payload: []byte{byte(i)}}))
	}
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b0", Payload: []byte("again")})) // nothing new
	var tokens []string
	for _, want := range []string{"b1", "b0", "b2"} {
		l := fetch(t, node, "long", "n1")
		if l.Work.Batch != want || l.Delivery != 1 || len(l.Work.Payload) != 1 || l.Lane == "" {
			t.Errorf("%+v, want %s", l, want)
		}
		tokens = append(tokens, l.Token)
	}
	if all, err := lead.Lanes(ctx); err != nil || len(all) != 2 || all[0].Waiting+all[1].Waiting != 0 || all[0].Leased+all[1].Leased != 3 {
		t.Errorf("lanes: %+v, %v", all, err)
	}
	ok(t, node.Done(ctx, tokens[0]))
	ok(t, node.Done(ctx, tokens[0])) // it was out
	ok(t, node.Return(ctx, tokens[1], 0))
	if l := fetch(t, node, "n1"); l.Work.Batch != "b0" || l.Delivery != 2 {
		t.Errorf("given back: %+v", l)
	} else {
		ok(t, node.Done(ctx, l.Token))
	}
	ok(t, node.Extend(ctx, tokens[2]))
	ok(t, node.Done(ctx, tokens[2]))
	for _, batch := range []string{"b0", "b1", "b2"} {
		if held, err := lead.Holds(ctx, batch, 0); err != nil || held {
			t.Errorf("%s is held: %v, %v", batch, held, err)
		}
	}
	ok(t, lead.Publish(ctx, "n2", remote.Work{Batch: "b2", Attempt: 1}))
	if held, err := lead.Holds(ctx, "b2", 1); err != nil || !held {
		t.Errorf("b2 is held: %v, %v", held, err)
	}
	if err := lead.Publish(ctx, "a.b", remote.Work{Batch: "b"}); err == nil {
		t.Error("a lane with a dot")
	}
	if err := lead.Publish(ctx, "a", remote.Work{Batch: "*"}); err == nil {
		t.Error("a batch that is a wildcard")
	}
}

// TestQueued: a leader reads what is in the queue, leased or not. A later leader's publication of the same
// is new after the first round.
func TestQueued(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	node := engineAt(t, address, "r1", "n1")
	ctx := limit(t)
	if all, err := lead.Queued(ctx); err != nil || len(all) != 0 {
		t.Errorf("queued at first: %v, %v", all, err)
	}
	first := remote.Work{Batch: "b", Attempt: 1, Round: 1, Fence: 7, Before: 2, Payload: []byte("work")}
	ok(t, lead.Publish(ctx, "n1", first))
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "c", Fence: 7}))
	l := fetch(t, node, "n1")
	if !reflect.DeepEqual(l.Work, first) {
		t.Errorf("leased %+v, want %+v", l.Work, first)
	}
	all, err := lead.Queued(ctx)
	slices.SortFunc(all, func(x, y remote.Key) int { return strings.Compare(x.Batch, y.Batch) })
	if want := []remote.Key{{Batch: "b", Attempt: 1}, {Batch: "c"}}; err != nil || !slices.Equal(all, want) {
		t.Errorf("queued: %v, %v; want %v", all, err, want)
	}
	if w, err := lead.GetWork(ctx, "b", 1); err != nil || !reflect.DeepEqual(w, first) {
		t.Errorf("work: %+v, %v", w, err)
	}
	if _, err := lead.GetWork(ctx, "b", 0); !errors.Is(err, remote.ErrGone) {
		t.Errorf("work that is not there: %v", err)
	}
	ok(t, node.Done(ctx, l.Token))
	ok(t, lead.Publish(ctx, "n1", first)) // nothing new
	if all, err := lead.Queued(ctx); err != nil || len(all) != 1 {
		t.Errorf("queued when one is done: %v, %v", all, err)
	}
	first.Fence++
	ok(t, lead.Publish(ctx, "n1", first))
	if w, err := lead.GetWork(ctx, "b", 1); err != nil || w.Fence != 8 {
		t.Errorf("work of the next leader: %+v, %v", w, err)
	}
}

// TestRepair: a lane that is made anew gives out what was leased.
func TestRepair(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b0"}))
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b1"}))
	first := fetch(t, lead, "n1")
	ok(t, lead.Repair(ctx, "n1"))
	if err := lead.Done(ctx, first.Token); err != nil && !errors.Is(err, remote.ErrLost) {
		t.Error(err)
	}
	got := map[string]bool{}
	for len(queued(t, lead)) > 0 {
		l, err := lead.Fetch(ctx, []string{"n1"}, brief().AckWait)
		if errors.Is(err, remote.ErrEmpty) {
			continue
		}
		ok(t, err)
		got[l.Work.Batch] = true
		if err := lead.Done(ctx, l.Token); !errors.Is(err, remote.ErrLost) {
			ok(t, err)
		}
	}
	if !got["b1"] {
		t.Errorf("%v", got)
	}
	ok(t, lead.Repair(ctx, "new"))
}

// queued are the batches in the queue.
func queued(t *testing.T, e *engine) []remote.Key {
	t.Helper()
	all, err := e.Queued(limit(t))
	ok(t, err)
	return all
}

// TestFirstResult: of results that many machines send at the same time one stands, for all of them.
func TestFirstResult(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	if _, err := lead.GetResult(ctx, "b", 0); !errors.Is(err, remote.ErrGone) {
		t.Errorf("before there is one: %v", err)
	}
	const machines = 8
	stands := make([]remote.Result, machines)
	var all sync.WaitGroup
	for i := range machines {
		all.Go(func() {
			r := remote.Result{Batch: "b", Node: fmt.Sprint("n", i), Nonce: fmt.Sprint("x", i), Payload: []byte{byte(i)}}
			var err error
			if stands[i], err = lead.PutResult(ctx, r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	first, err := lead.GetResult(ctx, "b", 0)
	ok(t, err)
	for _, r := range stands {
		if r.Nonce != first.Nonce || r.Node != first.Node || !bytes.Equal(r.Payload, first.Payload) || r.Batch != "b" {
			t.Errorf("%+v and %+v stand", r, first)
		}
	}
	again, err := lead.PutResult(ctx, remote.Result{Batch: "b", Attempt: 1, Nonce: "y"})
	if err != nil || again.Nonce != "y" {
		t.Errorf("another attempt: %+v, %v", again, err)
	}
}

// TestOutput: chunks are stored once and come back as they were, the largest too.
func TestOutput(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	d := remote.Delivery{Node: "leader", Batch: "b", Delivery: 1, Nonce: "x"}
	noise := make([]byte, remote.MaxChunk)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise) // never fails
	chunks := [][]byte{[]byte("=== RUN TestA\n"), bytes.Repeat([]byte("a"), remote.MaxChunk), noise, {}}
	for i, c := range chunks {
		ok(t, lead.PutOutput(ctx, d, i, c))
	}
	ok(t, lead.PutOutput(ctx, d, 0, []byte("other")))
	for i, c := range chunks {
		if got, err := lead.GetOutput(ctx, d, i); err != nil || !bytes.Equal(got, c) {
			t.Errorf("chunk %d: %d bytes, %v", i, len(got), err)
		}
	}
	if _, err := lead.GetOutput(ctx, d, len(chunks)); !errors.Is(err, remote.ErrGone) {
		t.Errorf("none: %v", err)
	}
	if err := lead.PutOutput(ctx, d, 9, append(noise, 0)); !errors.Is(err, remote.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	d.Nonce = "a.b"
	if err := lead.PutOutput(ctx, d, 0, nil); err == nil {
		t.Error("a nonce with a dot")
	}
}

// TestLimits: what is too large is refused by name, the largest that is not is taken.
func TestLimits(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	most := make([]byte, remote.MaxPayload)
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: strings.Repeat("b", remote.MaxID), Payload: most}))
	if l := fetch(t, lead, "n1"); len(l.Work.Payload) != len(most) {
		t.Errorf("%d bytes of work", len(l.Work.Payload))
	}
	if err := lead.Publish(ctx, "n1", remote.Work{Batch: "b", Payload: append(most, 0)}); !errors.Is(err, remote.ErrTooLarge) {
		t.Errorf("work: %v", err)
	}
	if _, err := lead.PutResult(ctx, remote.Result{Batch: "b", Payload: append(most, 0)}); !errors.Is(err, remote.ErrTooLarge) {
		t.Errorf("result: %v", err)
	}
	r, err := lead.PutResult(ctx, remote.Result{Batch: "b", Nonce: "x", Payload: most})
	if err != nil || len(r.Payload) != len(most) {
		t.Errorf("result: %v", err)
	}
}

// TestFull: a stream that is full says so, with its limit, and does not make room by itself.
func TestFull(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	q := &queueFlags{url: address, runID: "r1"}
	lead := engineWith(t, q, "leader", holding(), limits{work: 4096, results: 4096, output: 4096})
	ctx := limit(t)
	_, err := lead.Lead(ctx, remote.Facts{})
	ok(t, err)
	payload := make([]byte, 3000)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(payload) // never fails
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "b0", Payload: payload}))
	_, err = lead.PutResult(ctx, remote.Result{Batch: "b0", Payload: payload})
	ok(t, err)
	d := remote.Delivery{Node: "n", Batch: "b0", Delivery: 1, Nonce: "x"}
	ok(t, lead.PutOutput(ctx, d, 0, payload))

	published := lead.Publish(ctx, "n1", remote.Work{Batch: "b1", Payload: payload})
	_, stored := lead.PutResult(ctx, remote.Result{Batch: "b1", Payload: payload})
	chunk := lead.PutOutput(ctx, d, 1, payload)
	for stream, err := range map[string]error{"COHORT_W_r1": published, "COHORT_R_r1": stored, "COHORT_O_r1": chunk} {
		if !errors.Is(err, remote.ErrFull) || !strings.Contains(err.Error(), stream) || !strings.Contains(err.Error(), "at most 4096 bytes") {
			t.Errorf("%s: %v", stream, err)
		}
	}
	if l := fetch(t, lead, "n1"); l.Work.Batch != "b0" {
		t.Errorf("%+v", l)
	}
}

// TestManyLeases: more than the server's usual thousand batches are leased at the same time.
func TestManyLeases(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	q := &queueFlags{url: address, runID: "r1"}
	l, err := dial(limit(t), q, "leader")
	ok(t, err)
	lead, err := open(l, q.runID, "leader", steady(), limits{})
	ok(t, err)
	defer lead.Close() //nolint:errcheck // it is told by other tests
	ctx := limit(t)
	_, err = lead.Lead(ctx, remote.Facts{})
	ok(t, err)
	const n, parallel = 1100, 20
	var wait sync.WaitGroup
	for w := range parallel {
		wait.Go(func() {
			for i := w; i < n; i += parallel {
				if err := lead.Publish(ctx, "long", remote.Work{Batch: fmt.Sprint("b", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	var mu sync.Mutex
	got := map[string]int{}
	for range parallel {
		wait.Go(func() {
			for {
				l, err := lead.Fetch(ctx, []string{"long"}, 0)
				if errors.Is(err, remote.ErrEmpty) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got[l.Work.Batch]++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(got) != n {
		t.Errorf("%d batches are leased at the same time, want %d", len(got), n)
	}
}

// TestClosed: a closed engine ends all calls, those that wait too.
func TestClosed(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	e := engineAt(t, address, "r1", "n1")
	ctx := limit(t)
	ended := make(chan error, 2)
	go func() {
		_, err := e.Fetch(ctx, []string{"n1"}, patience)
		ended <- err
	}()
	go func() { ended <- e.Watch(ctx, remote.RunEvents|remote.LinkEvents, func(remote.Event) {}) }()
	ok(t, lead.Publish(ctx, "n2", remote.Work{Batch: "b"}))
	ok(t, e.Close())
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, remote.ErrClosed) {
				t.Errorf("%v", err)
			}
		case <-ctx.Done():
			t.Fatal("a call goes on")
		}
	}
	if err := e.Publish(context.Background(), "n1", remote.Work{Batch: "b"}); !errors.Is(err, remote.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// BenchmarkBatch is what the queue costs one batch: publish, lease, result, end, read.
func BenchmarkBatch(b *testing.B) {
	address, _ := serving(b)
	lead, _ := led(b, address, "r1")
	ctx := b.Context()
	work, report := make([]byte, 2<<10), make([]byte, 4<<10)
	var number atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			batch := fmt.Sprint("b", number.Add(1))
			if err := lead.Publish(ctx, "long", remote.Work{Batch: batch, Payload: work}); err != nil {
				b.Fatal(err)
			}
			l, err := lead.Fetch(ctx, []string{"long"}, patience)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := lead.PutResult(ctx, remote.Result{Batch: l.Work.Batch, Nonce: "x", Payload: report}); err != nil {
				b.Fatal(err)
			}
			if err := lead.Done(ctx, l.Token); err != nil {
				b.Fatal(err)
			}
			if _, err := lead.GetResult(ctx, l.Work.Batch, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}
