package machine

import (
	"fmt"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestSurvives: a lease that ran out while the server was away is announced as survived, one that ran
// out on a machine that stood still is not.
func TestSurvives(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		down, up time.Duration // after the lease began; 0: it did not
		want     string
	}{
		"the server is away": {down: time.Second, want: "[{ {bx 0} 1}]"},
		"it is back":         {down: time.Second, up: 14 * time.Second, want: "[{ {bx 0} 1}]"},
		"it stood still":     {want: "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t)
			a.lease("x", 1)
			a.Due(a.now)
			begin := a.now
			for _, link := range []struct {
				after time.Duration
				up    bool
			}{{tc.down, false}, {tc.up, true}} {
				if link.after > 0 {
					a.Link(begin.Add(link.after), link.up)
				}
			}
			a.now = begin.Add(a.cfg.Terms.AckWait)
			a.Due(a.now)
			if got := fmt.Sprint(a.survived); got != tc.want {
				t.Errorf("survived %s, want %s", got, tc.want)
			}
		})
	}
}

// TestFatal: deliveries that machines have survived are not among those that may have ended theirs.
func TestFatal(t *testing.T) {
	t.Parallel()
	k := remote.Key{Batch: "bx"}
	for _, tc := range []struct{ delivery, others, told, own, want int }{
		{4, 0, 0, 0, 3}, {4, 1, 0, 0, 2}, {4, 0, 1, 2, 1}, {4, 0, 2, 1, 1}, {4, 1, 1, 1, 1}, {7, 3, 0, 0, 3},
	} {
		a := newAgentTest(t)
		a.run.State.Survived = []remote.Survival{
			{Node: "n1", Key: k, Times: tc.told}, {Node: "n2", Key: k, Times: tc.others}, {Node: "n2", Key: key("other"), Times: 9},
		}
		a.survived = []remote.Survival{{Key: k, Times: tc.own}}
		a.lease("x", tc.delivery)
		h := a.holds[0]
		if got := a.fatal(h); got != tc.want {
			t.Errorf("%+v: %d", tc, got)
		}
		a.survived = []remote.Survival{{Key: k, Times: max(tc.own, tc.told)}}
		h.lease.Unsure = true
		a.survive(h)
		a.survive(h)
		if got := survivedOf(a.survived, k); got != max(tc.own, tc.told)+1 {
			t.Errorf("%+v: %d survived with this one", tc, got)
		}
		if got := a.fatal(h); got != tc.want {
			t.Errorf("%+v: %d, and this one is survived", tc, got)
		}
	}
}

// TestSurvivals: a leader tells all what machines have survived, each time once, until there is a result.
func TestSurvivals(t *testing.T) {
	t.Parallel()
	says := func(l *leaderTest, name string, times int, want string) {
		l.t.Helper()
		l.Node(remote.Node{Name: name, Slots: 2, Survived: []remote.Survival{{Key: key("b"), Times: times}, {Key: key("other"), Times: 1}}})
		if got := fmt.Sprint(l.state.Survived); got != want {
			l.t.Errorf("after %s %d: %s, want %s", name, times, got, want)
		}
	}
	l := newLeaderTest(t)
	l.publish("b", "n0")
	says(l, "n1", 1, "[{n1 {b 0} 1}]")
	says(l, "n1", 1, "[{n1 {b 0} 1}]")
	says(l, "n0", 2, "[{n1 {b 0} 1} {n0 {b 0} 2}]")
	says(l, "n1", 3, "[{n1 {b 0} 3} {n0 {b 0} 2}]")
	l.do("SetState running map[n0:0 n1:2] [] 0")
	l.StateSet(l.now, l.state, nil)
	heir := &leaderTest{t: t, now: l.now}
	heir.Leader = NewLeader(l.cfg, l.now, remote.Run{Leader: "n0", Fence: 6, State: l.state})
	says(heir, "n1", 2, "[{n1 {b 0} 3} {n0 {b 0} 2} {n1 {other 0} 1}]") // older words
	says(heir, "n1", 3, "[{n1 {b 0} 3} {n0 {b 0} 2} {n1 {other 0} 1}]")
	says(heir, "n1", 4, "[{n1 {b 0} 4} {n0 {b 0} 2} {n1 {other 0} 1}]")
	l.result("b", "n0", true)
	l.do("Deliver b 0 [] <nil>")
	says(l, "n1", 3, "[]")
}
