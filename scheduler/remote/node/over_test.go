package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// longBegins is printed by the test that runs for long.
const longBegins = "\x16=== RUN   TestLong\n"

// overCase is what goes wrong with a process, and what comes of that.
type overCase struct {
	down    bool                              // the server, after a minute
	fault   func(op string, later bool) error // of the leader's machine; later: after a minute
	input   bool                              // there is a file to be stored first
	out     string
	why     string // that the leader is lost
	problem string // that the process has; it is not over
}

// TestOver: a process of a run that is lost has no result of its own. It ends with the context that the
// loss ends, as one that this context has ended, and a test that is known to have run for long has begun.
// All else that goes wrong is an error of the process, at once.
func TestOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]overCase{
		"no server":       {down: true, out: longBegins, why: "the queue's server has not answered for 2m0s"},
		"another leads":   {fault: failing("renew", remote.ErrRefused, true), out: longBegins, why: "another machine leads the run now"},
		"not allowed":     {fault: failing("put-blob", remote.ErrDenied, false), input: true, why: "put-blob: not allowed"},
		"a limit":         {fault: failing("put-blob", remote.ErrFull, false), input: true, why: "put-blob: full"},
		"the run is gone": {fault: forgetful, input: true, why: "another machine leads the run now"},
		"a file is gone":  {fault: failing("put-blob", remote.ErrGone, false), input: true, problem: "put-blob: not there"},
		"another mistake": {fault: failing("put-blob", errors.New("broken"), false), input: true, problem: "put-blob: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tc.test)
		})
	}
}

func (tc overCase) test(t *testing.T) {
	w := newParty(t, func(ctx context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
		fmt.Fprint(out, "\x16=== RUN   TestQuick\n\x16--- PASS: TestQuick (0.00s)\n", longBegins)
		<-ctx.Done()
		return testbin.Exit{Code: -1, Canceled: true}
	})
	r := tc.lead(w)
	dir := t.TempDir()
	if tc.input {
		if err := os.WriteFile(filepath.Join(dir, "input"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out strings.Builder
	var exit testbin.Exit
	var ended atomic.Bool
	w.nodes.Go(func() {
		exit = r.Run(ctx, testbin.Spec{Path: w.binary("pkg.test", "binary"), Dir: w.root, Args: []string{"-test.gocoverdir=" + dir}}, &out)
		ended.Store(true)
	})
	time.Sleep(10 * time.Minute)
	if ended.Load() != (tc.problem != "") {
		t.Errorf("ended: %v, %+v", ended.Load(), exit)
	}
	if tc.problem != "" {
		if exit.Canceled || exit.Err == nil || !strings.Contains(exit.Err.Error(), tc.problem) {
			t.Errorf("exit %+v", exit)
		}
		r.lead.Finish(1, "FAIL")
		w.nodes.Wait()
		return
	}
	if !strings.Contains(r.lead.why().Error(), tc.why) {
		t.Errorf("the leader has ended: %v", r.lead.why())
	}
	cancel()
	w.server.SetDown(false)
	w.nodes.Wait()
	if !exit.Canceled || exit.Err != nil || out.String() != tc.out || exit.Start.IsZero() != (tc.out == "") {
		t.Errorf("%q, exit %+v", out.String(), exit)
	}
}

// lead begins a machine that leads, with what goes wrong.
func (tc overCase) lead(w *party) *Runner {
	var later atomic.Bool
	led := make(chan *Runner, 1)
	w.agentOn(w.t.Context(), "n0", w.dial("n0", func(_ context.Context, op string, after bool) error {
		if after || tc.fault == nil {
			return nil
		}
		return tc.fault(op, later.Load())
	}), nil, led)
	w.nodes.Go(func() {
		time.Sleep(time.Minute)
		later.Store(true)
		if tc.down {
			w.server.SetDown(true)
		}
	})
	return <-led
}

// failing fails one method, later only or always.
func failing(method string, err error, onlyLater bool) func(op string, later bool) error {
	return func(op string, later bool) error {
		if op == method && (later || !onlyLater) {
			return err
		}
		return nil
	}
}

// forgetful is a server that does not know the run any more, which the leader finds out later.
func forgetful(op string, later bool) error {
	switch {
	case op == "put-blob", op == "run":
		return remote.ErrGone
	case op == "renew" && later:
		return remote.ErrRefused
	}
	return nil
}

// TestLeavesSoon: a machine that has given up its server does not wait for it any more, though it has asked
// to keep its work.
func TestLeavesSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: 30 * time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		var cut atomic.Bool
		var extended atomic.Int32
		e := w.dial("n1", func(ctx context.Context, op string, _ bool) error {
			if !cut.Load() {
				return nil
			}
			if op == "extend" { // as an engine does while the server is away
				extended.Add(1)
				<-ctx.Done()
			}
			return remote.ErrUnreachable
		})
		a := NewAgent(w.config("n1", e, nil, func(cfg *AgentConfig) { cfg.Wait = 3 * time.Second }))
		w.nodes.Go(func() { w.many(t.Context(), r, 4) })
		left := make(chan time.Time, 1)
		w.nodes.Go(func() {
			a.Run(t.Context())
			left <- time.Now()
			_ = e.Close()
		})
		time.Sleep(10 * time.Second)
		cut.Store(true)
		from := time.Now()
		if took := (<-left).Sub(from); took > 3*time.Second+4*pause || extended.Load() == 0 {
			t.Errorf("the machine has left %v after it was cut off, and has asked to keep its work %d times", took, extended.Load())
		}
		time.Sleep(5 * time.Minute)
		w.finish(r)
	})
}

// TestKilledUnheard: a process that was to be killed has ended soon, though no machine has said so.
func TestKilledUnheard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Hour, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		ctx, cancel := context.WithCancel(t.Context())
		kill := make(chan struct{})
		var asked time.Time
		w.nodes.Go(func() {
			time.Sleep(10 * time.Second)
			w.server.SetDown(true)
			cancel()
			time.Sleep(time.Second)
			asked = time.Now()
			close(kill)
		})
		out, exit := w.one(ctx, r, func(s *testbin.Spec) { s.Kill = kill })
		if took := time.Since(asked); took != killWait || out != "" || !exit.Canceled || exit.Err != nil {
			t.Errorf("%v after it was to be killed: %q, %+v", took, out, exit)
		}
		w.server.SetDown(false)
		w.finish(r)
	})
}
