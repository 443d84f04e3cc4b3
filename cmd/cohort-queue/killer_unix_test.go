//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// killer is a unit that kills the machine it runs on.
const killer = "unit-666"

// TestKiller: a unit that kills machines runs on three of them, and then fails with their names.
// What else they had runs.
func TestKiller(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead := engineAt(t, address, "r1", "lead")
	asked := time.Now()
	run, err := lead.Lead(limit(t), remote.Facts{Protocol: remote.Protocol})
	ok(t, err)
	leader := node.NewLead(node.LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: "lead", Terms: brief(), Wait: patience, Grace: time.Second},
		Engine:       lead, Say: func(string) {}, Now: time.Now,
	}, run, asked)
	led := make(chan error, 1)
	go func() { led <- leader.Run(context.WithoutCancel(t.Context())) }() // ends with Finish
	root := t.TempDir()
	log := filepath.Join(root, "log")
	binary := filepath.Join(root, "pkg.test")
	ok(t, os.WriteFile(binary, []byte("binary"), 0o700))
	r := node.NewRunner(node.RunnerConfig{Engine: lead, Root: root}, leader)
	var units sync.WaitGroup
	exits := make([]testbin.Exit, 8)
	for i := range exits {
		name := fmt.Sprint("unit-", i+1)
		if i == 0 {
			name = killer
		}
		units.Go(func() {
			exits[i] = r.Run(t.Context(), testbin.Spec{Path: binary, Dir: root, Args: []string{name}}, io.Discard)
		})
	}
	const machines = 4
	var agents []*process
	for i := range machines { // one after the other: each lives until it gets the unit
		agents = append(agents, launch(t, "agent", address, fmt.Sprint("n", i+1), root, log, "brief"))
	}
	units.Wait()
	for i, exit := range exits[1:] {
		if exit.Err != nil {
			t.Errorf("unit %d: %v", i+2, exit.Err)
		}
	}
	data, err := os.ReadFile(log)
	ok(t, err)
	if n := strings.Count(string(data), killer+"\n"); n != 3 || exits[0].Err == nil {
		t.Errorf("it ran %d times: %v", n, exits[0].Err)
	}
	dead, named := 0, 0
	for i, p := range agents {
		name := fmt.Sprint("n", i+1)
		select {
		case <-p.ended:
			dead++
			if exits[0].Err != nil && strings.Contains(exits[0].Err.Error(), name) {
				named++
			}
		default:
		}
	}
	if dead != 3 || named < 2 { // the first may have died before it has said what it holds
		t.Errorf("%d machines are dead, %d are named: %v", dead, named, exits[0].Err)
	}
	leader.Finish(1, "DONE")
	if err := <-led; err != nil {
		t.Errorf("the leader: %v", err)
	}
}
