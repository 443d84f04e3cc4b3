package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

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
