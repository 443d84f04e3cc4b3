package node

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// calls counts the calls of an engine.
type calls struct {
	mu sync.Mutex
	by map[string]int
}

func (c *calls) count(_ context.Context, op string, after bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !after {
		c.by[op]++
	}
	return nil
}

func (c *calls) of(op string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[op]
}

// TestShipsByNeed: the leader's own workers need no file on the server. The first machine that takes a
// process of a binary gets it, and for the next ones it is not stored again.
func TestShipsByNeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		c := &calls{by: make(map[string]int)}
		led := make(chan *Runner, 1)
		leads, ends := context.WithCancel(t.Context())
		defer ends()
		e := w.dial("n0", c.count)
		var r *Runner
		cfg := w.config("n0", e, nil, func(cfg *AgentConfig) { cfg.MayLead = true })
		cfg.Binaries.Local(func(sum string) string { return r.File(sum) })
		cfg.Led = func(run remote.Run, asked time.Time) { w.begin(leads, "n0", e, run, asked, led) }
		w.nodes.Go(func() { _, _ = NewAgent(cfg).Run(leads); _ = e.Close() })
		r = <-led
		if _, exit := w.one(t.Context(), r, nil); !exit.OK() || c.of("put-blob") != 0 || c.of("get-blob") != 0 {
			t.Errorf("alone: %+v; %d stored, %d read", exit, c.of("put-blob"), c.of("get-blob"))
		}
		agents := []*calls{{by: make(map[string]int)}, {by: make(map[string]int)}}
		for i, c := range agents {
			w.agentOn(t.Context(), fmt.Sprint("n", i+1), w.dial(fmt.Sprint("n", i+1), c.count), nil, nil)
		}
		time.Sleep(5 * time.Second) // until they are known
		for i, got := range w.many(t.Context(), r, 20) {
			if want := fmt.Sprintf("ran p%d\n0 <nil>", i); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if n := c.of("put-blob"); n != 1 {
			t.Errorf("it was stored %d times for two machines", n)
		}
		for i, c := range agents {
			if c.of("put-result") == 0 {
				t.Errorf("machine %d ran nothing", i+1)
			}
		}
		w.finish(r)
	})
}

// TestShipsForAnHeir: a machine that has taken a process whose leader died before it had stored the
// binary gets it from the next leader.
func TestShipsForAnHeir(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		first, second := make(chan *Runner, 1), make(chan *Runner, 1)
		dies, die := context.WithCancel(t.Context())
		defer die()
		w.agentOn(dies, "n0", w.dial("n0", func(ctx context.Context, op string, _ bool) error {
			switch op {
			case "put-blob":
				return remote.ErrUnreachable
			case "fetch": // its workers are busy
				return remote.ErrEmpty
			}
			return nil
		}), nil, first)
		r := <-first
		asks := &calls{by: make(map[string]int)}
		w.agentOn(t.Context(), "n1", w.dial("n1", asks.count), nil, second)
		file := w.binary("pkg.test", "binary")
		same := func(s *testbin.Spec) { s.Path = file }
		w.nodes.Go(func() { w.one(dies, r, same) })
		time.Sleep(20 * time.Second)
		if asks.of("get-blob") < 2 {
			t.Errorf("it asked for the binary %d times", asks.of("get-blob"))
		}
		die()
		r = <-second
		if _, exit := w.one(t.Context(), r, same); !exit.OK() || exit.Err != nil {
			t.Errorf("%+v", exit)
		}
		if names := f.names(); !slices.Equal(names, []string{"p 1"}) {
			t.Errorf("ran %q", names)
		}
		w.finish(r)
	})
}

// names are the processes, and how often they ran.
func (f *fake) names() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, n := range f.runs {
		all = append(all, fmt.Sprint(name, " ", n))
	}
	slices.Sort(all)
	return all
}
