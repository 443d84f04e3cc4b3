package world

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultTimeout is how long a set-up may take that says nothing else, and as long its tear-down.
const DefaultTimeout = 5 * time.Minute

// maxEnvFile bounds what a set-up writes for the tests, in bytes. A whole environment has less.
const maxEnvFile = 1 << 20

// Setup is a set-up with its tear-down.
type Setup struct {
	// Name is what it is called in messages.
	Name string
	// Run and TearDown are the commands. There may be no TearDown.
	Run, TearDown Command
	// Timeout bounds each of the two, 0 is DefaultTimeout.
	Timeout time.Duration
	// PerAttempt reports that a worker's set-up is run anew for each attempt of a test or group. Those
	// come after all that are run once for a worker.
	PerAttempt bool
	// Source says where it is written, "file:line".
	Source string
}

// Config says how the commands of a run are run. Nothing changes it.
type Config struct {
	// Run are the set-ups of the run, Worker those of each worker, in their order.
	Run, Worker []Setup
	// ID names the run, Workers is how many workers it has.
	ID      string
	Workers int
	// Env is the environment of the commands, without what they are told of the run. Dir is the
	// folder in which they run.
	Env []string
	Dir string
	// Files is a private folder, for the files of COHORT_ENV.
	Files string
	// Kill, once closed, ends at once what was interrupted. Nil never does.
	Kill <-chan struct{}
	// Now is the clock.
	Now func() time.Time
}

// Outcome is what came of a command.
type Outcome struct {
	Action
	// Name is that of the set-up, Command what was run.
	Name, Command string
	// Machine names the one on which it was run, "" for this one.
	Machine string
	// Err is nil if it went well.
	Err error
	// Output is what it printed, in the middle cut short.
	Output     string
	Start, End time.Time
}

// Remains is a part that stands, and how to end it.
type Remains struct {
	Part
	Name string
	// For is whose attempt it stands for, if it is set up for each.
	For Attempt
	// Variables are those that the set-up has written.
	Variables []Variable
	// TearDown is a line for a shell that runs the tear-down as cohort would, "" for none.
	TearDown string
}

// Runner runs set-ups and tear-downs. Its methods may be called concurrently.
type Runner struct {
	cfg Config

	mu    sync.Mutex
	parts map[Part]*standing // as they were started last
	order []Part
	// starts is how many set-ups were started, names are those of the variables that they have written.
	starts int
	names  map[string]bool
}

// standing is a part that has been started.
type standing struct {
	setup Setup
	// attempt is whose it is, if it is set up for each attempt.
	attempt Attempt
	// vars is what its set-up has written, seen what those before it had.
	vars, seen []Variable
	setUp      *process // nil if it did not start
	torn       bool     // its tear-down has begun
	gone       bool     // and ended
}

// NewRunner returns a Runner that has run nothing.
func NewRunner(c Config) *Runner {
	return &Runner{cfg: c, parts: make(map[Part]*standing), names: make(map[string]bool)}
}

// Setup returns the set-up of a part.
func (r *Runner) Setup(p Part) Setup {
	if p.Worker == Everyone {
		return r.cfg.Run[p.Number]
	}
	return r.cfg.Worker[p.Number]
}

// SetUp runs the set-up of an action's part, once, and again only after its tear-down. It ends early
// when ctx does.
func (r *Runner) SetUp(ctx context.Context, a Action) Outcome {
	s := &standing{setup: r.Setup(a.Part), attempt: a.For, seen: r.Variables(a.Part)}
	file := filepath.Join(r.cfg.Files, fmt.Sprintf("env.%d", r.begin(a.Part, s)))
	out := r.outcome(Action{Part: a.Part, For: a.For}, s.setup.Run)
	vars, err := r.setUp(ctx, s, file, &out)
	out.End, out.Err = r.cfg.Now(), err
	r.mu.Lock()
	defer r.mu.Unlock()
	s.vars = vars
	for _, v := range vars {
		r.names[v.Name] = true
	}
	return out
}

// begin enters a part that is being started, and returns the number of the start.
func (r *Runner) begin(p Part, s *standing) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.parts[p]; old != nil && !(old.gone && s.setup.PerAttempt) {
		panic(fmt.Sprintf("world: %v is set up twice", p))
	}
	r.parts[p] = s
	r.order = append(slices.DeleteFunc(r.order, func(other Part) bool { return other == p }), p)
	r.starts++
	return r.starts
}

// setUp runs the command, and returns what it has written to the file. A set-up that fails may have
// written what its tear-down needs.
func (r *Runner) setUp(ctx context.Context, s *standing, file string, out *Outcome) ([]Variable, error) {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return nil, fmt.Errorf("make the file of COHORT_ENV: %w", err)
	}
	sp := r.spec(s, out.Action)
	sp.env = append(sp.env, "COHORT_ENV="+file)
	p, err := start(sp)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	s.setUp = p
	r.mu.Unlock()
	err = p.wait(ctx, sp)
	out.Output = p.out.String()
	vars, envErr := readEnv(file)
	if err == nil && envErr != nil {
		p.end()
		err = fmt.Errorf("COHORT_ENV: %w", envErr)
	}
	return vars, err
}

// readEnv reads the file of COHORT_ENV.
func readEnv(name string) ([]Variable, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxEnvFile+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxEnvFile:
		return nil, fmt.Errorf("the file has more than %d bytes", maxEnvFile)
	}
	return ParseEnv(data)
}

// TearDown runs the tear-down of a part that was set up, once: a second call does nothing and
// returns false. Then it kills what the set-up has left running. It ends early when ctx does.
func (r *Runner) TearDown(ctx context.Context, p Part) (Outcome, bool) {
	r.mu.Lock()
	s := r.parts[p]
	if s == nil || s.torn {
		r.mu.Unlock()
		return Outcome{}, false
	}
	s.torn = true
	r.mu.Unlock()
	out := r.outcome(Action{Part: p, TearDown: true, For: s.attempt}, s.setup.TearDown)
	if !s.setup.TearDown.None() {
		out.Output, out.Err = run(ctx, r.spec(s, out.Action))
	}
	if s.setUp != nil {
		s.setUp.killGroup()
		s.setUp.close()
	}
	out.End = r.cfg.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s.gone = true
	return out, true
}

// run runs a command to its end.
func run(ctx context.Context, s spec) (string, error) {
	p, err := start(s)
	if err != nil {
		return "", err
	}
	err = p.wait(ctx, s)
	p.end() // a tear-down leaves nothing running
	return p.out.String(), err
}

// Begins describes an action that is about to be run: an Outcome without an end. A part without a
// tear-down has no Command then.
func (r *Runner) Begins(a Action) Outcome {
	s := r.Setup(a.Part)
	if a.TearDown {
		return r.outcome(a, s.TearDown)
	}
	return r.outcome(a, s.Run)
}

func (r *Runner) outcome(a Action, c Command) Outcome {
	return Outcome{Action: a, Name: r.Setup(a.Part).Name, Command: c.String(), Start: r.cfg.Now()}
}

// spec says how a command of a part is run.
func (r *Runner) spec(s *standing, a Action) spec {
	sp := spec{command: s.setup.Run, dir: r.cfg.Dir, timeout: s.setup.Timeout, kill: r.cfg.Kill}
	if sp.timeout <= 0 {
		sp.timeout = DefaultTimeout
	}
	if a.TearDown {
		sp.command = s.setup.TearDown
	}
	for _, kv := range r.cfg.Env {
		if name, _, _ := strings.Cut(kv, "="); !told(name) {
			sp.env = append(sp.env, kv)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.own(s, a.Part) {
		sp.env = append(sp.env, v.String())
	}
	return sp
}

// told reports whether a variable is one that tells processes where they run: those of a cohort
// around this one are not handed on.
func told(name string) bool {
	switch name {
	case "COHORT_WORKER", "COHORT_WORKERS", "COHORT_RUN_ID", "COHORT_ATTEMPT", "COHORT_GROUP", "COHORT_PROBE", "COHORT_ENV":
		return true
	}
	return false
}

// own are the variables that the commands of a part see beyond the environment.
func (r *Runner) own(s *standing, p Part) []Variable {
	vars := []Variable{{"COHORT_RUN_ID", r.cfg.ID}, {"COHORT_WORKERS", strconv.Itoa(r.cfg.Workers)}}
	if p.Worker != Everyone {
		vars = append(vars, Variable{"COHORT_WORKER", strconv.Itoa(p.Worker)})
	}
	if s.setup.PerAttempt {
		vars = append(vars, Variable{"COHORT_ATTEMPT", strconv.Itoa(s.attempt.Number)})
	}
	for _, v := range slices.Concat(s.seen, s.vars) {
		vars = set(vars, v)
	}
	return vars
}

// Variables returns what the set-ups before a part have written, as far as they stand: those of the
// run, and for a worker's those of that worker with lower numbers.
func (r *Runner) Variables(p Part) []Variable {
	var own []int
	runs := p.Number
	if p.Worker != Everyone {
		runs = len(r.cfg.Run)
		for n := range p.Number {
			own = append(own, n)
		}
	}
	return r.written(runs, p.Worker, own)
}

// ForProcess returns the variables of a process on a worker that needs those of the workers'
// set-ups.
func (r *Runner) ForProcess(worker int, own []int) []Variable {
	return r.written(len(r.cfg.Run), worker, own)
}

func (r *Runner) written(runs, worker int, own []int) []Variable {
	r.mu.Lock()
	defer r.mu.Unlock()
	var vars []Variable
	add := func(p Part) {
		if s := r.parts[p]; s != nil && !s.torn {
			for _, v := range s.vars {
				vars = set(vars, v)
			}
		}
	}
	for n := range runs {
		add(Part{Everyone, n})
	}
	for _, n := range slices.Sorted(slices.Values(own)) {
		add(Part{worker, n})
	}
	return vars
}

// Names returns the names of all variables that set-ups have written so far.
func (r *Runner) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.names))
}

// Remains describes parts that stay.
func (r *Runner) Remains(parts []Part) []Remains {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Remains
	for _, p := range parts {
		s := r.parts[p]
		left := Remains{Part: p, Name: s.setup.Name, For: s.attempt, Variables: s.vars}
		if c := s.setup.TearDown; !c.None() {
			left.TearDown = paste(r.cfg.Dir, r.own(s, p), c)
		}
		all = append(all, left)
	}
	return all
}

// Emergency tears down whatever stands, one after the other, the last that was started first. It is
// for a program that is about to die of a mistake of its own, and cannot ask State.
func (r *Runner) Emergency(ctx context.Context) []Outcome {
	r.mu.Lock()
	parts := slices.Clone(r.order)
	r.mu.Unlock()
	var all []Outcome
	for _, p := range slices.Backward(parts) {
		if out, ok := r.TearDown(ctx, p); ok {
			all = append(all, out)
		}
	}
	return all
}

// Close gives up what is still read of parts that stay. It comes after everything else.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.parts {
		if s.setUp != nil {
			s.setUp.close()
		}
	}
}
