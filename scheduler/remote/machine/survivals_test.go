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
		"the server is away": {down: time.Second, want: "[{{bx 0} 1}]"},
		"it is back":         {down: time.Second, up: 14 * time.Second, want: "[{{bx 0} 1}]"},
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
	for _, tc := range []struct{ delivery, told, own, want int }{
		{4, 0, 0, 3}, {4, 1, 0, 2}, {4, 1, 2, 1}, {7, 3, 0, 3},
	} {
		a := newAgentTest(t)
		a.run.State.Survived, a.survived = []remote.Survival{{Key: k, Times: tc.told}}, []remote.Survival{{Key: k, Times: tc.own}}
		a.lease("x", tc.delivery)
		if got := a.fatal(a.holds[0]); got != tc.want {
			t.Errorf("%+v: %d", tc, got)
		}
	}
}

// TestSurvivals: a leader adds up what machines have survived, each time once, until there is a result.
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
	says(l, "n1", 1, "[{{b 0} 1}]")
	says(l, "n1", 1, "[{{b 0} 1}]")
	says(l, "n0", 2, "[{{b 0} 3}]")
	says(l, "n1", 3, "[{{b 0} 5}]")
	l.do("SetState running map[n0:0 n1:2] [] 0")
	l.StateSet(l.now, l.state, nil)
	heir := &leaderTest{t: t, now: l.now}
	heir.Leader = NewLeader(l.cfg, l.now, remote.Run{Leader: "n0", Fence: 6, State: l.state})
	says(heir, "n1", 3, "[{{b 0} 5} {{other 0} 1}]")
	says(heir, "n1", 4, "[{{b 0} 6} {{other 0} 1}]")
	l.result("b", "n0", true)
	l.do("Deliver b 0 [] <nil>")
	if len(l.state.Survived) > 0 {
		t.Errorf("survived %v of a batch that has a result", l.state.Survived)
	}
}
