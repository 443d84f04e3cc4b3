//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

const takeoverUnits = 80

// takeoverTerms let a leader be missed soon.
func takeoverTerms() remote.Terms {
	return remote.Terms{AckWait: 3 * time.Second, LeaderTTL: 4 * time.Second, NodeTTL: 4 * time.Second}
}

// TestTakeover: the leader is killed, another machine takes over, and what has a result by then
// does not run again.
func TestTakeover(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	root := t.TempDir()
	log := filepath.Join(root, "log")
	ok(t, os.WriteFile(filepath.Join(root, "pkg.test"), []byte("binary"), 0o700))
	ok(t, holdsUnits(log))
	first := launch(t, "leader", address, root)
	second := takeoverEngine(t, address)
	var agents []*process
	for i := range 2 {
		agents = append(agents, launch(t, "agent", address, fmt.Sprint("n", i), root, log))
	}
	counted := new(view)
	eventually(t, "some units are done", func() bool {
		ok(t, second.viewResults(limit(t), counted))
		return counted.Done >= takeoverUnits/4
	})
	first.kill()
	ok(t, second.viewResults(limit(t), counted))
	if counted.Done >= takeoverUnits {
		t.Fatal("all are done")
	}
	var run remote.Run
	var asked time.Time
	eventually(t, "the lock is free", func() bool {
		asked = time.Now()
		var err error
		run, err = second.Lead(limit(t), remote.Facts{Protocol: remote.Protocol})
		ok(t, err)
		return run.Fence != 0
	})
	done := resultsOf(t, second)
	ok(t, releaseUnits(log))
	results, err := unitLead{engine: second, run: run, asked: asked, root: root, units: takeoverUnits, verdict: "DONE"}.lead(t.Context())
	ok(t, err)
	for i, got := range results {
		if want := fmt.Sprintf("ran unit-%d\n", i); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "<nil>") {
			t.Errorf("unit %d: %q", i, got)
		}
	}
	data, err := os.ReadFile(log)
	ok(t, err)
	runs := len(strings.Fields(string(data)))
	if len(done) < takeoverUnits/4 || runs < takeoverUnits || runs-takeoverUnits >= takeoverUnits/4 {
		t.Errorf("%d executions of %d units, of which %d had results", runs, takeoverUnits, len(done))
	}
	t.Logf("%d executions of %d units, of which %d had results", runs, takeoverUnits, len(done))
	for _, a := range agents {
		if code := a.wait(t); code != 1 {
			t.Errorf("an agent exits with %d: %s", code, a.stderr)
		}
	}
	if all := resultsOf(t, second); len(all) != takeoverUnits {
		t.Errorf("%d results", len(all))
	}
}

func takeoverEngine(t *testing.T, address string) *engine {
	t.Helper()
	l, err := dial(limit(t), &queueFlags{url: address, runID: "r1"}, "second")
	ok(t, err)
	e, err := open(l, "r1", "second", takeoverTerms(), limits{})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	return e
}

// resultsOf are the batches that have results.
func resultsOf(t *testing.T, e *engine) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	v := new(view)
	ok(t, e.viewResults(limit(t), v))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if v.Done == 0 {
		return all
	}
	ok(t, e.Watch(ctx, remote.ResultEvents, func(ev remote.Event) {
		all[ev.Result.Batch] = true
		if len(all) >= v.Done {
			cancel()
		}
	}))
	return all
}

// runLeader is a machine that leads the run of the takeover.
func runLeader() error {
	ctx, cancel := contextOfProcess()
	defer cancel()
	e, err := openAt(ctx, os.Args[1], "first", takeoverTerms())
	if err != nil {
		return err
	}
	asked := time.Now()
	run, err := e.Lead(ctx, remote.Facts{Protocol: remote.Protocol})
	if err != nil {
		return err
	}
	_, err = unitLead{engine: e, run: run, asked: asked, root: os.Args[2], units: takeoverUnits, verdict: "DONE"}.lead(ctx)
	return err
}
