package machine

import (
	"errors"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// heirTest is a leader n1 with fence 9 that has taken over from one with fence 5.
func heirTest(t *testing.T) *leaderTest {
	l := &leaderTest{t: t, now: time.Unix(1000, 0)}
	l.Leader = NewLeader(LeaderConfig{Node: "n1", Terms: remote.DefaultTerms(), Wait: time.Minute}, l.now,
		remote.Run{Leader: "n1", Fence: 9, State: remote.State{Phase: remote.Running, Numbers: map[string]int{"n0": 0, "n1": 2, "n2": 4}, Workers: 6}})
	l.set = true
	l.Node(remote.Node{Name: "n1", Slots: 2})
	l.do("List map[]")
	return l
}

// submit hands out a batch of tests that is not in the queue and has no result.
func (l *leaderTest) submit(batch string, c remote.Claim) {
	l.t.Helper()
	l.Submit(Batch{Key: key(batch), Claim: c})
	l.do("Check " + batch + " 0")
	l.Checked(l.now, key(batch), false, nil)
	l.do("Read " + batch + " 0")
	l.Read(l.now, key(batch), "", "", false, remote.ErrGone)
}

// listed gives the leader what is in the queue, of which some was not known.
func (l *leaderTest) listed(keys []remote.Key, unknown ...Queued) {
	l.Listed(l.now, keys, unknown, nil)
}

// later checks what is due once it is to be looked again what is in the queue.
func (l *leaderTest) later(want string) {
	l.t.Helper()
	l.now = l.now.Add(pastPause)
	l.do(want)
}

// TestPastOfLeader: a leader that has taken over publishes a batch once nothing is in the queue that must
// not run at the same time.
func TestPastOfLeader(t *testing.T) {
	t.Parallel()
	tests := func(names ...string) remote.Claim { return remote.Claim{Package: "p", Tests: names} }
	ab := Queued{key("ab"), 5, tests("A", "B")}
	held := []remote.Key{key("ab")}
	locked := func(name string) remote.Claim {
		return remote.Claim{Package: "p", Tests: []string{name}, Locks: []string{"db"}}
	}
	for name, test := range map[string]func(l *leaderTest){
		"nothing is published before it is known what is in the queue": func(l *leaderTest) {
			l.submit("a", tests("A"))
			l.do("")
			l.Listed(l.now, nil, nil, errors.New("some error"))
			l.do("")
			l.now = l.now.Add(retryPause)
			l.do("List map[a 0:true]")
			l.listed(nil)
			l.do("Publish a 0 n1 1")
		},
		"the same tests in another batch": func(l *leaderTest) {
			l.listed(held, ab)
			l.submit("a", tests("A"))
			l.do("Drop 9 ab 0 false")
			l.Stopped(l.now, key("ab"), errors.New("some error"))
			l.later("List map[a 0:true ab 0:true]")
			l.listed(held)
			l.do("")
			l.later("Drop 9 ab 0 false; List map[a 0:true ab 0:true]")
			l.Stopped(l.now, key("ab"), nil)
			l.listed(held)
			l.later("List map[a 0:true ab 0:true]")
			l.listed(nil)
			l.do("Publish a 0 n1 1")
		},
		"a machine waits for a binary that was not handed out": func(l *leaderTest) {
			l.listed(held, ab)
			l.Node(remote.Node{Name: "n2", Slots: 2, Holds: held, Wants: []string{"sum"}})
			l.do("Drop 9 ab 0 true")
			l.Stopped(l.now, key("ab"), nil)
			l.later("List map[ab 0:true]")
			l.listed(nil)
			l.do("")
			l.Submit(Batch{Key: key("ab"), Binary: "sum", Claim: tests("A", "B")})
			l.do("Ship sum; Check ab 0")
			l.Checked(l.now, key("ab"), false, nil)
			l.do("Read ab 0")
			l.Read(l.now, key("ab"), "", "", false, remote.ErrGone)
			l.do("Publish ab 0 n1 1")
		},
		"a machine waits for a binary that was": func(l *leaderTest) {
			l.listed(held, ab)
			l.Submit(Batch{Key: key("cd"), Binary: "sum", Claim: tests("C")})
			l.do("Check cd 0")
			l.Node(remote.Node{Name: "n2", Slots: 2, Holds: held, Wants: []string{"sum"}})
			l.do("Ship sum")
		},
		"other tests do not wait": func(l *leaderTest) {
			l.listed(held, ab)
			l.submit("c", tests("C"))
			l.do("Publish c 0 n1 1")
		},
		"the same batch is taken over": func(l *leaderTest) {
			l.listed(held, ab)
			l.Submit(Batch{Key: key("ab"), Claim: tests("A", "B")})
			l.do("Check ab 0")
			l.Checked(l.now, key("ab"), true, nil)
			l.submit("c", tests("C"))
			l.do("Publish c 0 n1 1")
		},
		"what has begun may end, if it is about other tests": func(l *leaderTest) {
			l.listed([]remote.Key{key("x")}, Queued{key("x"), 5, locked("X")})
			l.submit("y", locked("Y"))
			l.do("Drop 9 x 0 true")
			l.Stopped(l.now, key("x"), nil)
			l.submit("x2", tests("X"))
			l.do("Drop 9 x 0 false")
			l.Stopped(l.now, key("x"), nil)
			l.later("List map[x 0:true x2 0:true y 0:true]")
			l.listed(nil)
			l.do("Publish y 0 n1 1; Publish x2 0 n1 1")
		},
		"a serial test waits for all": func(l *leaderTest) {
			l.listed(held, ab)
			l.submit("s", remote.Claim{Package: "q", Tests: []string{"S"}, Serial: true})
			l.do("Drop 9 ab 0 true")
			l.later("List map[ab 0:true s 0:true]")
		},
		"what comes late counts too": func(l *leaderTest) {
			l.listed(held, ab)
			l.submit("a", tests("A"))
			l.do("Drop 9 ab 0 false")
			l.Stopped(l.now, key("ab"), nil)
			l.later("List map[a 0:true ab 0:true]")
			l.listed([]remote.Key{key("late"), key("own")}, Queued{key("late"), 5, tests("A", "C")}, Queued{key("own"), 9, tests("A")})
			l.do("Drop 9 late 0 false")
		},
		"deliveries are counted on": func(l *leaderTest) {
			l.listed(held, ab)
			l.Node(remote.Node{Name: "n2", Slots: 2, Holds: held})
			l.submit("a", tests("A"))
			l.do("Drop 9 ab 0 false")
			l.Stopped(l.now, key("ab"), nil)
			l.Node(remote.Node{Name: "n1", Slots: 2, Drops: []remote.Drop{{Key: key("ab"), Times: 2}}})
			l.do("SetState running map[n0:0 n1:2 n2:4] [] 0")
			if c := l.state.Counted; len(c) != 1 || c[0].Times != 2 || c[0].Key != key("ab") || len(c[0].Claim.Tests) != 2 || len(c[0].Took) != 1 {
				l.t.Errorf("counted %+v", c)
			}
			l.StateSet(l.now, l.state, nil)
			l.later("List map[a 0:true ab 0:true]")
			l.listed(nil)
			l.do("Publish a 0 n1 1 before 2")
			l.Published(l.now, key("a"), nil)
			l.result("a", "n1", true)
			l.isOut("a")
			l.do("Deliver a 0 [n2] <nil>")
			l.submit("c", tests("C"))
			l.do("Publish c 0 n1 1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(heirTest(t))
		})
	}
}

// TestPastOfAgent: a machine takes work out of the queue that nobody waits for, and ends its process before.
func TestPastOfAgent(t *testing.T) {
	t.Parallel()
	drop := func(a *agentTest, begun bool) {
		a.Halt(remote.Stop{Batch: "bx", Drop: 9, Begun: begun})
	}
	for name, test := range map[string]func(a *agentTest, lease func(delivery, before int, fence remote.Fence)){
		"not begun": func(a *agentTest, lease func(int, int, remote.Fence)) {
			drop(a, true)
			lease(1, 0, 5)
			a.do("Ack x")
			a.Acked(a.now, "x", nil)
			a.do("")
		},
		"of the leader that says so, or a later one": func(a *agentTest, lease func(int, int, remote.Fence)) {
			drop(a, false)
			lease(1, 0, 9)
			a.do("Start x as 4 of 6")
		},
		"runs": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 0, 5)
			a.do("Start x as 4 of 6")
			a.Begun("x", time.Time{})
			drop(a, false)
			a.do("Kill x")
			a.do("")
			a.Ended("x", Ended{})
			a.do("Ack x")
		},
		"runs, and may go on": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 0, 5)
			a.do("Start x as 4 of 6")
			a.Begun("x", time.Time{})
			drop(a, true)
			a.do("")
			a.Ended("x", Ended{})
			a.do("Put x ran")
		},
		"waits for its binary": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 0, 5)
			a.do("Start x as 4 of 6")
			drop(a, true)
			a.do("Kill x")
			a.Ended("x", Ended{Unready: errors.New("ended")})
			a.do("Ack x")
		},
		"has ended": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 0, 5)
			a.do("Start x as 4 of 6")
			a.Ended("x", Ended{})
			drop(a, false)
			a.do("Put x ran")
		},
		"may have ended machines": func(a *agentTest, lease func(int, int, remote.Fence)) {
			drop(a, false)
			lease(2, 1, 5)
			a.tells(2)
			run := testRun
			run.State.Counted = []remote.Counted{{Drop: remote.Drop{Key: key("bx"), Times: 1}}}
			a.Heard(a.now, run)
			a.do("")
			run.State.Counted[0].Times = 2
			a.Heard(a.now, run)
			a.do("Ack x")
		},
		"the machine leaves": func(a *agentTest, lease func(int, int, remote.Fence)) {
			drop(a, false)
			lease(2, 0, 5)
			a.tells(1)
			a.Quit(1, "it was told so")
			a.do("GiveBack x 0s; Leave 1 it was told so")
		},
		"its tests have ended two machines in another batch": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 2, 9)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.tells(0)
			a.do("Start x as 4 of 6")
			if !a.Agent.lastTry(a.holds[0]) {
				a.t.Error("it does not run alone")
			}
		},
		"its tests have ended three machines in another batch": func(a *agentTest, lease func(int, int, remote.Fence)) {
			lease(1, 3, 9)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.pass(a.cfg.Terms.AckWait / 2)
			a.Due(a.now)
			a.Announced(a.now, nil)
			a.Extended(a.now, a.now, "x", nil)
			a.pass(a.cfg.Terms.AckWait / 2)
			a.do("Extend x; Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.tells(3)
			run := testRun
			run.State.Counted = []remote.Counted{{Drop: remote.Drop{Key: key("bx"), Times: 3}}}
			a.Heard(a.now, run)
			a.do("Put x lost it was given to 3 machines, and none had a result")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t)
			test(a, func(delivery, before int, fence remote.Fence) {
				a.Fetched(a.now, a.now, remote.Lease{Token: "x", Delivery: delivery, Work: remote.Work{Batch: "bx", Before: before, Fence: fence}}, nil)
			})
		})
	}
}

// tells checks that the agent announces at once how many deliveries of its work are to be counted, and that
// this is heard, and nothing else is due.
func (a *agentTest) tells(times int) {
	a.t.Helper()
	got, announced := 0, false
	for _, act := range a.Due(a.now) {
		switch act := act.(type) {
		case Announce:
			announced = true
			for _, d := range act.Node.Drops {
				got += d.Times
			}
		case Fetch, Survey:
		default:
			a.t.Errorf("due: %s", text(act))
		}
	}
	if !announced || got != times {
		a.t.Errorf("it is announced: %v, %d deliveries, want %d", announced, got, times)
	}
	a.Announced(a.now, nil)
}
