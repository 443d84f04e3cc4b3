package node

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestUnasked: what an earlier leader has stopped, and what has not begun as it had it stopped, a leader
// that takes over has run: it waits for those tests.
func TestUnasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Minute, runs: make(map[string]int)}
		w := newParty(t, func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
			e := f.start(ctx, spec, out)
			if ctx.Err() != nil {
				time.Sleep(time.Second) // those that wait hear that they are stopped before a worker is free
			}
			return e
		})
		led := make(chan *Runner, 2)
		first, die := context.WithCancel(t.Context())
		w.agent(first, "n0", nil, led)
		r := <-led
		w.agent(t.Context(), "n1", nil, led)
		time.Sleep(time.Second)
		stops, stop := context.WithCancel(t.Context())
		time.AfterFunc(30*time.Second, stop)
		// Four are running then, and two wait.
		if got := w.many(stops, r, 6); !slices.Contains(got, "-1 <nil>") || slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, "\n0 <nil>") }) {
			t.Errorf("how the processes of the first leader have ended: %q", got)
		}
		die()
		r = <-led
		for _, got := range w.many(t.Context(), r, 6) {
			if !strings.HasSuffix(got, "\n0 <nil>") || strings.Count(got, "ran") != 1 {
				t.Errorf("a process of the second leader: %q", got)
			}
		}
		w.finish(r)
	})
}
