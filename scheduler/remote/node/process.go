package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// Starter starts a process, copies its output to out, and waits for its end, as [testbin.Run] does.
type Starter func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit

// process is one that an agent runs. Its channels end it from outside.
type process struct {
	cfg   *AgentConfig
	act   machine.Start
	begun func(limit time.Duration) // the process is about to start

	ctx        context.Context
	cancel     context.CancelCauseFunc
	quit, kill chan struct{}
	once       [2]sync.Once

	guard   atomic.Pointer[worker.Guard] // while it runs
	worlds  *worlds
	told    []Outcome // of set-ups, in the payload
	nonce   string
	payload []byte // once it has ended
}

func newProcess(ctx context.Context, cfg *AgentConfig, act machine.Start) *process {
	p := &process{cfg: cfg, act: act, quit: make(chan struct{}), kill: make(chan struct{}), nonce: rand.Text()}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	return p
}

// end ends the process in order.
func (p *process) end(how remote.Stop) {
	if how.Quit {
		p.once[0].Do(func() { close(p.quit) })
		return
	}
	if how.Kill {
		p.once[1].Do(func() { close(p.kill) })
	}
	signal := syscall.SIGTERM
	if how.Signal != 0 {
		signal = syscall.Signal(how.Signal)
	}
	p.cancel(testbin.Signal{Signal: signal})
}

// die ends the process at once.
func (p *process) die() { p.end(remote.Stop{Kill: true}) }

// run gets what the process needs, runs it and packs what came of it. The error is why it could not
// be run here.
func (p *process) run() error {
	defer p.cancel(nil)
	var o Order
	if err := json.Unmarshal(p.act.Lease.Work.Payload, &o); err != nil {
		return fmt.Errorf("read an order: %w", err)
	}
	if err := o.check(); err != nil {
		return err
	}
	file, err := p.cfg.Binaries.Binary(p.ctx, o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(p.cfg.Temp, "process-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // best effort: the agent removes Temp at its end
	places, err := p.places(o, dir)
	if err != nil {
		return err
	}
	e, err := p.enter(o)
	if refused, ok := errors.AsType[*worker.SetupError](err); ok {
		return p.refuse(refused)
	}
	if err != nil {
		return err
	}
	defer e.leave()
	spec, err := p.spec(o, file, places, e.vars)
	if err != nil {
		return err
	}
	return p.work(o, spec, places)
}

// enter waits for the set-ups of the worker.
func (p *process) enter(o Order) (entered, error) {
	if o.Needs == nil {
		return entered{leave: func() {}}, nil
	}
	p.begun(o.Needs.longest())
	return p.worlds.enter(p.ctx, p.act.Worker, p.act.Workers, o.Needs)
}

// refuse packs that the process was not started since a set-up has failed.
func (p *process) refuse(by *worker.SetupError) (err error) {
	p.told = p.worlds.outcomes(true)
	p.payload, err = packReport(Report{What: machine.Refused, Root: p.cfg.Root, World: p.told, Refused: by}, nil)
	return err
}

// places makes the folders that a process writes to.
func (p *process) places(o Order, dir string) ([]place, error) {
	var places []place
	for i, pl := range o.Places {
		path := filepath.Join(dir, "place"+strconv.Itoa(i))
		if pl.Folder {
			if err := os.Mkdir(path, 0o700); err != nil {
				return nil, err
			}
		}
		places = append(places, place{pl, path})
	}
	if o.Inputs == "" {
		return places, nil
	}
	file := filepath.Join(dir, "inputs")
	err := patiently(p.ctx, func() error { return p.cfg.Engine.GetBlob(p.ctx, o.Inputs, file) })
	if err == nil {
		err = checkSum(file, o.Inputs)
	}
	if err != nil {
		return nil, fmt.Errorf("get the inputs of %s: %w", o.Name, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	return places, readStream(f, places, func(time.Duration, []byte) error { return errors.New("inputs have output") })
}

func paths(places []place) []string {
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = p.path
	}
	return out
}

// spec is the process of an order on this machine.
func (p *process) spec(o Order, file string, places []place, made []world.Variable) (s testbin.Spec, err error) {
	s = testbin.Spec{
		Path: file, Exec: o.Exec, Dir: filepath.Join(p.cfg.Root, filepath.FromSlash(o.Dir)),
		KillAfter: o.KillAfter, WaitDelay: o.WaitDelay, Grace: o.Grace, Quit: p.quit, Kill: p.kill,
	}
	if s.Args, err = fill(o.Args, paths(places)); err != nil {
		return s, err
	}
	env, err := fill(o.Env, paths(places))
	if err != nil {
		return s, err
	}
	for _, v := range made {
		env = append(env, v.String())
	}
	s.Env = environ(p.cfg.Env, append(env, "COHORT_WORKER="+strconv.Itoa(p.act.Worker), "COHORT_WORKERS="+strconv.Itoa(p.act.Workers), "PWD="+s.Dir))
	return s, nil
}

// environ is an environment with other values for some names. What is cohort's own in it is not for
// tests: it says where the queue is, or is of a run that this one is a test of.
func environ(base, set []string) []string {
	var out []string
	names := make(map[string]bool)
	for _, kv := range set {
		name, _, _ := strings.Cut(kv, "=")
		names[name] = true
	}
	for _, kv := range base {
		name, _, _ := strings.Cut(kv, "=")
		if !names[name] && !strings.HasPrefix(name, "COHORT_") && name != "GOCOVERDIR" {
			out = append(out, kv)
		}
	}
	return append(out, set...)
}

// margin is how long after the end of a process its files may take on their way.
const margin = 2 * time.Minute

// work runs the process.
func (p *process) work(o Order, spec testbin.Spec, places []place) error {
	limit := time.Duration(0)
	if o.KillAfter > 0 {
		limit = o.KillAfter + o.WaitDelay + o.Grace + margin
	}
	p.begun(limit)
	l := p.act.Lease
	ch := newChunks(p.ctx, p.cfg.Engine, remote.Delivery{Node: p.cfg.Node, Batch: l.Work.Batch, Attempt: l.Work.Attempt, Delivery: l.Delivery, Nonce: p.nonce})
	out := &printed{stream: &streamWriter{w: ch, most: p.cfg.MaxOutput}, start: p.cfg.Now(), now: p.cfg.Now, over: func() { p.cancel(errOver) }}
	exit := p.guarded(o, spec, out)
	if out.err != nil && exit.Canceled && errors.Is(context.Cause(p.ctx), errOver) {
		exit.Canceled, exit.Err = false, out.err
	}
	if exit.Start.IsZero() && exit.Err != nil && p.ctx.Err() == nil {
		return exit.Err
	}
	// What is stored of a process that was stopped takes no longer than its grace.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), margin)
	defer cancel()
	go func() { // ends with ctx
		select {
		case <-p.kill:
			cancel()
		case <-ctx.Done():
		}
	}()
	ch.ctx = ctx
	for i, pl := range places {
		if err := out.stream.Tree(i, pl.path); err != nil {
			exit.Err = errors.Join(exit.Err, fmt.Errorf("keep what it has written: %w", err))
			break
		}
	}
	r := Report{What: machine.Ran, Exit: packExit(exit), Root: p.cfg.Root, Places: paths(places), Read: read(places, spec.Env)}
	r.Claim, r.Probe = &o.Claim, isProbe(o.Env)
	if o.Needs != nil {
		p.told = p.worlds.outcomes(false)
		r.World = p.told
	}
	tail := ch.finish(&r)
	var err error
	p.payload, err = packReport(r, tail)
	return err
}

// longTest is how long a test runs before the leader is told of it.
const longTest = 5 * time.Second

// runs is the test of the process that has run for longest, if that is long.
func (p *process) runs() (r remote.LongTest, long bool) {
	guard := p.guard.Load()
	if guard == nil {
		return r, false
	}
	test, since := guard.Longest()
	w := p.act.Lease.Work
	r = remote.LongTest{Key: remote.Key{Batch: w.Batch, Attempt: w.Attempt}, Test: test, For: p.cfg.Now().Sub(since)}
	return r, test != "" && r.For >= longTest
}

// guarded starts the process, and ends it if one of its tests runs for too long.
func (p *process) guarded(o Order, spec testbin.Spec, out io.Writer) testbin.Exit {
	guard := worker.NewGuard(o.Limits, p.cfg.Now)
	p.guard.Store(guard)
	defer p.guard.Store(nil)
	done := make(chan struct{})
	defer close(done)
	defer guard.Stop()
	go func() { // ends with done
		select {
		case <-guard.Quit():
			p.end(remote.Stop{Quit: true})
		case <-done:
		}
	}()
	return p.cfg.Start(p.ctx, spec, io.MultiWriter(guard, out))
}

// errOver ends a process whose output is over its limit.
var errOver = errors.New("its output is over the limit")

// printed takes what a process prints.
type printed struct {
	stream *streamWriter
	start  time.Time
	now    func() time.Time
	over   func()
	err    error
}

func (w *printed) Write(b []byte) (int, error) {
	if w.err = w.stream.Output(w.now().Sub(w.start), b); w.err != nil {
		w.over()
		return 0, w.err
	}
	return len(b), nil
}

// read returns the variables that tests have read, by their logs, with the sums of their values.
func read(places []place, env []string) map[string]string {
	out := make(map[string]string)
	for _, p := range places {
		if !p.Log {
			continue
		}
		b, err := os.ReadFile(p.path)
		if err != nil {
			continue // the leader finds no log
		}
		for _, name := range worker.LoggedVariables(b) {
			out[name] = sumOfVariable(env, name)
		}
	}
	return out
}

// sumOfVariable returns the sum of a variable's value, "" if it is not set. The last one counts.
func sumOfVariable(env []string, name string) string {
	sum := ""
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			sum = sumOf([]byte(value))
		}
	}
	return sum
}
