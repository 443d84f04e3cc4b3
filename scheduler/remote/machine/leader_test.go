package machine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// leaderTest drives a leader n0 with the nodes n0 and n1, of two workers each.
type leaderTest struct {
	*Leader
	t    *testing.T
	now  time.Time
	told []int // of workers
}

func newLeaderTest(t *testing.T) *leaderTest {
	l := &leaderTest{t: t, now: time.Unix(1000, 0)}
	l.Leader = NewLeader(LeaderConfig{
		Node: "n0", Terms: remote.DefaultTerms(), Wait: time.Minute, Grace: 10 * time.Second,
	}, l.now, remote.Run{Leader: "n0", Fence: 5})
	l.Expect(400 * time.Second)
	l.do("SetState running map[] [] 0")
	l.StateSet(l.now, l.state, nil)
	l.Node(remote.Node{Name: "n0", Slots: 2})
	l.do("SetState running map[n0:0] [] 0")
	l.StateSet(l.now, l.state, nil)
	l.Node(remote.Node{Name: "n1", Slots: 2})
	l.do("SetState running map[n0:0 n1:2] [] 0")
	l.StateSet(l.now, l.state, nil)
	return l
}

// do checks what is due, but for Renew and Survey, which are answered, and Crew, which is kept.
func (l *leaderTest) do(want string) {
	l.t.Helper()
	var acts []Act
	for _, act := range l.Due(l.now) {
		switch act := act.(type) {
		case Renew:
			l.Renewed(l.now, l.now, act.Fence, nil)
		case Survey:
			l.survey.end(l.now.Add(l.cfg.Terms.AckWait))
		case Crew:
			l.told = append(l.told, act.Slots)
		default:
			acts = append(acts, act)
		}
	}
	if got := texts(acts); got != want {
		l.t.Errorf("due: %s\nwant: %s", got, want)
	}
}

// pass lets time pass in steps in which the lock is renewed and nothing else is due.
func (l *leaderTest) pass(d time.Duration) {
	l.t.Helper()
	for d > 5*time.Second {
		l.now = l.now.Add(5 * time.Second)
		l.do("")
		d -= 5 * time.Second
	}
	l.now = l.now.Add(d)
}

func key(batch string) remote.Key { return remote.Key{Batch: batch} }

// publish submits a batch that goes to a lane.
func (l *leaderTest) publish(batch, lane string) {
	l.t.Helper()
	l.Submit(Batch{Key: key(batch), Binary: "sum"})
	l.do(fmt.Sprintf("Publish %s 0 %s 0", batch, lane))
	l.Published(l.now, key(batch), nil)
}

// result gives the leader the result of a batch.
func (l *leaderTest) result(batch, node string, passed bool) {
	l.t.Helper()
	l.Result(key(batch))
	l.do("Read " + batch + " 0")
	l.Read(l.now, key(batch), node, Ran, passed, nil)
}

// isOut has the leader find that a batch that it has the result of is not in the queue any more.
func (l *leaderTest) isOut(batch string) {
	l.t.Helper()
	l.do("Check " + batch + " 0")
	l.Checked(l.now, key(batch), false, nil)
}

// TestBatch is the life of a batch, in each way it can go.
func TestBatch(t *testing.T) {
	t.Parallel()
	anErr := errors.New("some error")
	for name, tc := range map[string]func(l *leaderTest){
		"runs": func(l *leaderTest) {
			l.publish("b", "n0")
			l.result("b", "n0", true)
			l.do("Deliver b 0 [] <nil>")
			l.Result(key("b")) // the event comes again
			l.do("")
		},
		"is published again if that was in vain": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b")})
			l.do("Publish b 0 n0 0")
			l.Published(l.now, key("b"), anErr)
			l.do("")
			l.pass(retryPause)
			l.do("Publish b 0 n0 0")
		},
		"has a result before its publication is acknowledged": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b")})
			l.do("Publish b 0 n0 0")
			l.result("b", "n0", true)
			l.Published(l.now, key("b"), nil)
			l.do("Deliver b 0 [] <nil>")
		},
		"is too large": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b")})
			l.do("Publish b 0 n0 0")
			l.Published(l.now, key("b"), remote.ErrTooLarge)
			l.do("Deliver b 0 [] too large")
		},
		"is asked for while it takes long": func(l *leaderTest) {
			l.publish("b", "n0")
			for range 3 {
				l.pass(30 * time.Second)
				l.do("Check b 0")
				l.Checked(l.now, key("b"), true, nil)
			}
			l.do("")
		},
		"was acknowledged and is lost": func(l *leaderTest) {
			l.publish("b", "n0")
			l.pass(30 * time.Second)
			l.do("Check b 0")
			l.Checked(l.now, key("b"), false, nil)
			l.do("Read b 0")
			l.Read(l.now, key("b"), "", "", false, remote.ErrGone)
			l.do("Publish b 0 n0 1")
		},
		"is not in the queue since its result is there": func(l *leaderTest) {
			l.publish("b", "n0")
			l.pass(30 * time.Second)
			l.do("Check b 0")
			l.Checked(l.now, key("b"), false, nil)
			l.do("Read b 0")
			l.Read(l.now, key("b"), "n1", Ran, true, nil)
			l.do("Deliver b 0 [] <nil>")
		},
		"its result came while it was looked for": func(l *leaderTest) {
			l.publish("b", "n0")
			l.pass(30 * time.Second)
			l.do("Check b 0")
			l.Checked(l.now, key("b"), false, nil)
			l.do("Read b 0")
			l.Result(key("b"))
			l.Read(l.now, key("b"), "", "", false, remote.ErrGone)
			l.do("Read b 0")
		},
		"its result was told of and is lost": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Result(key("b"))
			l.do("Read b 0")
			l.Read(l.now, key("b"), "", "", false, remote.ErrGone)
			l.do("Check b 0")
			l.Checked(l.now, key("b"), false, nil)
			l.do("Read b 0")
			l.Read(l.now, key("b"), "", "", false, remote.ErrGone)
			l.do("Publish b 0 n0 1")
		},
		"kills its machines": func(l *leaderTest) {
			l.publish("b", "n0")
			for _, n := range []string{"n1", "n2", "n3"} {
				l.Node(remote.Node{Name: n, Holds: []remote.Key{key("b")}})
				l.Gone(n)
			}
			l.Result(key("b"))
			l.do("Read b 0")
			l.Read(l.now, key("b"), "n0", Lost, false, nil)
			l.isOut("b")
			l.do("Deliver b 0 [n1 n2 n3] <nil>; Say === Lost: machine n1 went away, 1 batch ran again elsewhere; " +
				"Say === Lost: machine n2 went away, 1 batch ran again elsewhere; Say === Lost: machine n3 went away, 1 batch ran again elsewhere")
		},
		"is stopped": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Halt(l.now, remote.Stop{Batch: "b", Quit: true})
			l.do("Stop 5 b 0 true 0 false")
			l.Stopped(l.now, key("b"), anErr)
			l.do("")
			l.pass(retryPause)
			l.do("Stop 5 b 0 true 0 false")
			l.Stopped(l.now, key("b"), nil)
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.do("Stop 5 b 0 false 2 false")
			l.Stopped(l.now, key("b"), nil)
			l.result("b", "n0", false)
			l.do("Deliver b 0 [] <nil>")
		},
		"is stopped otherwise while that is being told": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Halt(l.now, remote.Stop{Batch: "b", Quit: true})
			l.do("Stop 5 b 0 true 0 false")
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.do("")
			l.Stopped(l.now, key("b"), nil)
			l.do("Stop 5 b 0 false 2 false")
		},
		"is stopped, and nobody says a word": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.do("Stop 5 b 0 false 2 false")
			l.Stopped(l.now, key("b"), nil)
			l.pass(25 * time.Second)
			l.do("Deliver b 0 [] no machine has said in time that it has ended its process")
		},
		"the run is canceled before any machine has had it": func(l *leaderTest) {
			l.publish("b", "n0")
			l.publish("c", "n0")
			l.Node(remote.Node{Name: "n0", Slots: 2, Holds: []remote.Key{key("c")}})
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.Cancel(l.now, 2, false)
			l.do("SetState canceled map[n0:0 n1:2] [] 0")
			l.StateSet(l.now, l.state, nil)
			l.pass(notHeard - 1)
			l.do("")
			l.pass(1)
			l.do("Deliver b 0 [] the run was canceled before any machine had it")
			l.result("c", "n0", false)
			l.do("Deliver c 0 [n0] <nil>")
		},
		"the run is canceled": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Cancel(l.now, 2, false)
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.Submit(Batch{Key: key("c")})
			l.do("SetState canceled map[n0:0 n1:2] [] 0; Deliver c 0 [] the run was canceled before any machine had it")
			l.Cancel(l.now, 2, false)
			l.StateSet(l.now, l.state, nil)
			l.do("")
			l.Cancel(l.now, 2, true)
			l.do("SetState canceled map[n0:0 n1:2] [] 0")
			l.StateSet(l.now, l.state, nil)
			l.result("b", "n0", false)
			l.do("Deliver b 0 [] <nil>")
			l.Finish(130, "")
			l.do("SetState done map[n0:0 n1:2] [] 130")
			l.StateSet(l.now, l.state, nil)
			l.do("Finished")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newLeaderTest(t))
		})
	}
}

// TestLock: a leader whose lock may have run out waits, and one that has lost it ends.
func TestLock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(l *leaderTest){
		"renewed": func(l *leaderTest) {
			l.now = l.now.Add(5 * time.Second)
			if got := texts(l.Due(l.now)); got != "Renew 5" {
				l.t.Error(got)
			}
			l.Renewed(l.now, l.now, 6, nil)
			l.publish("b", "n0")
		},
		"in doubt": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b")})
			l.now = l.now.Add(15 * time.Second)
			if got := texts(l.Due(l.now)); got != "Renew 5" {
				l.t.Errorf("in doubt: %s", got)
			}
			l.Gone("n1")
			l.Renewed(l.now, l.now, 5, errors.New("some error"))
			l.do("")
			l.now = l.now.Add(retryPause)
			if got := texts(l.Due(l.now)); got != "Renew 5" {
				l.t.Errorf("in doubt: %s", got)
			}
			l.Renewed(l.now, l.now, 5, nil)
			l.do("Say === Lost: machine n1 went away; Publish b 0 n0 0")
		},
		"in doubt, and stopped": func(l *leaderTest) {
			l.publish("b", "n0")
			l.Node(remote.Node{Name: "n0", Slots: 2, Holds: []remote.Key{key("b")}})
			l.now = l.now.Add(15 * time.Second)
			if got := texts(l.Due(l.now)); got != "Renew 5" {
				l.t.Errorf("in doubt: %s", got)
			}
			l.Cancel(l.now, 2, false)
			l.Halt(l.now, remote.Stop{Batch: "b", Signal: 2})
			l.do("")
			l.now = l.now.Add(3 * time.Second)
			l.Cancel(l.now, 2, true)
			l.now = l.now.Add(5*time.Second - 1)
			l.do("")
			l.now = l.now.Add(1)
			l.do("Deliver b 0 [n0] no machine has said in time that it has ended its process")
			l.do("")
		},
		"refused": func(l *leaderTest) {
			l.Submit(Batch{Key: key("b")})
			l.Renewed(l.now, l.now, 0, remote.ErrRefused)
			l.do("Abort another machine leads the run now: this one did not renew its lock in time")
			l.do("")
		},
		"its verdict is refused": func(l *leaderTest) {
			l.Finish(0, "PASS")
			l.do("SetState done map[n0:0 n1:2] [] 0")
			l.StateSet(l.now, l.state, remote.ErrRefused)
			l.do("Abort another machine leads the run now: it does not take this one's word")
		},
		"another leads": func(l *leaderTest) {
			l.Heard(remote.Run{Leader: "n9", Fence: 4}) // before
			l.do("")
			l.Heard(remote.Run{Leader: "n0", Fence: 5})
			l.do("")
			l.Heard(remote.Run{Leader: "n9", Fence: 7})
			l.do("Abort machine n9 leads the run now: this machine did not renew its lock in time")
		},
		"a result that has not been delivered": func(l *leaderTest) {
			l.publish("b", "n0")
			l.result("b", "n0", true)
			l.Renewed(l.now, l.now, 0, remote.ErrRefused)
			l.do("Abort another machine leads the run now: this one did not renew its lock in time")
		},
		"the server is gone": func(l *leaderTest) {
			l.Published(l.now, key("x"), remote.ErrUnreachable)
			l.now = l.now.Add(time.Minute)
			l.do("Abort the queue's server has not answered for 1m0s")
		},
		"the server was away": func(l *leaderTest) {
			l.Link(l.now, false)
			l.Published(l.now, key("x"), nil) // from before
			l.now = l.now.Add(7 * time.Second)
			l.Link(l.now, false)
			l.Link(l.now, true)
			l.do("Say === Queue: the server did not answer for 7s")
			l.Link(l.now, false)
			l.now = l.now.Add(5 * time.Second)
			l.Link(l.now, true)
			l.do("")
			l.Published(l.now, key("x"), remote.ErrUnreachable)
			l.now = l.now.Add(6 * time.Second)
			l.Published(l.now, key("x"), nil)
			l.do("Say === Queue: the server did not answer for 6s")
		},
		"the queue is full": func(l *leaderTest) {
			l.Published(l.now, key("x"), fmt.Errorf("publish: %w: 10 GB", remote.ErrFull))
			l.do("Abort publish: full: 10 GB")
		},
		"a state that is not set": func(l *leaderTest) {
			l.Finish(1, "FAIL")
			l.do("SetState done map[n0:0 n1:2] [] 1")
			l.StateSet(l.now, l.state, errors.New("some error"))
			l.do("")
			l.now = l.now.Add(retryPause)
			l.do("SetState done map[n0:0 n1:2] [] 1")
			l.StateSet(l.now, l.state, nil)
			l.do("Finished")
			l.do("")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newLeaderTest(t))
		})
	}
}

// TestHeir: a leader that is not the first takes the results that are there, and publishes only what
// is neither done nor in the queue. Workers keep their numbers.
func TestHeir(t *testing.T) {
	t.Parallel()
	l := &leaderTest{t: t, now: time.Unix(1000, 0)}
	l.Leader = NewLeader(LeaderConfig{Node: "n1", Terms: remote.DefaultTerms(), Wait: time.Minute}, l.now,
		remote.Run{Leader: "n1", Fence: 9, State: remote.State{Phase: remote.Running, Numbers: map[string]int{"n0": 0}, Workers: 2, Sick: []string{"n7"}}})
	l.do("SetState running map[n0:0] [n7] 0; List map[]")
	l.StateSet(l.now, l.state, nil)
	l.Listed(l.now, nil, nil, nil)
	l.Node(remote.Node{Name: "n1", Slots: 3})
	l.do("SetState running map[n0:0 n1:2] [n7] 0")
	l.StateSet(l.now, l.state, nil)
	if l.state.Workers != 5 {
		t.Errorf("%d workers", l.state.Workers)
	}
	l.Result(key("done"))
	for _, b := range []string{"done", "queued", "new"} {
		l.Submit(Batch{Key: key(b)})
	}
	l.do("Read done 0; Check queued 0; Check new 0")
	l.Read(l.now, key("done"), "n0", Ran, true, nil)
	l.Checked(l.now, key("queued"), true, nil)
	l.Checked(l.now, key("new"), false, nil)
	l.do("Deliver done 0 [] <nil>; Read new 0")
	l.Read(l.now, key("new"), "", "", false, remote.ErrGone)
	l.do("Publish new 0 n1 1")
}
