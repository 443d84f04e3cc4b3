package node

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestLateAnswer: a machine that has asked whether it may lead takes work of the machine that does, though
// the answer comes when the run has gone on since.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const processes = 4 // what two machines run at a time
		together := make(chan struct{}, processes)
		all, once := make(chan struct{}), sync.Once{}
		w := newParty(t, func(context.Context, testbin.Spec, io.Writer) testbin.Exit {
			start := time.Now()
			together <- struct{}{}
			if len(together) == processes {
				once.Do(func() { close(all) })
			}
			select {
			case <-all:
			case <-time.After(5 * time.Minute):
				t.Error("one of the machines takes no work")
			}
			return testbin.Exit{Start: start, End: time.Now()}
		})
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		late := w.dial("n1", func(_ context.Context, op string, after bool) error {
			if op == "lead" && after {
				time.Sleep(10 * time.Second)
			}
			return nil
		})
		w.agentOn(t.Context(), "n1", late, nil, make(chan *Runner, 1))
		time.Sleep(time.Minute)
		var runs sync.WaitGroup
		for range processes {
			runs.Go(func() {
				if e := r.Run(t.Context(), testbin.Spec{Path: w.binary("pkg.test", "binary"), Dir: w.root}, io.Discard); !e.OK() {
					t.Errorf("exit %+v", e)
				}
			})
		}
		runs.Wait()
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
	})
}
