package machine

import (
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// ends is the run when the leader has had its last result.
func ends(fence remote.Fence, keep bool) remote.Run {
	run := testRun
	run.State.Ends, run.State.Keep = fence, keep
	return run
}

// announcement returns the announcement that is due, with what else is.
func (a *agentTest) announcement() (n remote.Node, others string) {
	var rest []Act
	for _, act := range a.Due(a.now) {
		switch act := act.(type) {
		case Announce:
			n = act.Node
		case Fetch, Survey:
		default:
			rest = append(rest, act)
		}
	}
	a.Announced(a.now, nil)
	return n, texts(rest)
}

// TestAgentWorld: what set-ups have built on a machine is torn down once, when nothing uses it, before the
// machine leaves or says that it is over.
func TestAgentWorld(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(a *agentTest){
		"the run ends": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Stands()
			a.Heard(a.now, ends(7, false))
			a.do("Kill x; HaltWorld") // a second execution, of which nobody wants the result
			a.do("")
			a.Ended("x", Ended{})
			if n, acts := a.announcement(); acts != "EndWorld false" || n.Ended != 0 {
				a.t.Errorf("%s, ended %d", acts, n.Ended)
			}
			a.do("")
			a.WorldEnded()
			if n, acts := a.announcement(); acts != "" || n.Ended != 7 || n.Stands || n.Slots != 2 {
				a.t.Errorf("%s, %+v", acts, n)
			}
			a.do("")
		},
		"the run ends, and nothing was set up": func(a *agentTest) {
			a.Heard(a.now, ends(7, false))
			if n, acts := a.announcement(); acts != "" || n.Ended != 7 {
				a.t.Errorf("%s, ended %d", acts, n.Ended)
			}
		},
		"it stays": func(a *agentTest) {
			a.Stands()
			a.Heard(a.now, ends(7, true))
			a.do("HaltWorld; EndWorld true")
		},
		"the user ends it here": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Stands()
			a.Quit(130, "interrupt")
			a.do("Kill x; HaltWorld")
			a.Ended("x", Ended{})
			a.do("GiveBack x 0s; EndWorld false")
			a.Announced(a.now, nil)
			a.pass(10 * time.Second)
			if n, acts := a.announcement(); acts != "" || n.Slots != 0 || !n.Stands {
				a.t.Errorf("%s, %+v", acts, n)
			}
			a.WorldEnded()
			if n, acts := a.announcement(); acts != "" || n.Stands {
				a.t.Errorf("%s, %+v", acts, n)
			}
			a.do("Leave 130 interrupt")
		},
		"the user ends it here, and the server is gone": func(a *agentTest) {
			a.Stands()
			a.do("")
			a.Announced(a.now, nil)
			a.Quit(130, "interrupt")
			a.do("HaltWorld; EndWorld false")
			a.WorldEnded()
			a.do("") // it tries to tell
			a.Announced(a.now, remote.ErrUnreachable)
			a.do("Leave 130 interrupt")
		},
		"the leader's user ends it, and then at once": func(a *agentTest) {
			a.Stands()
			run := testRun
			run.State.Phase = remote.Canceled
			a.Heard(a.now, run)
			a.do("HaltWorld")
			run.State.Kill = true
			a.Heard(a.now, run)
			a.do("AbandonWorld")
			a.do("")
			run.State.Ends = 7
			a.Heard(a.now, run)
			a.do("EndWorld false")
		},
		"another leader takes over meanwhile": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Stands()
			a.Heard(a.now, ends(7, false))
			a.do("Kill x; HaltWorld")
			a.Heard(a.now, testRun)
			a.do("")
			a.Ended("x", Ended{})
			a.do("EndWorld false") // what was halted is of no use
			a.WorldEnded()
			a.lease("y", 1)
			a.do("Start y as 4 of 6")
			a.Stands()
			a.Heard(a.now, ends(9, false))
			a.do("Kill y; HaltWorld")
			a.Ended("y", Ended{})
			a.do("EndWorld false")
		},
		"nobody leads after the end": func(a *agentTest) {
			a.cfg.MayLead = true
			a.Heard(a.now, ends(7, false))
			run := ends(7, false)
			run.Leader = ""
			a.Heard(a.now, run)
			a.do("Lead")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newAgentTest(t))
		})
	}
}

// TestLeaderWorlds: the end of a run waits for the tear-downs of all machines that are there.
func TestLeaderWorlds(t *testing.T) {
	t.Parallel()
	node := func(name string, stands bool, ended remote.Fence) remote.Node {
		return remote.Node{Name: name, Slots: 2, Stands: stands, Ended: ended}
	}
	for name, tc := range map[string]func(l *leaderTest){
		"all say so": func(l *leaderTest) {
			l.Node(node("n0", false, 5))
			l.do("")
			l.Node(node("n1", true, 4)) // as an earlier leader has said
			l.do("")
			l.Node(node("n1", false, 5))
			l.do("WorldsEnded [n0 n1] []")
			l.do("")
		},
		"one goes away": func(l *leaderTest) {
			l.Node(node("n0", false, 5))
			l.Node(node("n1", true, 0))
			l.Gone("n1")
			l.do("Say === Lost: machine n1 went away; WorldsEnded [n0 n1] [n1]")
		},
		"killed": func(l *leaderTest) {
			l.Node(node("n0", true, 0))
			l.Cancel(l.now, 2, true)
			l.do("SetState canceled map[n0:0 n1:2] [] 0")
			l.StateSet(l.now, l.state, nil)
			l.now = l.now.Add(4 * time.Second)
			l.do("")
			l.now = l.now.Add(time.Second)
			l.do("WorldsEnded [n0 n1] [n0]")
		},
		"the server is gone": func(l *leaderTest) {
			l.Node(node("n0", true, 0))
			l.now = l.now.Add(remote.DefaultTerms().LeaderTTL)
			l.do("") // it may come back
			l.now = l.now.Add(remote.DefaultTerms().LeaderTTL)
			l.Cancel(l.now, 2, false)
			l.do("WorldsEnded [n0 n1] [n0]")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeaderTest(t)
			l.EndWorlds(true)
			l.EndWorlds(false) // it is said once
			if l.state.Ends != 5 || !l.state.Keep {
				t.Errorf("%+v", l.state)
			}
			l.do("SetState running map[n0:0 n1:2] [] 0")
			l.StateSet(l.now, l.state, nil)
			tc(l)
		})
	}
	heir := NewLeader(LeaderConfig{Node: "n1", Terms: remote.DefaultTerms()}, time.Unix(1000, 0), ends(7, true))
	if heir.state.Ends != 0 || heir.state.Keep {
		t.Errorf("a leader that takes over begins with %+v", heir.state)
	}
}
