package machine

import (
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestLosses: of which machines it is said that they went away.
func TestLosses(t *testing.T) {
	t.Parallel()
	const away = 45 * time.Second
	outage := func(l *leaderTest) {
		l.Link(l.now, false)
		l.now = l.now.Add(away)
		l.Renewed(l.now, l.now, l.lock.fence, nil)
		l.do("Say === Queue: the server did not answer for 45s")
	}
	notBack := func(l *leaderTest) {
		l.publish("x", "n0")
		l.Node(remote.Node{Name: "n1", Slots: 2, Holds: []remote.Key{key("x")}})
		l.Link(l.now, false)
		l.Gone("n1")
		l.result("x", "n0", true)
		l.isOut("x")
		l.do("Deliver x 0 [n1] <nil>")
		l.Link(l.now, true)
		l.do("")
	}
	for name, test := range map[string]func(l *leaderTest){
		"a machine without a batch that is known": func(l *leaderTest) {
			l.Gone("n1")
			l.do("Say === Lost: machine n1 went away")
		},
		"the leader's own": func(l *leaderTest) {
			l.Gone("n0")
			l.do("")
			l.Finish(0, "")
			l.do("SetState done map[n0:0 n1:2] [] 0")
		},
		"the server was away, and all are back": func(l *leaderTest) {
			outage(l)
			l.Gone("n0")
			l.Gone("n1")
			l.do("")
			l.Node(remote.Node{Name: "n1", Slots: 2})
			l.Node(remote.Node{Name: "n0", Slots: 2})
			l.pass(time.Minute)
			l.do("")
		},
		"the server was away, and the run ends before it is known who is back": func(l *leaderTest) {
			outage(l)
			l.Gone("n1")
			l.do("")
			l.Finish(0, "")
			l.do("SetState done map[n0:0 n1:2] [] 0")
		},
		"the server was away, and one is not back": func(l *leaderTest) {
			notBack(l)
			if at := l.Next(l.now); at.After(l.now.Add(l.cfg.Terms.AckWait)) {
				t.Errorf("it is told at %v", at)
			}
			l.pass(l.cfg.Terms.AckWait)
			l.do("Say === Lost: machine n1 went away, 1 batch ran again elsewhere")
		},
		"the server was away, one is not back, and the run ends": func(l *leaderTest) {
			notBack(l)
			l.Finish(0, "")
			l.do("Say === Lost: machine n1 went away, 1 batch ran again elsewhere; SetState done map[n0:0 n1:2] [] 0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newLeaderTest(t))
		})
	}
}

// TestUnknownAnnouncesNothing: a machine says that it is there when it knows that it may take part.
func TestUnknownAnnouncesNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	a := NewAgent(AgentConfig{Node: "n1", Slots: 2, Terms: remote.DefaultTerms(), Wait: time.Minute}, now)
	announces := func() (n int) {
		for _, act := range a.Due(now) {
			if _, ok := act.(Announce); ok {
				n++
			}
		}
		return n
	}
	if n := announces(); n != 0 {
		t.Errorf("it announces itself %d times before it knows of the run", n)
	}
	a.Heard(now, testRun)
	if n := announces(); n != 1 {
		t.Errorf("it announces itself %d times", n)
	}
	a.Announced(now, nil)
	a.Heard(now, remote.Run{})
	now = now.Add(remote.DefaultTerms().NodeTTL)
	if n := announces(); n != 1 {
		t.Errorf("it announces itself %d times while nobody leads", n)
	}
}
