package gotest

import (
	"context"
	"errors"
	"testing"
)

// TestTakeAllStops: the first binary that cannot be taken stops the go command, and what it still
// wants to run is answered and not taken.
func TestTakeAllStops(t *testing.T) {
	t.Parallel()
	l := open(t)
	ctx, stop := context.WithCancelCause(t.Context())
	want, taken := errors.New("disk full"), 0
	events, ended := make(chan *Collected, 1), make(chan *Collected, 1)
	go func() { // ends with the events
		ended <- takeAll(l, events, func(*Request) error { taken++; return want }, stop)
	}()
	for range 2 {
		if o := <-execTestIn(l, "a.test"); o.code != 0 {
			t.Errorf("exec-test: exit %d\n%s", o.code, o.stderr.String())
		}
	}
	events <- new(Collected)
	<-ended
	if taken != 1 || context.Cause(ctx) != want {
		t.Errorf("%d taken, the cause is %v; want 1 and %v", taken, context.Cause(ctx), want)
	}
}
