package machine

import (
	"errors"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestShips: a leader stores a binary when another machine needs it, and once.
func TestShips(t *testing.T) {
	t.Parallel()
	wants := func(name string, sum string, holds ...remote.Key) remote.Node {
		return remote.Node{Name: name, Slots: 2, Wants: []string{sum}, Holds: holds}
	}
	submit := func(l *leaderTest, batch, sum, acts string) {
		l.t.Helper()
		l.Submit(Batch{Key: key(batch), Binary: sum})
		l.do(acts)
		l.Published(l.now, key(batch), nil)
	}
	for name, tc := range map[string]func(l *leaderTest){
		"not for its own lane": func(l *leaderTest) {
			l.Gone("n1")
			l.do("Say === Lost: machine n1 went away")
			submit(l, "b", "x", "Publish b 0 n0 0")
		},
		"when a machine has taken the batch": func(l *leaderTest) {
			submit(l, "b", "x", "Publish b 0 n0 0")
			l.Node(wants("n1", "x", key("b")))
			l.do("Ship x")
			l.Node(wants("n1", "x", key("b")))
			l.do("")
			l.Shipped(l.now, "x", nil)
			l.Node(wants("n1", "x", key("b"))) // an old announcement
			l.do("")
		},
		"for the lane of another machine": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Has: []string{"x"}})
			submit(l, "b", "x", "Ship x; Publish b 0 n1 0")
			l.Shipped(l.now, "x", nil)
			submit(l, "c", "x", "Publish c 0 n1 0")
		},
		"for the lane that all serve": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b"), Binary: "x", Unit: time.Hour})
			l.do("Ship x; Publish b 0 long 0")
		},
		"not for a machine that builds, unless that fails": func(l *leaderTest) {
			l.Node(remote.Node{Name: "n1", Slots: 2, Has: []string{"x"}, Builds: true})
			submit(l, "b", "x", "Publish b 0 n1 0")
			l.Node(wants("n1", "x", key("b")))
			l.do("Ship x")
		},
		"asked for before the leader has it": func(l *leaderTest) {
			l.Node(wants("n1", "x"))
			l.do("")
			submit(l, "b", "x", "Ship x; Publish b 0 n0 0")
		},
		"not for one that has gone": func(l *leaderTest) {
			l.Node(wants("n1", "x"))
			l.Gone("n1")
			l.do("Say === Lost: machine n1 went away")
			submit(l, "b", "x", "Publish b 0 n0 0")
		},
		"two at a time": func(l *leaderTest) {
			for _, sum := range []string{"x", "y", "z"} {
				l.known(sum)
				l.Node(wants("n1", sum))
			}
			l.do("Ship x; Ship y")
			l.Shipped(l.now, "y", nil)
			l.do("Ship z")
		},
		"again if that was in vain": func(l *leaderTest) {
			submit(l, "b", "x", "Publish b 0 n0 0")
			submit(l, "c", "x", "Publish c 0 n0 0")
			l.Node(wants("n1", "x", key("b")))
			l.do("Ship x")
			l.Shipped(l.now, "x", errors.New("cannot be read"))
			l.do("Deliver b 0 [n1] cannot be read")
			l.Node(wants("n1", "x"))
			l.do("Ship x")
		},
		"not if the server is full": func(l *leaderTest) {
			submit(l, "b", "x", "Publish b 0 n0 0")
			l.Node(wants("n1", "x", key("b")))
			l.do("Ship x")
			l.Shipped(l.now, "x", remote.ErrFull)
			l.do("Abort full")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newLeaderTest(t))
		})
	}
}

// TestAsks: what a machine waits for is announced at once.
func TestAsks(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	a := NewAgent(AgentConfig{Node: "n1", Slots: 1, Terms: remote.DefaultTerms(), Wait: time.Minute}, now)
	a.Heard(now, testRun)
	announced := func() (n int) {
		for _, act := range a.Due(now) {
			if _, ok := act.(Announce); ok {
				n++
			}
		}
		return n
	}
	if n := announced(); n != 1 {
		t.Fatalf("announced %d times at first", n)
	}
	a.Ask() // the announcement that is under way may not have it
	a.Announced(now, nil)
	if n := announced(); n != 1 {
		t.Errorf("announced %d times what it waits for", n)
	}
	a.Announced(now, nil)
	if n := announced(); n != 0 {
		t.Errorf("announced %d times more", n)
	}
}
