//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// How a run of the soak ends.
const (
	soakCode    = 1
	soakVerdict = "DONE by "
)

// resultsFile is where a machine that leads writes what came of all units.
func resultsFile(root, name string) string { return filepath.Join(root, "results-"+name) }

// openAt opens the engine of a machine that is a process.
func openAt(ctx context.Context, address, name string, terms remote.Terms) (*engine, error) {
	l, err := dial(ctx, &queueFlags{url: address, runID: "r1"}, name)
	if err != nil {
		return nil, err
	}
	return open(l, "r1", name, terms, limits{})
}

// unitRunner is an agent that runs units, which are no processes.
func unitRunner(e *engine, slots int, root, log string) (node.AgentConfig, error) {
	temp, err := os.MkdirTemp(root, e.node)
	return node.AgentConfig{
		AgentConfig: machine.AgentConfig{Node: e.node, Slots: slots, Terms: e.terms, Wait: patience},
		Engine:      e, Binaries: node.NewBinaries(e, temp), Facts: remote.Facts{Protocol: remote.Protocol},
		Root: root, Temp: temp, Now: time.Now, Say: func(text string) { fmt.Fprintln(os.Stderr, text) },
		Start: func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
			return fakeUnit(ctx, spec, out, log)
		},
	}, err
}

// runAgent is a machine that runs units and never leads.
func runAgent() error {
	address, name, root, log := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	terms, slots := takeoverTerms(), 2
	if len(os.Args) > 5 { // how long leases are
		wait, err := time.ParseDuration(os.Args[5])
		if err != nil {
			return err
		}
		terms, slots = brief(), 1
		terms.AckWait = wait
	}
	ctx, cancel := contextOfProcess()
	defer cancel()
	e, err := openAt(ctx, address, name, terms)
	if err != nil {
		return err
	}
	config, err := unitRunner(e, slots, root, log)
	if err != nil {
		return err
	}
	code, why := node.NewAgent(config).Run(ctx)
	return leave(e, config.Temp, code, why)
}

// leave ends the process of a machine.
func leave(e *engine, temp string, code int, why string) error {
	if err := errors.Join(e.Close(), os.RemoveAll(temp)); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, why)
	os.Exit(code)
	return nil
}

// unitLead is what a machine needs to lead the run of some units.
type unitLead struct {
	engine *engine
	run    remote.Run
	asked  time.Time
	root   string
	units  int
	// verdict is that of the run. It is given once before returns without an error.
	verdict string
	before  func(ctx context.Context, results []string) error
}

// lead leads the run, and returns what came of each unit.
func (u unitLead) lead(ctx context.Context) ([]string, error) {
	lead := node.NewLead(node.LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: u.engine.node, Terms: u.engine.Terms(), Wait: patience, Grace: time.Second},
		Engine:       u.engine, Say: func(text string) { fmt.Fprintln(os.Stderr, text) }, Now: time.Now,
	}, u.run, u.asked)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { // ends with Finish, or ctx
		err := lead.Run(ctx)
		cancel()
		ended <- err
	}()
	r := node.NewRunner(node.RunnerConfig{Engine: u.engine, Root: u.root}, lead)
	results := make([]string, u.units)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			var out bytes.Buffer
			exit := r.Run(ctx, testbin.Spec{Path: filepath.Join(u.root, "pkg.test"), Dir: u.root, Args: []string{fmt.Sprint("unit-", i)}, Tests: []string{fmt.Sprint("unit-", i)}}, &out)
			results[i] = fmt.Sprintf("%s%d %v", out.String(), exit.Code, exit.Err)
		})
	}
	all.Wait()
	if u.before != nil {
		if err := u.before(ctx, results); err != nil {
			cancel()
			return nil, errors.Join(err, <-ended)
		}
	}
	lead.Finish(soakCode, u.verdict)
	return results, <-ended
}

// leadership is what makes a machine lead.
type leadership struct {
	run   remote.Run
	asked time.Time
}

// runMachine is a machine of the soak: it runs units, and leads if nobody does.
func runMachine() error {
	address, name, root, log := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx, cancel := contextOfProcess()
	defer cancel()
	e, err := openAt(ctx, address, name, soakTerms())
	if err != nil {
		return err
	}
	config, err := unitRunner(e, 2, root, log)
	if err != nil {
		return err
	}
	led := make(chan leadership, 1)
	config.MayLead = true
	config.Led = func(run remote.Run, asked time.Time) { led <- leadership{run, asked} }
	agent := node.NewAgent(config)
	left := make(chan int, 1)
	go func() { // ends with the run, or ctx
		code, why := agent.Run(ctx)
		fmt.Fprintln(os.Stderr, why)
		left <- code
	}()
	code := 0
	select {
	case code = <-left:
	case l := <-led:
		code = leadAndWork(ctx, cancel, unitLead{
			engine: e, run: l.run, asked: l.asked, root: root, units: soakUnits, verdict: soakVerdict + name,
			before: func(ctx context.Context, results []string) error {
				return settle(ctx, e, resultsFile(root, name), results)
			},
		}, left)
	}
	return leave(e, config.Temp, code, "it leaves")
}

// leadAndWork leads while the machine's own agent works. The exit code is the verdict's if both
// come to it.
func leadAndWork(ctx context.Context, cancel func(), u unitLead, left <-chan int) int {
	done := make(chan error, 1)
	go func() { // ends with the run; received below
		_, err := u.lead(ctx)
		done <- err
	}()
	code, err := 0, error(nil)
	select {
	case err = <-done:
		if err != nil {
			cancel()
		}
		code = <-left
	case code = <-left:
		if code != soakCode {
			cancel()
		}
		err = <-done
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the leader:", err)
		return exitError
	}
	return code
}

// settle waits until the queue is empty, and writes what came of all units.
func settle(ctx context.Context, e *engine, file string, results []string) error {
	for {
		lanes, err := e.Lanes(ctx)
		if err != nil {
			return err
		}
		some := 0
		for _, l := range lanes {
			some += l.Waiting + l.Leased
		}
		if some == 0 {
			break
		}
		pause(ctx, tick)
	}
	data, err := json.Marshal(results)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// holdsUnits begins to hold the units that write to a log.
func holdsUnits(log string) error { return os.WriteFile(log+".held", nil, 0o600) }

// releaseUnits lets them go on.
func releaseUnits(log string) error { return os.Remove(log + ".held") }

// heldBack reports whether a unit waits: when half of the units have begun, those that begin then.
func heldBack(log string) bool {
	if _, err := os.Stat(log + ".held"); err != nil {
		return false
	}
	data, err := os.ReadFile(log)
	return err == nil && len(strings.Fields(string(data))) > takeoverUnits/2
}

// fakeUnit is a unit: it says that it ran, and takes a moment.
func fakeUnit(ctx context.Context, spec testbin.Spec, out io.Writer, log string) testbin.Exit {
	exit := testbin.Exit{Start: time.Now()}
	name := spec.Args[0]
	f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, name)
		err = errors.Join(err, f.Close())
	}
	if name == killer {
		err = errors.Join(err, syscall.Kill(os.Getpid(), syscall.SIGKILL))
	}
	pause(ctx, 20*time.Millisecond)
	for heldBack(log) && ctx.Err() == nil {
		pause(ctx, 20*time.Millisecond)
	}
	_, outErr := fmt.Fprintln(out, "ran", name)
	var number int
	_, scanErr := fmt.Sscanf(name, "unit-%d", &number)
	if number%7 == 0 {
		exit.Code = 1
	}
	if ctx.Err() != nil {
		exit = testbin.Exit{Code: -1, Canceled: true, Start: exit.Start}
	}
	exit.End, exit.Err = time.Now(), errors.Join(err, outErr, scanErr)
	return exit
}
