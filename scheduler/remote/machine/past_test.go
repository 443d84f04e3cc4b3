package machine

import (
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestPastOfLeader: a leader that has taken over publishes nothing as long as a process may run that is not
// of its batches.
func TestPastOfLeader(t *testing.T) {
	t.Parallel()
	old, other := key("old"), key("other")
	for name, test := range map[string]func(l *leaderTest){
		"nothing runs": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9})
			l.do("Publish new 0 n1 1")
		},
		"a machine has not heard of it": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 5})
			l.do("")
			l.now = l.now.Add(retryPause)
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9})
			l.do("Publish new 0 n1 1")
		},
		"a machine is silent until its leases have run out": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 5, Holds: []remote.Key{old}})
			l.do("")
			l.pass(l.cfg.Terms.AckWait - time.Second)
			l.do("")
			l.pass(time.Second)
			l.do("Publish new 0 n1 1")
		},
		"an earlier leader's process runs to its end": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9, Holds: []remote.Key{old}})
			l.pass(time.Minute)
			l.do("")
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9})
			l.now = l.now.Add(retryPause)
			l.do("Publish new 0 n1 1")
		},
		"it is one of the leader's own": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9, Holds: []remote.Key{old, other}})
			l.Submit(Batch{Key: old})
			l.do("Check old 0")
			l.Result(other)
			l.now = l.now.Add(retryPause)
			l.do("Publish new 0 n1 1")
		},
		"its machine is gone": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Heeds: 9})
			l.Node(remote.Node{Name: "n2", Slots: 2, Heeds: 9, Holds: []remote.Key{old}})
			l.do("")
			l.Gone("n2")
			l.now = l.now.Add(retryPause)
			l.do("Say === Lost: machine n2 went away; SetState running map[n0:0 n1:2 n2:4] [] 0; Publish new 0 n1 1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &leaderTest{t: t, now: time.Unix(1000, 0)}
			l.Leader = NewLeader(LeaderConfig{Node: "n1", Terms: remote.DefaultTerms(), Wait: time.Minute}, l.now,
				remote.Run{Leader: "n1", Fence: 9, State: remote.State{Phase: remote.Running, Numbers: map[string]int{"n0": 0, "n1": 2, "n2": 4}, Workers: 6}})
			l.set = true
			l.Submit(Batch{Key: key("new")})
			l.do("Check new 0")
			l.Checked(l.now, key("new"), false, nil)
			l.do("Read new 0")
			l.Read(l.now, key("new"), "", "", false, remote.ErrGone)
			test(l)
		})
	}
}

// TestPastOfAgent: a machine begins nothing of an earlier leader, and ends what is bound to that.
func TestPastOfAgent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(a *agentTest, lease func(token string, fence remote.Fence, bound bool), heeds func(remote.Fence)){
		"not begun": func(a *agentTest, lease func(string, remote.Fence, bool), heeds func(remote.Fence)) {
			lease("x", 5, false)
			lease("y", 9, true)
			a.do("Ack x; Start y as 5 of 6")
			a.Acked(a.now, "x", nil)
			heeds(9)
		},
		"runs": func(a *agentTest, lease func(string, remote.Fence, bool), heeds func(remote.Fence)) {
			lease("x", 9, false)
			a.do("Start x as 4 of 6")
			run := testRun
			run.Fence = 12
			a.Heard(a.now, run)
			a.do("")
			heeds(12)
			a.Ended("x", Ended{})
			a.do("Put x ran")
		},
		"runs with what only that leader gives it": func(a *agentTest, lease func(string, remote.Fence, bool), heeds func(remote.Fence)) {
			lease("x", 9, true)
			a.do("Start x as 4 of 6")
			run := testRun
			a.Heard(a.now, run) // whose fence is not known
			a.do("")
			run.Fence = 12
			a.Heard(a.now, run)
			a.do("Kill x")
			heeds(0)
			a.Ended("x", Ended{})
			a.do("Ack x")
			heeds(12)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t)
			run := testRun
			run.Fence = 9
			a.Heard(a.now, run)
			lease := func(token string, fence remote.Fence, bound bool) {
				a.Fetched(a.now, a.now, remote.Lease{Token: token, Delivery: 1, Work: remote.Work{Batch: "b" + token, Fence: fence, Bound: bound}}, nil)
			}
			heeds := func(want remote.Fence) {
				t.Helper()
				if a.talk.busy {
					a.Announced(a.now, nil)
				}
				a.pass(2 * talkPause)
				a.dirty = true
				for _, act := range a.Due(a.now) {
					if n, ok := act.(Announce); ok {
						if n.Node.Heeds != want {
							t.Errorf("it heeds %d, want %d", n.Node.Heeds, want)
						}
						return
					}
				}
				t.Error("it announces nothing")
			}
			test(a, lease, heeds)
		})
	}
}
