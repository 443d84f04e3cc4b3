package node

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// early is an out that wants to know of tests that run for long.
type early struct {
	mu    sync.Mutex
	tests map[string]time.Time // since when
}

func (e *early) Write(b []byte) (int, error) { return len(b), nil }

func (e *early) Runs(test string, since time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tests[test] = since
}

// TestEarlyNews: a test that runs for long is known to the leader long before its process ends, and none
// of those that are quick.
func TestEarlyNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var began time.Time
		w := newParty(t, func(_ context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
			start := time.Now()
			fmt.Fprint(out, "\x16=== RUN   TestQuick\n\x16--- PASS: TestQuick (0.00s)\n")
			time.Sleep(time.Second)
			began = time.Now()
			fmt.Fprint(out, "\x16=== RUN   TestLong\n")
			time.Sleep(time.Minute)
			fmt.Fprint(out, "\x16--- PASS: TestLong (60.00s)\n\x16PASS\n")
			return testbin.Exit{Start: start, End: time.Now()}
		})
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		out := &early{tests: make(map[string]time.Time)}
		var all sync.WaitGroup
		all.Go(func() {
			if e := r.Run(t.Context(), testbin.Spec{Path: w.binary("pkg.test", "binary"), Dir: w.root}, out); !e.OK() {
				t.Errorf("exit %+v", e)
			}
		})
		time.Sleep(30 * time.Second)
		out.mu.Lock()
		since, ok := out.tests["TestLong"]
		if !ok || since.Sub(began).Abs() > time.Second || len(out.tests) != 1 {
			t.Errorf("told of %v after 29 s, want TestLong since %v", out.tests, began)
		}
		out.mu.Unlock()
		all.Wait()
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
	})
}

// TestEndsAtOnce: a machine without work leaves as soon as the run is over, though it is asking for work.
func TestEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newParty(t, nil)
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		w.agent(t.Context(), "n1", nil, nil)
		r := <-led
		time.Sleep(time.Minute + 17*time.Millisecond)
		over := time.Now()
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
		if took := time.Since(over); took > 200*time.Millisecond {
			t.Errorf("the machines have left %v after the end of the run", took)
		}
	})
}
