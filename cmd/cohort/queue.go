package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/scratch"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// queueRun is this machine's part in a run that several share.
type queueRun struct {
	cmd    *command
	opts   *options
	engine remote.Engine
	place  *queuePlace
	facts  remote.Facts
	node   string
	slots  int
	temp   string
	args   *gotest.Args
	past   queuePast
	door   *queueDoor
	runner atomic.Pointer[node.Runner] // nil until this machine leads
	worker *node.Agent                 // what takes work here; take sets it
	led    chan leadership             // takes one: a machine leads once
}

// leadership is what makes this machine the leader since a time.
type leadership struct {
	run   remote.Run
	asked time.Time
}

// runQueue takes part in a run that several machines share, and returns its verdict.
func (c *command) runQueue(opts *options) (err error) {
	q := &queueRun{cmd: c, opts: opts, door: newQueueDoor(c.log), led: make(chan leadership, 1)}
	args, err := gotest.ParseArgs(testCommand(opts, rerunArgs{})[2:], c.env.list)
	if err != nil {
		return err
	}
	if args.PassThrough != "" {
		return &usage.Error{Problems: []string{fmt.Sprintf("--queue cannot be used with %s", args.PassThrough)}}
	}
	q.args, q.slots = args, workers(opts.run.workers, args.P)
	if q.place, err = c.findQueuePlace(args); err != nil {
		return err
	}
	if q.facts, err = q.place.facts(args, c.env.list); err != nil {
		return err
	}
	temp, err := scratch.Make("", "queue-")
	if err != nil {
		return err
	}
	q.temp = temp.Path
	defer func() { err = errors.Join(err, temp.Remove()) }()
	q.keepHistory()
	q.node = nodeName()
	conn, err := c.startBridge(append(opts.queue.words(), "--node="+q.node))
	if err != nil {
		return err
	}
	reach, cancel := context.WithTimeout(context.Background(), opts.queue.wait+queueEnd)
	defer cancel()
	if q.engine, err = remote.Dial(reach, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.engine.Close()) }()
	if err := q.checkOver(reach); err != nil {
		return err
	}
	return q.take()
}

// nodeName is what this machine is called: its host's name, and something that tells two on one host
// apart.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node" // its name is for people only
	}
	host, _, _ = strings.Cut(host, ".")
	host = strings.Map(func(r rune) rune {
		if remote.CheckID(string(r)) != nil {
			return '-'
		}
		return r
	}, host)
	return host[:min(len(host), remote.MaxID-8)] + "-" + strings.ToLower(rand.Text()[:6])
}

// checkOver reports that the run is over already: a name of a run is used once.
func (q *queueRun) checkOver(ctx context.Context) error {
	run, err := q.engine.Run(ctx)
	switch {
	case errors.Is(err, remote.ErrGone):
		return nil
	case err != nil:
		return err
	case run.State.Phase != remote.Done:
		return nil
	case q.opts.queue.role == queueAgent && machine.Differences(run.Facts, q.facts) == nil:
		return q.verdict(run.State.Code, run.State.Verdict)
	}
	return fmt.Errorf("--queue-run=%s: this run is over (%s): a name is for one run, so add the attempt to it", q.opts.queue.runID, run.State.Verdict)
}

// verdict ends this machine with the run's exit code.
func (q *queueRun) verdict(code int, why string) error {
	q.cmd.log.infof("=== Queue: run %s: %s", q.opts.queue.runID, why)
	if code == 0 {
		return nil
	}
	return exitStatus{code}
}

// take takes work, and leads if this machine is to, until the run is over.
func (q *queueRun) take() error {
	binaries := q.binaries()
	defer q.tellBinaries(binaries)
	agent := node.NewAgent(q.agent(binaries))
	q.worker = agent
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	left := make(chan agentEnd, 1)
	go func() { // ends with the agent; received below
		code, why := agent.Run(ctx)
		left <- agentEnd{code, why}
	}()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, heededSignals()...)
	defer signal.Stop(signals)
	q.cmd.log.infof("=== Queue: run %s: this machine is %s", q.opts.queue.runID, q.node)
	var first time.Time // of the signals
	for {
		select {
		case l := <-q.led:
			signal.Stop(signals)
			return q.leadAndWork(l, left, kill)
		case sig := <-signals:
			if !first.IsZero() && time.Since(first) >= echo {
				agent.Abandon()
				kill() // the server may be gone, so that nothing can be given back
				<-left
				return signalStatus(sig)
			}
			if first.IsZero() {
				first = time.Now()
			}
			agent.Quit(signalStatus(sig).code, fmt.Sprintf("%v: what ran here is left to others", sig))
		case e := <-left:
			if err := e.err(); err != nil {
				return err
			}
			return q.verdict(e.code, e.why)
		}
	}
}

// agentEnd is how the work on this machine ended, with an exit code and a reason.
type agentEnd struct {
	code int
	why  string
}

// err is why the machine has given up; nil: the run has ended, or the user has ended it here.
func (e agentEnd) err() error {
	if e.code != exitError || strings.HasPrefix(e.why, verdictBegins) {
		return nil
	}
	return fmt.Errorf("--queue: %s", e.why)
}

// leadAndWork leads the run while this machine's own agent works, which kill ends.
func (q *queueRun) leadAndWork(by leadership, left <-chan agentEnd, kill func()) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	done := make(chan leadEnd, 1)
	go func() { done <- q.lead(ctx, by) }() // ends with the run; received below
	select {
	case end := <-done:
		if end.lost || exitCode(end.status) == exitError {
			kill() // it may not get to know that the run is over
		}
		<-left
		return end.status
	case e := <-left:
		why := e.err()
		if why != nil {
			cancel(errors.New(e.why)) // there may be nobody else
		}
		end := <-done
		if end.lost {
			return end.status // it says why, which may be this
		}
		return errors.Join(end.status, why)
	}
}

// agent says what takes work here.
func (q *queueRun) agent(binaries *node.Binaries) node.AgentConfig {
	return node.AgentConfig{
		AgentConfig: machine.AgentConfig{
			Node: q.node, Slots: q.slots, Terms: q.engine.Terms(), Wait: q.opts.queue.wait,
			MayLead: q.opts.queue.role != queueAgent, MustLead: q.opts.queue.role == queueLeader,
			KeepWorld: q.opts.world.keep.keeps(true, true),
		},
		Engine: q.engine, Binaries: binaries, Facts: q.facts, Root: q.place.root, Temp: q.temp,
		Env: q.place.env, Start: testbin.Run, Say: q.door.say, Now: time.Now,
		Led:     func(run remote.Run, asked time.Time) { q.led <- leadership{run, asked} },
		Differs: q.differs, World: q.tellSetup, Stays: q.tellStays,
	}
}

// queuePlace is where the tests are on this machine.
type queuePlace struct {
	root string   // of the module, or of the workspace
	env  []string // of test processes
	// source is what all machines of a run have the same of.
	source sourceList
	// what the go command says of itself
	goVersion, goOS, goArch string
}

// findQueuePlace asks the go command where it is.
func (c *command) findQueuePlace(args *gotest.Args) (*queuePlace, error) {
	cmd := exec.Command("go", "env", "-json", "GOVERSION", "GOOS", "GOARCH", "GOMOD", "GOWORK", "GOROOT")
	cmd.Dir, cmd.Env, cmd.Stderr = args.Dir, c.env.list, c.stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	var said struct{ GOVERSION, GOOS, GOARCH, GOMOD, GOWORK, GOROOT string }
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	p := &queuePlace{goVersion: said.GOVERSION, goOS: said.GOOS, goArch: said.GOARCH}
	switch {
	case said.GOWORK != "" && said.GOWORK != "off":
		p.root = filepath.Dir(said.GOWORK)
	case said.GOMOD != "" && said.GOMOD != os.DevNull:
		p.root = filepath.Dir(said.GOMOD)
	default:
		return nil, &usage.Error{Problems: []string{"--queue: there is no module here, whose tests could run on other machines"}}
	}
	p.env = testEnviron(c.env.list, said.GOROOT)
	p.source, err = readSource(p.root, c.env.list)
	return p, err
}

// testEnviron is the environment that the go command gives tests, as it is here.
func testEnviron(env []string, goroot string) []string {
	bin := filepath.Join(goroot, "bin")
	out := slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "GOROOT=") })
	for i, kv := range out {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok && path != bin && !strings.HasPrefix(path, bin+string(filepath.ListSeparator)) {
			out[i] = "PATH=" + bin + string(filepath.ListSeparator) + path
		}
	}
	return append(out, "GOROOT="+goroot)
}

// facts are what all machines of the run must agree on.
func (p *queuePlace) facts(args *gotest.Args, env []string) (remote.Facts, error) {
	f := remote.Facts{
		Protocol: remote.Protocol, Source: p.source.hash(), Files: p.source.sum(), Go: p.goVersion, OS: p.goOS, Arch: p.goArch, Root: p.root,
		Seed: mathrand.Int64N(1 << 31), // short enough to be typed
	}
	words, err := args.Command(gotest.CommandOptions{Self: "cohort"})
	if err != nil {
		return f, err
	}
	f.Arguments = words[1:]
	if slices.Contains(words, "-trimpath") || strings.Contains(gotest.GoEnv(env, "GOFLAGS"), "-trimpath") {
		f.Root = ""
	}
	return f, nil
}
