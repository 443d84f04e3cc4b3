package machine

import (
	"errors"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestTwiceOnAgent: a machine that gets work again which it has, or which another one may have, does not run
// it beside that.
func TestTwiceOnAgent(t *testing.T) {
	t.Parallel()
	run := func(a *agentTest) {
		a.lease("x", 1)
		a.do("Start x as 4 of 6")
	}
	again := func(a *agentTest, delivery int, unsure bool) {
		a.Fetched(a.now, a.now, remote.Lease{Token: "y", Delivery: delivery, Work: remote.Work{Batch: "bx"}, Unsure: unsure}, nil)
	}
	noResult := func(a *agentTest) {
		a.t.Helper()
		a.do("Look y bx 0")
		a.Looked(a.now, "y", false, nil)
		a.do("")
		a.pass(retryPause)
	}
	for name, test := range map[string]func(a *agentTest){
		"its process runs, and has a result": func(a *agentTest) {
			run(a)
			again(a, 1, false)
			noResult(a)
			noResult(a)
			a.Ended("x", Ended{})
			a.do("Put x ran; Look y bx 0")
			a.Put(a.now, "x", true, nil)
			a.do("Ack x; Ack y")
		},
		"however often it was delivered": func(a *agentTest) {
			run(a)
			again(a, 9, false)
			noResult(a)
			noResult(a)
		},
		"its process has ended, and the lease has run out": func(a *agentTest) {
			run(a)
			a.Link(a.now, false)
			a.Ended("x", Ended{})
			a.do("Put x ran")
			a.pass(a.cfg.Terms.AckWait)
			a.do("")
			a.Put(a.now, "x", false, errors.New("some error"))
			a.Link(a.now, true)
			again(a, 2, false)
			noResult(a)
			a.do("Put x ran; Look y bx 0")
			a.Put(a.now, "x", true, nil)
			a.do("Ack y") // x is not its lease any more
		},
		"its process is being killed": func(a *agentTest) {
			run(a)
			a.pass(a.cfg.Terms.AckWait)
			a.do("Kill x")
			again(a, 2, false)
			noResult(a)
			a.Announced(a.now, nil)
			a.Ended("x", Ended{})
			a.do("Look y bx 0")
			a.Looked(a.now, "y", false, nil)
			a.do("")
			a.Announced(a.now, nil)
			a.do("Start y as 5 of 6")
		},
		"its process came to nothing": func(a *agentTest) {
			run(a)
			again(a, 2, false)
			a.do("Look y bx 0")
			a.Ended("x", Ended{Unready: errors.New("wrong sum")})
			a.do("GiveBack x 2s; GiveBack y 2s")
		},
		"another machine may have it": func(a *agentTest) {
			again(a, 2, true)
			noResult(a)
			a.pass(a.cfg.Terms.AckWait - retryPause - time.Millisecond)
			a.do("Look y bx 0") // and it is not made longer
			a.Looked(a.now, "y", false, nil)
			a.pass(time.Millisecond)
			a.do("")
			if len(a.holds) > 0 {
				a.t.Error("it is held")
			}
			if survivedOf(a.survived, key("bx")) != 1 {
				a.t.Error("it counts as one that may have ended the machine")
			}
		},
		"another machine may have it, and this one is ended meanwhile": func(a *agentTest) {
			again(a, 3, true)
			if n, _ := a.announcement(); survivedOf(n.Survived, key("bx")) != 1 {
				a.t.Errorf("survived %v, as it is announced at once", n.Survived)
			}
			if got := a.fatal(a.holds[0]); got != 2 {
				a.t.Errorf("%d of 2 earlier deliveries may have ended their machines", got)
			}
		},
		"another machine may have it, and has a result": func(a *agentTest) {
			again(a, 2, true)
			a.do("Look y bx 0")
			a.Looked(a.now, "y", true, nil)
			a.do("Ack y")
		},
		"deliveries that machines have survived do not have it run alone": func(a *agentTest) {
			again(a, 3, false)
			if !a.Agent.lastTry(a.holds[0]) {
				a.t.Error("it does not run alone")
			}
			run := testRun
			run.State.Survived = []remote.Survival{{Key: key("bx"), Times: 1}}
			a.Heard(a.now, run)
			if a.Agent.lastTry(a.holds[0]) {
				a.t.Error("it runs alone")
			}
		},
		"the leader has a result while it runs": func(a *agentTest) {
			a.lease("x", 2)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.do("")
			a.Announced(a.now, nil)
			a.do("Start x as 4 of 6")
			a.Begun("x", time.Time{})
			a.Halt(remote.Stop{Batch: "bx", Drop: 9, Stands: true})
			a.do("Kill x")
			a.Ended("x", Ended{})
			a.do("Ack x") // its deliveries are not waited for
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newAgentTest(t))
		})
	}
}

// TestTwiceOnLeader: a leader delivers a result once no other machine can run the same batch.
func TestTwiceOnLeader(t *testing.T) {
	t.Parallel()
	holds := func(l *leaderTest, node string) {
		l.Node(remote.Node{Name: node, Slots: 2, Holds: []remote.Key{key("x")}})
	}
	takenOut := func(l *leaderTest, end string) {
		l.t.Helper()
		l.do("Check x 0")
		l.Checked(l.now, key("x"), true, nil)
		l.do("Drop 5 x 0 false below 6, its result stands")
		l.Result(key("x")) // again
		l.Stopped(l.now, key("x"), errors.New("some error"))
		l.later("Drop 5 x 0 false below 6, its result stands")
		l.Stopped(l.now, key("x"), nil)
		l.later("Check x 0")
		l.Checked(l.now, key("x"), true, nil)
		l.later("Check x 0")
		l.Checked(l.now, key("x"), false, errors.New("some error"))
		l.pass(retryPause)
		l.do("Check x 0")
		l.Checked(l.now, key("x"), false, nil)
		l.do(end)
	}
	for name, test := range map[string]func(l *leaderTest){
		"no doubt": func(l *leaderTest) {
			holds(l, "n1")
			l.result("x", "n1", true)
			l.do("Deliver x 0 [n1] <nil>")
		},
		"no machine has said that it has it": func(l *leaderTest) {
			l.result("x", "n1", true)
			l.do("Deliver x 0 [] <nil>")
		},
		"another machine has it": func(l *leaderTest) {
			holds(l, "n1")
			holds(l, "n0")
			l.result("x", "n1", true)
			takenOut(l, "Deliver x 0 [n1 n0] <nil>")
		},
		"another machine had it last": func(l *leaderTest) {
			holds(l, "n1")
			holds(l, "n0")
			l.Node(remote.Node{Name: "n0", Slots: 2})
			l.result("x", "n1", true)
			takenOut(l, "Deliver x 0 [n1 n0] <nil>")
		},
		"the server was away": func(l *leaderTest) {
			l.Link(l.now, false)
			l.Link(l.now, true)
			l.do("")
			l.result("x", "n1", true)
			takenOut(l, "Deliver x 0 [] <nil>")
		},
		"the server was away, and another machine has it that is out of the queue": func(l *leaderTest) {
			l.Link(l.now, false)
			l.Link(l.now, true)
			holds(l, "n0")
			l.do("")
			l.result("x", "n1", true)
			l.do("Check x 0")
			l.Checked(l.now, key("x"), false, nil)
			l.do("Drop 5 x 0 false below 6, its result stands")
			l.Stopped(l.now, key("x"), nil)
			l.later("Check x 0")
			l.Node(remote.Node{Name: "n0", Slots: 2})
			l.Checked(l.now, key("x"), false, nil)
			l.do("Deliver x 0 [n0] <nil>")
		},
		"the run is called off meanwhile": func(l *leaderTest) {
			holds(l, "n0")
			l.result("x", "n1", true)
			l.do("Check x 0")
			l.Cancel(l.now, 2, false)
			l.do("SetState canceled map[n0:0 n1:2] [] 0")
			l.Checked(l.now, key("x"), true, nil)
			l.do("Deliver x 0 [n0] <nil>")
		},
		"it is stopped meanwhile, and does not come out": func(l *leaderTest) {
			holds(l, "n0")
			l.result("x", "n1", true)
			l.do("Check x 0")
			l.Halt(l.now, remote.Stop{Batch: "x", Kill: true})
			l.do("")
			l.pass(l.cfg.Terms.AckWait / 3)
			l.do("Deliver x 0 [n0] <nil>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeaderTest(t)
			l.publish("x", "n0")
			test(l)
		})
	}
}
