package node

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// begun is an engine that says the first time that a node leads of whose run nothing is known yet.
type begun struct {
	remote.Engine
	once sync.Once
}

func (e *begun) Lead(ctx context.Context, facts remote.Facts) (run remote.Run, err error) {
	e.once.Do(func() { run.Leader = "n0" })
	if run.Leader != "" {
		return run, nil
	}
	return e.Engine.Lead(ctx, facts)
}

// TestLeaderBegins: a machine that comes in the moment between the lock and the facts of the run
// takes part in it.
func TestLeaderBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agentOn(t.Context(), "n1", &begun{Engine: w.dial("n1", nil)}, nil, led)
		synctest.Wait()
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		w.many(t.Context(), r, 4)
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
		slices.Sort(w.left)
		if got := strings.Join(w.left, ", "); got != "n0 0 PASS, n1 0 PASS" {
			t.Errorf("left: %s", got)
		}
	})
}

// TestLeaderDiesEarly: a leader that dies before it has begun the run is followed by another one.
func TestLeaderDiesEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agentOn(t.Context(), "n1", &begun{Engine: w.dial("n1", nil)}, nil, led)
		r := <-led
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
		if got := strings.Join(w.left, ", "); got != "n1 0 PASS" {
			t.Errorf("left: %s", got)
		}
	})
}
