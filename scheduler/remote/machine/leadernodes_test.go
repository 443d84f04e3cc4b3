package machine

import (
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestLanes: a batch goes where its binary is, unless too many wait there, and long ones to all.
func TestLanes(t *testing.T) {
	t.Parallel()
	l := newLeaderTest(t)
	lanes := func(n int, binary string, estimate time.Duration) string {
		var all []string
		for i := range n {
			all = append(all, l.choose(Batch{Binary: binary, Unit: estimate}))
			l.load[all[i]]++
		}
		return strings.Join(all, " ")
	}
	for _, tc := range []struct {
		n        int
		binary   string
		estimate time.Duration
		want     string
	}{
		{3, "a", time.Second, "n0 n0 n0"}, // 2.5 batches for two workers
		{4, "b", time.Second, "n1 n1 n1 n0"},
		{1, "c", 6 * time.Second, "long"}, // more than 5% of 100 s
		{1, "c", 5 * time.Second, "n1"},
	} {
		if got := lanes(tc.n, tc.binary, tc.estimate); got != tc.want {
			t.Errorf("%d of %s: %s, want %s", tc.n, tc.binary, got, tc.want)
		}
	}
	l.load = make(map[string]int)
	l.Node(remote.Node{Name: "n1", Slots: 2, Has: []string{"d"}})
	if got := lanes(1, "d", 0); got != "n1" {
		t.Errorf("lane of a binary that n1 has: %s", got)
	}
	l.Gone("n1")
	if got := lanes(1, "d", 0); got != "n0" {
		t.Errorf("lane after n1 is gone: %s", got)
	}
	l.state.Sick = []string{"n0"}
	if got := lanes(1, "x", 0); got != "n0" {
		t.Errorf("lane if no node works: %s", got)
	}
}

// TestNodes: what is said of nodes that go, and of one that is sick.
func TestNodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(l *leaderTest){
		"goes with batches": func(l *leaderTest) {
			for _, b := range []string{"x", "y", "z"} {
				l.publish(b, "n0")
			}
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x"), key("y"), key("old")}})
			l.Gone("n1")
			l.Gone("n1")
			l.result("x", "n0", true)
			l.isOut("x")
			l.do("Deliver x 0 [n1] <nil>")
			l.result("z", "n0", true)
			l.do("Deliver z 0 [] <nil>")
			l.result("y", "n0", false)
			l.isOut("y")
			l.do("Deliver y 0 [n1] <nil>; Say === Lost: machine n1 went away, 2 batches ran again elsewhere")
		},
		"comes back with its results": func(l *leaderTest) {
			l.publish("x", "n0")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
			l.Gone("n1")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}, Late: 3})
			l.result("x", "n1", true)
			l.do("Deliver x 0 [n1] <nil>") // all that it had has come of it
			l.Finish(0, "")
			l.do("Say === Queue: 3 results came second and did not count; SetState done map[n0:0 n1:2] [] 0")
		},
		"its batches have run again before its time runs out": func(l *leaderTest) {
			l.publish("x", "n0")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
			l.result("x", "n0", true)
			l.isOut("x")
			l.do("Deliver x 0 [n1] <nil>")
			l.Gone("n1")
			l.do("Say === Lost: machine n1 went away, 1 batch ran again elsewhere")
		},
		"the run ends before its time runs out": func(l *leaderTest) {
			l.publish("x", "n0")
			l.publish("y", "n0")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
			l.Node(remote.Node{Name: "n0", Slots: 2, Holds: []remote.Key{key("y")}})
			l.result("x", "n0", true)
			l.isOut("x")
			l.do("Deliver x 0 [n1] <nil>")
			l.result("y", "n0", true)
			l.do("Deliver y 0 [n0] <nil>")
			l.Finish(0, "")
			l.do("Say === Lost: machine n1 went away, 1 batch ran again elsewhere; SetState done map[n0:0 n1:2] [] 0")
		},
		"one that was passed and lives": func(l *leaderTest) {
			l.publish("x", "n0")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
			l.result("x", "n0", true)
			l.isOut("x")
			l.do("Deliver x 0 [n1] <nil>")
			l.Node(remote.Node{Name: "n1", Slots: 2})
			l.Finish(0, "")
			l.do("SetState done map[n0:0 n1:2] [] 0")
		},
		"the run ends before all ran again": func(l *leaderTest) {
			l.publish("x", "n0")
			l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
			l.Gone("n1")
			l.do("")
			l.Finish(3, "")
			l.do("Say === Lost: machine n1 went away; SetState done map[n0:0 n1:2] [] 3")
		},
		"is sick": func(l *leaderTest) {
			for i := range 10 {
				l.health("n0", true)
				if i < 9 {
					l.health("n1", false)
				}
			}
			l.do("")
			l.health("n1", false)
			l.do("Say === Sick: machine n1 takes no more work: its last 10 batches failed, 10 passed elsewhere; SetState running map[n0:0 n1:2] [n1] 0")
			l.StateSet(l.now, l.state, nil)
			l.health("n1", false)
			l.do("")
		},
		"a suite that fails everywhere": func(l *leaderTest) {
			for range 20 {
				l.health("n0", false)
				l.health("n1", false)
			}
			l.do("")
		},
		"few batches ran elsewhere": func(l *leaderTest) {
			for i := range 20 {
				l.health("n1", false)
				if i < 9 {
					l.health("n0", true)
				}
			}
			l.do("")
		},
		"a suite that fails in part": func(l *leaderTest) {
			for range 20 {
				l.health("n0", true)
				l.health("n0", true)
				l.health("n0", false)
				l.health("n1", false)
			}
			l.do("")
		},
		"one that passes now and then": func(l *leaderTest) {
			for i := range 40 {
				l.health("n0", true)
				l.health("n1", i%9 == 0)
			}
			l.do("")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newLeaderTest(t))
		})
	}
}

// TestStuck: a lane that has work which idle nodes do not get has its consumer made anew.
func TestStuck(t *testing.T) {
	t.Parallel()
	l := newLeaderTest(t)
	waits := []remote.Lane{{Name: "n1", Waiting: 2}, {Name: "n0"}}
	survey := func(want string) { t.Helper(); l.Lanes(l.now, waits, nil); l.do(want) }
	const repaired = "Repair n1; Say === Queue: nobody got the 2 batches of lane n1, its consumer is made anew"
	for range 3 {
		survey("")
	}
	survey(repaired)
	for range 3 {
		survey("")
	}
	l.moved["n1"] = true // something of it has run
	for range 4 {
		survey("")
	}
	busy := []remote.Key{key("a"), key("b")}
	l.Node(remote.Node{Name: "n0", Slots: 2, Holds: busy})
	l.Node(remote.Node{Name: "n1", Slots: 2, Holds: busy})
	for range 9 {
		survey("") // all are busy
	}
}
