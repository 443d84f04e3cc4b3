//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

var (
	soakRounds = flag.Int("queue.rounds", 1, "rounds of TestQueueSoak")
	soakSeed   = flag.Uint64("queue.seed", 1, "the seed of the first round of TestQueueSoak, the next ones follow")
)

// The size of a round of the soak.
const (
	soakUnits    = 100
	soakMachines = 4
	soakFaults   = 5
	soakRestarts = 2 // of the server, at most
)

// soakTerms are short, and long enough for a machine that does much else.
func soakTerms() remote.Terms {
	return remote.Terms{AckWait: 2 * time.Second, LeaderTTL: 3 * time.Second, NodeTTL: 3 * time.Second}
}

// TestQueueSoak: agents, leaders and the server are killed and stopped at random times of a run,
// and each unit has exactly one result that counts.
func TestQueueSoak(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs 100 units on machines that die")
	}
	for i := range *soakRounds {
		seed := *soakSeed + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			newSoak(t, seed).run()
		})
	}
}

// soak is one round. All machines may lead, and the test itself only looks on.
type soak struct {
	t      *testing.T
	random *rand.Rand
	server *store
	engine *engine // of the test, which is no machine of the run
	root   string  // of the module that there is none of
	log    string  // the file to which machines write what they run

	machines []*soakMachine // those that were not killed
	named    int
	restarts int
	did      []string // the faults
}

// soakMachine is a machine of a round.
type soakMachine struct {
	*process
	name    string
	stopped bool // now
	was     bool // it was stopped at some time
}

func newSoak(t *testing.T, seed uint64) *soak {
	t.Helper()
	dir := t.TempDir()
	s := &soak{t: t, random: rand.New(rand.NewPCG(seed, 0)), server: newStore(t), root: dir, log: filepath.Join(dir, "log")}
	ok(t, os.WriteFile(filepath.Join(dir, "pkg.test"), []byte("binary"), 0o700))
	l, err := dial(limit(t), &queueFlags{url: s.server.address, runID: "r1"}, "judge")
	ok(t, err)
	s.engine, err = open(l, "r1", "judge", soakTerms(), limits{})
	ok(t, err)
	t.Cleanup(func() { ok(t, s.engine.Close()) })
	return s
}

// run has machines run all units, with faults, and looks at what came of it.
func (s *soak) run() {
	t := s.t
	defer func() {
		if t.Failed() {
			s.tell()
		}
	}()
	for range soakMachines {
		s.start()
	}
	moments := make([]int, soakFaults)
	for i := range moments {
		moments[i] = s.random.IntN(soakUnits)
	}
	slices.Sort(moments)
	for _, n := range moments {
		eventually(t, fmt.Sprintf("%d units have begun", n), func() bool { return s.begun() >= n })
		s.fault()
	}
	var run remote.Run
	eventually(t, "the run is over", func() bool {
		var err error
		run, err = s.engine.Run(limit(t))
		if !errors.Is(err, remote.ErrGone) {
			ok(t, err)
		}
		return run.State.Phase == remote.Done
	})
	for _, m := range s.machines { // it comes back when all is over, with results that nobody wants
		s.goOn(m)
	}
	s.judge(run.State.Verdict)
}

// tell says what has happened in a round that went wrong.
func (s *soak) tell() {
	s.t.Logf("faults: %s", strings.Join(s.did, ", "))
	for _, m := range s.machines {
		m.kill()
		s.t.Logf("%s: %s", m.name, m.stderr)
	}
}

// start starts a machine.
func (s *soak) start() {
	s.t.Helper()
	s.named++
	name := fmt.Sprint("n", s.named)
	p := launch(s.t, "machine", s.server.address, name, s.root, s.log)
	s.machines = append(s.machines, &soakMachine{process: p, name: name})
}

// runs are the units that have begun, as often as they have.
func (s *soak) runs() []string {
	data, err := os.ReadFile(s.log)
	if !errors.Is(err, os.ErrNotExist) {
		ok(s.t, err)
	}
	return strings.Fields(string(data))
}

func (s *soak) begun() int { return len(s.runs()) }

// fault does something to the server, the leader or any machine.
func (s *soak) fault() {
	alive := slices.DeleteFunc(slices.Clone(s.machines), func(m *soakMachine) bool { return m.over() })
	if len(alive) == 0 { // they were faster, and the run is over, or it never will be
		s.did = append(s.did, "nothing: no machine runs")
		return
	}
	m := alive[s.random.IntN(len(alive))]
	if s.random.IntN(3) == 0 {
		m = s.leader(m)
	}
	held := slices.IndexFunc(s.machines, func(m *soakMachine) bool { return m.stopped })
	switch what := s.random.IntN(6); {
	case what == 0 && s.restarts < soakRestarts:
		away := time.Duration(s.random.IntN(3)) * time.Second
		s.did = append(s.did, fmt.Sprintf("the server is away for %v", away))
		s.restarts++
		s.server.kill()
		pause(limit(s.t), away)
		s.server.restart()
	case what <= 2 && held < 0:
		s.did = append(s.did, m.name+" is stopped")
		s.signal(m, syscall.SIGSTOP)
		m.stopped, m.was = true, true
	case what <= 2 && held >= 0:
		s.goOn(s.machines[held])
	default:
		s.did = append(s.did, m.name+" is killed")
		m.kill()
		s.machines = slices.DeleteFunc(s.machines, func(other *soakMachine) bool { return other == m })
		s.start()
	}
}

// over reports whether the machine has ended: one that has lost the lock of the leader does.
func (m *soakMachine) over() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

func (s *soak) signal(m *soakMachine, sig syscall.Signal) {
	if err := m.Process.Signal(sig); !errors.Is(err, os.ErrProcessDone) {
		ok(s.t, err)
	}
}

// goOn lets a machine go on, if it was stopped.
func (s *soak) goOn(m *soakMachine) {
	if m.stopped {
		s.did = append(s.did, m.name+" goes on")
		s.signal(m, syscall.SIGCONT)
		m.stopped = false
	}
}

// leader is the machine that leads, or another one if none is known to.
func (s *soak) leader(other *soakMachine) *soakMachine {
	run, err := s.engine.Run(limit(s.t))
	if !errors.Is(err, remote.ErrGone) {
		ok(s.t, err)
	}
	for _, m := range s.machines {
		if m.name == run.Leader {
			s.did = append(s.did, m.name+" leads")
			return m
		}
	}
	return other
}

// hasEnded reports whether a result is that of a unit that has run so often on machines that were killed then
// that it is taken for what ends them: by chance it was on three of those that this test has killed.
func (s *soak) hasEnded(result string, runs int) bool {
	killed := 0
	for _, m := range s.machines {
		if slices.Contains(s.did, m.name+" is killed") {
			killed++
		}
	}
	return killed >= 3 && runs >= 3 && strings.Contains(result, "it was given to 3 machines, and none had a result")
}

// judge checks that each unit has one result, which the machine has got whose verdict counts, and
// that all machines end with it.
func (s *soak) judge(verdict string) {
	t := s.t
	for _, m := range s.machines {
		code := m.wait(t)
		lost := m.was || strings.Contains(m.stderr.String(), "leads the run now") // its lock ran out
		if code != soakCode && (!lost || code != exitError) {
			t.Errorf("%s exits with %d: %s", m.name, code, m.stderr)
		}
	}
	name, _ := strings.CutPrefix(verdict, soakVerdict)
	data, err := os.ReadFile(resultsFile(s.root, name))
	ok(t, err)
	var results []string
	ok(t, json.Unmarshal(data, &results))
	if len(results) != soakUnits {
		t.Errorf("%d results", len(results))
	}
	total := s.runs()
	times := map[string]int{}
	for _, unit := range total {
		if times[unit]++; times[unit] > 1+soakFaults {
			t.Errorf("%s ran %d times", unit, times[unit])
		}
	}
	for i, got := range results {
		code := 0
		if i%7 == 0 {
			code = 1
		}
		unit := fmt.Sprint("unit-", i)
		if want := fmt.Sprintf("ran %s\n%d <nil>", unit, code); got != want && !s.hasEnded(got, times[unit]) {
			t.Errorf("unit %d: %q, want %q", i, got, want)
		}
	}
	if len(times) != soakUnits {
		t.Errorf("%d units ran", len(times))
	}
	v := new(view)
	ok(t, s.engine.viewResults(limit(t), v))
	if v.Done != soakUnits {
		t.Errorf("%d results are stored", v.Done)
	}
	t.Logf("%d executions of %d units; %s", len(total), soakUnits, strings.Join(s.did, ", "))
}
