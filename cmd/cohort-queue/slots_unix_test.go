//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestManySlots: a leader feeds more than a thousand workers at the same time, with a real server.
// The units are no processes.
func TestManySlots(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it has 1,200 units run at the same time")
	}
	const machines, slots = 12, 100 // a machine leases one unit after the other
	address, _ := serving(t)
	root := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(root, "pkg.test"), []byte("binary"), 0o700))
	all := newMeeting(machines * slots)
	lead := steadyAt(t, address, "r1", "lead")
	asked := time.Now()
	run, err := lead.Lead(limit(t), remote.Facts{Protocol: remote.Protocol})
	ok(t, err)
	var agents sync.WaitGroup
	for i := range machines {
		config, err := unitRunner(steadyAt(t, address, "r1", fmt.Sprint("n", i)), slots, root, "")
		ok(t, err)
		config.Start = all.unit
		agents.Go(func() {
			if code, why := node.NewAgent(config).Run(t.Context()); code != soakCode {
				t.Errorf("an agent exits with %d: %s", code, why)
			}
		})
	}
	results, err := unitLead{engine: lead, run: run, asked: asked, root: root, units: machines * slots, verdict: "DONE"}.lead(limit(t))
	ok(t, err)
	for i, got := range results {
		if got != "0 <nil>" {
			t.Errorf("unit %d: %q", i, got)
		}
	}
	agents.Wait()
	if all.runs != machines*slots {
		t.Errorf("%d executions", all.runs)
	}
}

// meeting is units that run until all of them do.
type meeting struct {
	all chan struct{} // closed when they do
	n   int

	mu   sync.Mutex // guards what follows
	runs int
}

func newMeeting(n int) *meeting { return &meeting{all: make(chan struct{}), n: n} }

// unit is one of them.
func (m *meeting) unit(ctx context.Context, _ testbin.Spec, _ io.Writer) testbin.Exit {
	exit := testbin.Exit{Start: time.Now()}
	m.mu.Lock()
	if m.runs++; m.runs == m.n {
		close(m.all)
	}
	m.mu.Unlock()
	select {
	case <-m.all:
	case <-ctx.Done():
		exit.Code, exit.Canceled = -1, true
	}
	exit.End = time.Now()
	return exit
}
