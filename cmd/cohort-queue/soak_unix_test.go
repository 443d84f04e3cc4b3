//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

var (
	soakRounds = flag.Int("queue.rounds", 1, "rounds of TestQueueSoak")
	soakSeed   = flag.Uint64("queue.seed", 0, "the seed of the only round of TestQueueSoak; 0: others")
)

// The size of a round of the soak.
const (
	soakUnits  = 200
	soakAgents = 4
	soakFaults = 4 // among them at most one of the server
)

// soakTerms are short, and long enough for a machine that does much else.
func soakTerms() remote.Terms {
	return remote.Terms{AckWait: 3 * time.Second, LeaderTTL: 30 * time.Second, NodeTTL: 4 * time.Second}
}

// TestQueueSoak: machines and the server die and stand still at random times of a run, and each
// unit has exactly one result that counts.
func TestQueueSoak(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs 200 units on machines that die")
	}
	rounds := *soakRounds
	for i := range rounds {
		seed := uint64(i + 1)
		if *soakSeed != 0 {
			seed, rounds = *soakSeed, 1
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			newSoak(t, seed).run()
		})
		if *soakSeed != 0 {
			return
		}
	}
}

// soak is one round.
type soak struct {
	t      *testing.T
	random *rand.Rand
	server *store
	engine *engine
	root   string // of the module that there is none of
	log    string // the file to which agents write what they run

	agents []*process
	named  int

	mu   sync.Mutex
	says []string
	more chan struct{}
}

func newSoak(t *testing.T, seed uint64) *soak {
	t.Helper()
	dir := t.TempDir()
	s := &soak{
		t: t, random: rand.New(rand.NewPCG(seed, 0)), server: newStore(t), root: dir, log: filepath.Join(dir, "log"),
		more: make(chan struct{}, soakUnits),
	}
	l, err := dial(limit(t), &queueFlags{url: s.server.address, runID: "r1"}, "lead")
	ok(t, err)
	s.engine, err = open(l, "r1", "lead", soakTerms(), limits{})
	ok(t, err)
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *soak) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = append(s.says, text)
}

// run leads a run of all units, with faults, and looks at what came of it.
func (s *soak) run() {
	t := s.t
	asked := time.Now()
	run, err := s.engine.Lead(limit(t), remote.Facts{Protocol: remote.Protocol})
	ok(t, err)
	lead := node.NewLead(node.LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: "lead", Terms: soakTerms(), Wait: patience, Grace: time.Second},
		Engine:       s.engine, Say: s.say, Now: time.Now,
	}, run, asked)
	led := make(chan error, 1)
	go func() { led <- lead.Run(context.WithoutCancel(t.Context())) }() // ends with Finish
	for range soakAgents {
		s.agent()
	}
	r := node.NewRunner(node.RunnerConfig{Engine: s.engine, Root: s.root}, lead)
	var stopped []*process
	var units, faults sync.WaitGroup
	faults.Go(func() { stopped = s.faults() })
	results := s.units(r, &units)
	units.Wait()
	faults.Wait()
	for _, p := range stopped { // it comes back when all is over, with results that nobody wants
		ok(t, p.Process.Signal(syscall.SIGCONT))
	}
	s.judge(results)
	lead.Finish(1, "DONE")
	if err := <-led; err != nil {
		t.Errorf("the leader: %v", err)
	}
	for _, p := range s.agents {
		if code := p.wait(t); code != 1 {
			t.Errorf("an agent exits with %d: %s", code, p.stderr)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(s.says, "\n"))
	}
}

// agent starts a machine.
func (s *soak) agent() {
	s.t.Helper()
	s.named++
	s.agents = append(s.agents, launch(s.t, "agent", s.server.address, fmt.Sprint("n", s.named), s.root, s.log))
}

// units runs all units and returns what came of each.
func (s *soak) units(r *node.Runner, all *sync.WaitGroup) []string {
	binary := filepath.Join(s.root, "pkg.test")
	ok(s.t, os.WriteFile(binary, []byte("binary"), 0o700))
	results := make([]string, soakUnits)
	for i := range soakUnits {
		all.Go(func() {
			var out bytes.Buffer
			exit := r.Run(s.t.Context(), testbin.Spec{Path: binary, Dir: s.root, Args: []string{fmt.Sprint("unit-", i)}}, &out)
			results[i] = fmt.Sprintf("%s%d %v", out.String(), exit.Code, exit.Err)
			s.more <- struct{}{}
		})
	}
	return results
}

// faults kills and stops machines and the server, each when some more units are done. It returns
// the machines that are still stopped.
func (s *soak) faults() (stopped []*process) {
	restarted := false
	for range soakFaults {
		for range soakUnits/soakFaults/2 + s.random.IntN(soakUnits/soakFaults/2) {
			<-s.more
		}
		i := s.random.IntN(len(s.agents))
		switch what := s.random.IntN(3); {
		case what == 0 && !restarted:
			restarted = true
			s.server.kill()
			s.server.restart()
		case what == 1 && len(stopped) == 0 && len(s.agents) > 1:
			ok(s.t, s.agents[i].Process.Signal(syscall.SIGSTOP))
			stopped = append(stopped, s.agents[i])
		default:
			if len(stopped) > 0 && s.agents[i] == stopped[0] {
				stopped = nil
			}
			s.agents[i].kill()
			s.agents = append(s.agents[:i], s.agents[i+1:]...)
			s.agent()
		}
	}
	return stopped
}

// judge checks that each unit has one result, and that the queue is empty in the end.
func (s *soak) judge(results []string) {
	t := s.t
	for i, got := range results {
		code := 0
		if i%7 == 0 {
			code = 1
		}
		if want := fmt.Sprintf("ran unit-%d\n%d <nil>", i, code); got != want {
			t.Errorf("unit %d: %q, want %q", i, got, want)
		}
	}
	data, err := os.ReadFile(s.log)
	ok(t, err)
	runs := map[string]int{}
	for _, line := range strings.Fields(string(data)) {
		runs[line]++
	}
	total := 0
	for unit, n := range runs {
		total += n
		if n > 1+soakFaults {
			t.Errorf("%s ran %d times", unit, n)
		}
	}
	if len(runs) != soakUnits {
		t.Errorf("%d units ran", len(runs))
	}
	ctx := limit(t)
	v := new(view)
	ok(t, s.engine.viewResults(ctx, v))
	if v.Done != soakUnits {
		t.Errorf("%d results are stored", v.Done)
	}
	eventually(t, "the queue is empty", func() bool {
		v := new(view)
		ok(t, s.engine.viewLanes(ctx, v))
		return v.Waiting+v.Running == 0
	})
	t.Logf("%d executions of %d units", total, soakUnits)
}

// runAgent is a machine that runs units, which are no processes.
func runAgent() error {
	address, name, root, log := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	terms, slots := soakTerms(), 2
	if len(os.Args) > 5 && os.Args[5] == "brief" {
		terms, slots = brief(), 1
	}
	ctx, cancel := contextOfProcess()
	defer cancel()
	l, err := dial(ctx, &queueFlags{url: address, runID: "r1"}, name)
	if err != nil {
		return err
	}
	e, err := open(l, "r1", name, terms, limits{})
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp(root, name)
	if err != nil {
		return err
	}
	a := node.NewAgent(node.AgentConfig{
		AgentConfig: machine.AgentConfig{Node: name, Slots: slots, Terms: terms, Wait: patience},
		Engine:      e, Binaries: node.NewBinaries(e, temp), Facts: remote.Facts{Protocol: remote.Protocol},
		Root: root, Temp: temp, Now: time.Now, Say: func(text string) { fmt.Fprintln(os.Stderr, text) },
		Start: func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
			return fakeUnit(ctx, spec, out, log)
		},
	})
	code, why := a.Run(ctx)
	if err := errors.Join(e.Close(), os.RemoveAll(temp)); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, why)
	os.Exit(code)
	return nil
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
