package machine

import (
	"container/heap"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
)

var rounds = flag.Int("sim.rounds", 25, "how many random runs on simulated machines")

// sim is a run on simulated machines, on which everything may go wrong. Nothing in it is parallel:
// what happens is a queue of functions by their time.
type sim struct {
	t      *testing.T
	rand   *rand.Rand
	now    time.Time
	queue  moments
	serial int
	server *enginetest.Server
	nodes  []*simNode
	tests  []*simTest
	byKey  map[remote.Key]*simUnit
	faults faults
	says   []string
	leads  int // how often the lock was taken
}

type faults struct {
	deaths, stalls, outages, losses, killers int
	cuts                                     int // of the network of a machine
	restarts                                 int // of the server
	leaderDies, leaderStalls, leaderCut      bool
	again                                    bool // the next leader dies too
	// divides is how leaders divide the tests; some hold locks if locks. A leader hands out so many
	// batches at a time as window says.
	divides dividing
	locks   bool
	window  int
	// flaky is the share of calls whose answer is lost, done or not.
	flaky float64
}

type moment struct {
	at     time.Time
	serial int
	do     func()
}

type moments []moment

func (m moments) Len() int { return len(m) }
func (m moments) Less(i, j int) bool {
	return m[i].at.Before(m[j].at) || m[i].at.Equal(m[j].at) && m[i].serial < m[j].serial
}
func (m moments) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)   { *m = append(*m, x.(moment)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func (s *sim) after(d time.Duration, do func()) {
	s.serial++
	heap.Push(&s.queue, moment{s.now.Add(d), s.serial, do})
}

// short is how long a call takes.
func (s *sim) short() time.Duration { return time.Duration(1+s.rand.IntN(20)) * time.Millisecond }

// run runs the simulation to its end.
func (s *sim) run() {
	for limit := s.now.Add(time.Hour); s.queue.Len() > 0; {
		m := heap.Pop(&s.queue).(moment)
		s.now = m.at
		if s.now.After(limit) {
			s.t.Fatal("it does not end")
		}
		m.do()
		if s.t.Failed() {
			return
		}
	}
}

func newSim(t *testing.T, seed uint64, nodes, tests int, f faults) *sim {
	if f.window == 0 {
		f.window = tests
	}
	s := &sim{t: t, rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_000_000, 0), byKey: make(map[remote.Key]*simUnit), faults: f}
	s.server = enginetest.NewServer(remote.DefaultTerms(), func() time.Time { return s.now })
	s.makeTests(tests)
	for i := range nodes {
		name := fmt.Sprint("n", i)
		n := &simNode{sim: s, name: name, engine: s.server.Engine(name), procs: make(map[string]*simProc)}
		n.agent = NewAgent(AgentConfig{Node: name, Slots: 2, Terms: remote.DefaultTerms(), Wait: 2 * time.Minute, MayLead: true}, s.now)
		s.nodes = append(s.nodes, n)
		s.after(time.Duration(s.rand.IntN(3000))*time.Millisecond, func() { n.on(func() {}); n.watch() })
	}
	s.plan(f)
	return s
}

// plan lets things go wrong at random times.
func (s *sim) plan(f faults) {
	sometime := func() time.Duration { return 3*time.Second + time.Duration(s.rand.IntN(30_000))*time.Millisecond }
	follower := func() *simNode {
		for {
			if n := s.nodes[s.rand.IntN(len(s.nodes))]; n.leader == nil {
				return n
			}
		}
	}
	for range f.deaths {
		s.after(sometime(), func() { follower().die() })
	}
	for range f.stalls {
		s.after(sometime(), func() { follower().stall(time.Duration(1+s.rand.IntN(40)) * time.Second) })
	}
	for range f.cuts {
		s.after(sometime(), func() { follower().cutOff(time.Duration(1+s.rand.IntN(40)) * time.Second) })
	}
	for range f.outages {
		s.after(sometime(), func() {
			s.server.SetDown(true)
			s.after(time.Duration(1+s.rand.IntN(12))*time.Second, func() { s.server.SetDown(false) })
		})
	}
	for range f.restarts {
		s.after(sometime(), func() {
			s.server.SetDown(true)
			s.after(time.Duration(500+s.rand.IntN(25_000))*time.Millisecond, func() { s.server.Restart() })
		})
	}
	for range f.losses {
		s.after(sometime(), func() { s.server.Forget() })
	}
	leader := func(do func(n *simNode)) {
		s.after(sometime(), func() {
			for _, n := range s.nodes {
				if n.leader != nil && !n.dead {
					do(n)
					return
				}
			}
		})
	}
	if f.leaderDies {
		leader((*simNode).die)
	}
	if f.again {
		s.after(25*time.Second, func() { leader((*simNode).die) })
	}
	if f.leaderCut {
		leader(func(n *simNode) { n.cutOff(time.Duration(5+s.rand.IntN(40)) * time.Second) })
	}
	if f.leaderStalls {
		leader(func(n *simNode) { n.stall(time.Duration(5+s.rand.IntN(40)) * time.Second) })
	}
}

// verify looks at the end of a run.
func (s *sim) verify() {
	finished := 0
	var last *simNode
	for _, n := range s.nodes {
		if n.finish {
			finished++
			last = n
		}
		if n.left != nil && n.left.Code == 0 && n.left.Why != "PASS" {
			s.t.Errorf("%s left with %+v", n.name, n.left)
		}
		if !n.dead && n.left == nil && !n.finish {
			s.t.Errorf("%s has not left", n.name)
		}
	}
	if finished != 1 {
		for _, n := range s.nodes {
			s.t.Logf("%s: dead %v, led %v, %+v", n.name, n.dead, n.leader != nil, n.left)
		}
		s.t.Fatalf("%d leaders finished", finished)
	}
	for _, u := range last.units {
		if u.delivered[last.leader] != 1 {
			s.t.Errorf("%v was delivered %d times", u.key, u.delivered[last.leader])
		}
		k := u.killer()
		switch {
		case k != nil && u.what != Lost:
			s.t.Errorf("%v kills machines, and is %s", u.key, u.what)
		case k != nil && s.leads == 1 && missing(k.killed, u.took) > 1+s.faults.losses: // the first of each count
			s.t.Errorf("%v has killed %v, and is said to have killed %v", u.key, k.killed, u.took)
		case k == nil && u.what != Ran && u.given <= maxDeliveries && !u.suspect():
			s.t.Errorf("%v is %s after %d deliveries", u.key, u.what, u.given)
		}
	}
	for _, t := range s.tests {
		// one more for each delivery that a server may have forgotten which was killed
		if len(t.killed) > maxDeliveries+s.faults.restarts && s.faults.losses == 0 { // the queue has not lost it
			s.t.Errorf("%s has killed %v", t.name, t.killed)
		}
	}
}

// missing is how many of some are not among all.
func missing(some, all []string) (n int) {
	for _, s := range some {
		if !slices.Contains(all, s) {
			n++
		}
	}
	return n
}

// TestRandomRuns: whatever goes wrong, each batch has exactly one accepted result, which the last
// leader has got once, nothing is in the queue at the end, no machine knowingly runs what it has no
// lease of or what must not run at the same time as what another one runs, however leaders divide the tests,
// no test ends more than three machines, and all that live leave with the verdict.
func TestRandomRuns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			f := faults{deaths: r.IntN(3), stalls: r.IntN(4), outages: r.IntN(2), losses: r.IntN(2), killers: r.IntN(2), leaderDies: r.IntN(4) == 0, leaderStalls: r.IntN(4) == 0}
			if r.IntN(2) == 0 {
				f.flaky = 0.05
			}
			f.cuts, f.leaderCut = r.IntN(2), r.IntN(4) == 0
			f.divides, f.locks, f.window = dividing(r.IntN(3)), r.IntN(2) == 0, []int{0, 24}[r.IntN(2)]
			newSim(t, seed, 10, 60, f).whole()
		})
	}
}

// TestServerRestarts: no test runs twice at a time, and locks hold, when the server was away for a while and
// delivers work again whose leases last, also when a machine is cut off meanwhile and its results come late.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2 * *rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			f := faults{restarts: int(seed % 3), cuts: 8 * int(seed%2), locks: true, window: 24}
			newSim(t, 1000+seed, 2+int(seed%4), 60, f).whole()
		})
	}
}

// TestLostHasBegun: what is lost, since no machine that got it had a result, was begun on three machines, and
// has ended no more, also when the server was away, machines have ended that let it wait then, and leaders too.
func TestLostHasBegun(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2 * *rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newSim(t, 5000+seed, 16, 30, faults{restarts: 1, deaths: 6, killers: 2, window: 12})
			s.whole()
			for _, u := range s.byKey {
				if k := u.tests[0]; u.what == Lost && k.begun+k.missed < maxDeliveries {
					t.Errorf("%v was begun %d times, on %v, and delivered %d times", u.key, k.begun, k.killed, k.given)
				}
			}
		})
	}
}

// whole runs the simulation and looks at its end.
func (s *sim) whole() {
	s.run()
	if !s.t.Failed() {
		s.verify()
	}
	if s.t.Failed() {
		s.t.Logf("%+v\n%s", s.faults, strings.Join(s.says, "\n"))
	}
}

// TestRandomTakeovers: the same holds when another machine takes over, whether the leader has died, stands
// still for a while or is cut off, and however the next one divides the tests.
func TestRandomTakeovers(t *testing.T) {
	t.Parallel()
	over := 0
	seeds := max(2, *rounds/10)
	for seed := range uint64(seeds) {
		for name, f := range map[string]faults{"dies": {leaderDies: true}, "stalls": {leaderStalls: true}, "is cut off": {leaderCut: true}, "dies twice": {leaderDies: true, again: true}} {
			for divides := alike; divides <= otherwise; divides++ {
				f.divides, f.locks, f.killers, f.window = divides, true, int(seed%2), 24
				s := newSim(t, seed, 8, 60, f)
				s.whole()
				if s.leads > 1 {
					over++
				}
				if t.Failed() {
					t.Fatalf("seed %d, the leader %s, divided %d", seed, name, divides)
				}
			}
		}
	}
	if over < 6*seeds {
		t.Errorf("another machine has taken over in %d runs", over)
	}
}
