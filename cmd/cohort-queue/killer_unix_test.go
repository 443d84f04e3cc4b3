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
// What else they had runs. Leases are as short as this machine can bear: one that runs out where nothing is
// wrong looks like the work of the unit.
func TestKiller(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{time.Second, 4 * time.Second, 16 * time.Second} {
		if killsThree(t, wait) {
			return
		}
	}
	t.Error("it never ran on three machines")
}

// killsThree reports whether the unit has run on three machines, and has killed them.
func killsThree(t *testing.T, wait time.Duration) bool {
	t.Helper()
	address, _ := serving(t)
	terms := holding()
	terms.AckWait = wait
	lead := engineWith(t, &queueFlags{url: address, runID: "r1"}, "lead", terms, limits{})
	asked := time.Now()
	run, err := lead.Lead(limit(t), remote.Facts{Protocol: remote.Protocol})
	ok(t, err)
	leader := node.NewLead(node.LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: "lead", Terms: terms, Wait: patience, Grace: time.Second},
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
		agents = append(agents, launch(t, "agent", address, fmt.Sprint("n", i+1), root, log, wait.String()))
	}
	units.Wait()
	for i, exit := range exits[1:] {
		if exit.Err != nil {
			t.Errorf("unit %d: %v", i+2, exit.Err)
		}
	}
	data, err := os.ReadFile(log)
	ok(t, err)
	ran := strings.Count(string(data), killer+"\n")
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
	leader.Finish(1, "DONE")
	if err := <-led; err != nil {
		t.Errorf("the leader: %v", err)
	}
	if ran != 3 || dead != 3 {
		t.Logf("leases of %v: it ran %d times, %d machines are dead: %v", wait, ran, dead, exits[0].Err)
		return false
	}
	if named < 2 { // the first may have died before it has said what it holds
		t.Errorf("%d machines are named: %v", named, exits[0].Err)
	}
	return true
}
