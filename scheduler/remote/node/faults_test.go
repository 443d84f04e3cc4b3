package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// one runs a process and returns its output and exit.
func (w *party) one(ctx context.Context, r *Runner, change func(s *testbin.Spec)) (string, testbin.Exit) {
	var out bytes.Buffer
	s := testbin.Spec{Path: w.binary("pkg.test", "binary"), Dir: w.root, Args: []string{"p"}, Grace: 10 * time.Second}
	if change != nil {
		change(&s)
	}
	e := r.Run(ctx, s, &out)
	return out.String(), e
}

// finish ends the run and waits for all nodes.
func (w *party) finish(r *Runner) {
	r.lead.Finish(0, "PASS")
	w.nodes.Wait()
}

// TestEnds: what ends a process on the leader's side ends it on the agent's.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end  func(cancel context.CancelCauseFunc, quit, kill chan struct{}, r *Runner)
		want string
	}{
		"a signal": {func(cancel context.CancelCauseFunc, _, _ chan struct{}, _ *Runner) {
			cancel(testbin.Signal{Signal: syscall.SIGINT})
		}, "ran p\n true false signal 2"},
		"the end of the context": {func(cancel context.CancelCauseFunc, _, _ chan struct{}, _ *Runner) { cancel(errors.New("why")) }, "ran p\n true false signal 15"},
		"quit":                   {func(_ context.CancelCauseFunc, quit, _ chan struct{}, _ *Runner) { close(quit) }, "ran p\n false true <nil>"},
		"the end of the run": {func(cancel context.CancelCauseFunc, _, _ chan struct{}, r *Runner) {
			r.lead.Cancel(2, false)
			cancel(testbin.Signal{Signal: syscall.SIGINT})
		}, "ran p\n true false signal 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{takes: time.Hour, runs: make(map[string]int)}
				w := newParty(t, f.start)
				led := make(chan *Runner, 1)
				w.agent(t.Context(), "n0", nil, led)
				r := <-led
				ctx, cancel := context.WithCancelCause(t.Context())
				quit, kill := make(chan struct{}), make(chan struct{})
				w.nodes.Go(func() {
					time.Sleep(time.Minute)
					tc.end(cancel, quit, kill, r)
				})
				out, e := w.one(ctx, r, func(s *testbin.Spec) { s.Quit, s.Kill = quit, kill })
				if got := fmt.Sprint(out, " ", e.Canceled, " ", e.Quit, " ", e.Err); got != tc.want {
					t.Errorf("%q, want %q", got, tc.want)
				}
				w.finish(r)
				cancel(nil)
			})
		})
	}
}

// TestTakeover: the leader dies, another node takes over, and what has a result does not run again.
func TestTakeover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: 4 * time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 3)
		first, die := context.WithCancel(t.Context())
		w.agent(first, "n0", nil, led)
		r := <-led
		time.Sleep(time.Second)
		w.agent(t.Context(), "n1", nil, led)
		done := make(chan []string)
		go func() { done <- w.many(first, r, 20) }()
		time.Sleep(10 * time.Second)
		die()
		if got := <-done; !slices.Contains(got, "-1 <nil>") || slices.ContainsFunc(got, func(g string) bool { return g != "-1 <nil>" && !strings.HasPrefix(g, "ran p") }) {
			t.Errorf("how the processes of the first leader have ended: %q", got)
		}
		r = <-led
		for i, got := range w.many(t.Context(), r, 20) {
			if want := fmt.Sprintf("ran p%d\n0 <nil>", i); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		twice := 0
		for _, n := range f.runs {
			twice += n - 1
		}
		if len(f.runs) != 20 || twice > 2 {
			t.Errorf("%d of 20 processes ran, %d again: at most the two of the first leader should have", len(f.runs), twice)
		}
		w.finish(r)
		slices.Sort(w.left)
		if got := strings.Join(w.left, ", "); got != "n0 3 it was ended, n1 0 PASS" {
			t.Errorf("left %s", got)
		}
	})
}

// TestOutput: output of any size comes back whole; over the limit it is a failure that says so.
func TestOutput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		size int
		err  string
	}{
		"little":    {100, ""},
		"a chunk":   {remote.MaxChunk, ""},
		"more":      {5 * remote.MaxChunk, ""},
		"the limit": {8 << 20, ""},
		"over it":   {8<<20 + 1, "more than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				line := []byte(strings.Repeat("0123456789", 4<<10))
				w := newParty(t, func(ctx context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
					e := testbin.Exit{Start: time.Now()}
					for n := tc.size; n > 0 && e.Err == nil; n -= len(line) {
						_, e.Err = out.Write(line[:min(n, len(line))])
					}
					e.Canceled, e.End = ctx.Err() != nil, time.Now()
					return e
				})
				w.most = 8 << 20
				led := make(chan *Runner, 1)
				w.agent(t.Context(), "n0", nil, led)
				r := <-led
				out, e := w.one(t.Context(), r, nil)
				if tc.err == "" && (len(out) != tc.size || e.Err != nil) {
					t.Errorf("%d bytes of %d, %v", len(out), tc.size, e.Err)
				}
				if tc.err != "" && (e.OK() || e.Canceled || e.Err == nil || !strings.Contains(e.Err.Error(), tc.err)) {
					t.Errorf("%+v", e)
				}
				w.finish(r)
			})
		})
	}
}

// TestChunks: a chunk that is lost or has changed is no output.
func TestChunks(t *testing.T) {
	t.Parallel()
	server := enginetest.NewServer(remote.DefaultTerms(), time.Now)
	e := server.Engine("n")
	at := remote.Delivery{Node: "n", Batch: "b"}
	c := newChunks(t.Context(), e, at)
	if _, err := c.Write(bytes.Repeat([]byte("x"), 2*remote.MaxChunk+5)); err != nil {
		t.Fatal(err)
	}
	var r Report
	tail := c.finish(&r)
	if r.Chunks != 2 || len(tail) != 5 {
		t.Fatalf("%d chunks and %d bytes", r.Chunks, len(tail))
	}
	s, err := stream(t.Context(), e, r, tail)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err := errors.Join(err, s.Close()); err != nil || len(got) != 2*remote.MaxChunk+5 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := stream(t.Context(), e, r, []byte("other")); !errors.Is(err, errWrongSum) {
		t.Errorf("another end: %v", err)
	}
	r.Chunks = 0
	if _, err := stream(t.Context(), e, r, tail); !errors.Is(err, errWrongSum) {
		t.Errorf("without its chunks: %v", err)
	}
	r.Chunks = 3
	if _, err := stream(t.Context(), e, r, tail); !errors.Is(err, remote.ErrGone) {
		t.Errorf("one more chunk: %v", err)
	}
}

// TestLimit: a test that runs for longer than it may ends its process, where it runs.
func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newParty(t, func(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
			e := testbin.Exit{Start: time.Now()}
			fmt.Fprint(out, "\x16=== RUN   TestA\n")
			select {
			case <-spec.Quit:
				e.Quit = true
			case <-time.After(time.Hour):
			}
			e.End = time.Now()
			return e
		})
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		_, e := w.one(t.Context(), r, func(s *testbin.Spec) { s.Limits = map[string]time.Duration{"TestA": 3 * time.Second} })
		if !e.Quit || e.End.Sub(e.Start) != 3*time.Second {
			t.Errorf("%+v", e)
		}
		w.finish(r)
	})
}

// TestBinaryThatDoesNotArrive: it is tried on three deliveries, and then fails with the reason. One that
// is not there yet is waited for.
func TestBinaryThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		why    string
		atMost int // tries
	}{
		"fails":    {errors.New("the disk is broken"), "get-blob: the disk is broken", 3},
		"is never": {remote.ErrGone, "the leader has not made it available for 5m0s", 3 * 310},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{takes: time.Second, runs: make(map[string]int)}
				w := newParty(t, f.start)
				var tries atomic.Int32
				led := make(chan *Runner, 1)
				e := w.dial("n0", func(_ context.Context, op string, _ bool) error {
					if op == "get-blob" {
						tries.Add(1)
						return tc.err
					}
					return nil
				})
				w.agentOn(t.Context(), "n0", e, nil, led)
				r := <-led
				_, exit := w.one(t.Context(), r, nil)
				if exit.OK() || exit.Err == nil || !strings.Contains(exit.Err.Error(), "machine n0: get test binary pkg.test: "+tc.why) || int(tries.Load()) > tc.atMost {
					t.Errorf("%d tries: %+v", tries.Load(), exit)
				}
				w.finish(r)
			})
		})
	}
}

// TestWrongSum: a binary with another content is not run.
func TestWrongSum(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := NewBinaries(liar{}, dir)
	sum := strings.Repeat("a", 64)
	if file, err := b.Binary(t.Context(), Order{Binary: sum, Name: "p.test"}); !errors.Is(err, errWrongFile) {
		t.Errorf("%s, %v", file, err)
	}
	if _, err := os.Stat(filepath.Join(dir, sum, "p.test")); err == nil {
		t.Error("it is still there")
	}
	if has := b.Has(); len(has) > 0 {
		t.Errorf("has %q", has)
	}
}

// liar is an engine whose files have another content.
type liar struct{ remote.Engine }

func (liar) GetBlob(_ context.Context, _, file string) error {
	return os.WriteFile(file, []byte("other"), 0o600)
}

// TestKiller: a process that ends each machine it runs on is a failure that names them.
func TestKiller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ends [4]context.CancelFunc
		var gone atomic.Bool // the others, so that the leader's node works
		w := newParty(t, func(ctx context.Context, spec testbin.Spec, _ io.Writer) testbin.Exit {
			for _, kv := range spec.Env {
				var n int
				if _, err := fmt.Sscanf(kv, "COHORT_WORKER=%d", &n); err == nil {
					time.Sleep(2 * time.Second)
					ends[n/2]()
				}
			}
			<-ctx.Done()
			return testbin.Exit{Code: -1, Canceled: true}
		})
		led := make(chan *Runner, 1)
		leader, cancel := context.WithCancel(t.Context())
		defer cancel()
		ends[0] = func() { t.Error("the leader's node ran it") }
		e := w.dial("n0", func(_ context.Context, op string, _ bool) error {
			if op == "fetch" && !gone.Load() {
				return remote.ErrEmpty
			}
			return nil
		})
		w.agentOn(leader, "n0", e, nil, led)
		r := <-led
		for i := 1; i < 4; i++ {
			time.Sleep(time.Second)
			ctx, end := context.WithCancel(t.Context())
			ends[i] = end
			w.agent(ctx, fmt.Sprint("n", i), nil, nil)
		}
		w.nodes.Go(func() { time.Sleep(90 * time.Second); gone.Store(true) })
		_, exit := w.one(t.Context(), r, nil)
		if exit.OK() || exit.Err == nil || !strings.Contains(exit.Err.Error(), "it was given to 3 machines, and none had a result; seen with it: n") {
			t.Errorf("%+v", exit)
		}
		for _, n := range []string{"n1", "n2", "n3"} {
			if exit.Err != nil && !strings.Contains(exit.Err.Error(), n) {
				t.Errorf("%s is not named: %v", n, exit.Err)
			}
		}
		w.finish(r)
	})
}

// TestLost: the tests of a process that no machine has survived fail by name, if they are known.
func TestLost(t *testing.T) {
	t.Parallel()
	payload, err := packReport(Report{What: machine.Lost, Why: "it was given to 3 machines"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := delivery{result: remote.Result{Node: "n3", Payload: payload}, took: []string{"n1", "n3", "n2"}}
	r := &Runner{lead: NewLead(LeadConfig{Now: time.Now}, remote.Run{}, time.Now())}
	const why = "it may end the machine that it runs on: it was given to 3 machines; seen with it: n1, n2"
	var out bytes.Buffer
	exit := r.lost(d, testbin.Spec{Path: "p.test", Tests: []string{"TestA", "TestB"}}, &out)
	want := "\x16=== RUN   TestA\n    " + why + "\n\x16--- FAIL: TestA (0.00s)\n\x16=== RUN   TestB\n    " + why + "\n\x16--- FAIL: TestB (0.00s)\n\x16FAIL\n"
	if !d.lost() || out.String() != want || exit.Code != 1 || exit.Err != nil || !exit.Lost {
		t.Errorf("%+v, %q", exit, out.String())
	}
	out.Reset()
	if exit := r.lost(d, testbin.Spec{Path: "p.test"}, &out); exit.Code != -1 || exit.Err == nil || exit.Err.Error() != "start p.test: "+why || out.Len() > 0 {
		t.Errorf("%+v, %q", exit, out.String())
	}
}

// TestFencing: an agent that cannot reach the server kills its process when its lease runs out, before
// another machine has it.
func TestFencing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, runs := make(map[string]int), 0
		w := newParty(t, func(ctx context.Context, spec testbin.Spec, _ io.Writer) testbin.Exit {
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				runs += max(n, 0)
				if running[spec.Args[0]] += n; running[spec.Args[0]] > 1 {
					t.Errorf("two copies of %s run at the same time", spec.Args[0])
				}
			}
			count(1)
			defer count(-1)
			e := testbin.Exit{Start: time.Now()}
			select {
			case <-ctx.Done():
				e.Canceled = true
			case <-time.After(40 * time.Second):
			}
			e.End = time.Now()
			return e
		})
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		var cut atomic.Bool
		e := w.dial("n1", func(_ context.Context, op string, after bool) error {
			if cut.Load() {
				return remote.ErrUnreachable
			}
			cut.Store(op == "get-blob" && after)
			return nil
		})
		w.agentOn(t.Context(), "n1", e, nil, nil)
		time.Sleep(3 * time.Second)
		for _, got := range w.many(t.Context(), r, 3) { // one more than n0 has workers
			if got != "0 <nil>" {
				t.Error(got)
			}
		}
		if !cut.Load() {
			t.Error("n1 had nothing")
		}
		if runs != 4 {
			t.Errorf("%d processes ran, want 3 and the one of n1 again", runs)
		}
		w.finish(r)
	})
}

// TestOtherCheckout: a machine with another source takes no part.
func TestOtherCheckout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		e := w.dial("n1", nil)
		a := NewAgent(w.config("n1", e, nil, func(cfg *AgentConfig) { cfg.Facts.Source = "other" }))
		code, why := a.Run(t.Context())
		if code != 3 || !strings.Contains(why, `source "", here "other"`) {
			t.Errorf("%d %s", code, why)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		w.finish(r)
	})
}

// TestClock: a machine's clock never goes back, and does not stand still while the machine sleeps.
func TestClock(t *testing.T) {
	t.Parallel()
	base := time.Now()
	now := base
	c := newClock(func() time.Time { return now })
	start := c.Now()
	since := func() time.Duration { return c.Now().Sub(start) }
	now = base.Add(time.Second)
	if got := since(); got != time.Second {
		t.Errorf("after a second: %v", got)
	}
	now = base.Round(0).Add(time.Hour) // no monotonic reading: the time of day alone
	if got := since(); got != time.Hour {
		t.Errorf("after an hour's sleep: %v", got)
	}
	now = base.Round(0).Add(-time.Hour)
	if got := since(); got != time.Hour {
		t.Errorf("after the time of day was set back: %v", got)
	}
}
