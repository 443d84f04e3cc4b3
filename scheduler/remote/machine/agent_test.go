package machine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// agentTest drives an agent n1 of two workers, the 4th and 5th of the run.
type agentTest struct {
	*Agent
	t   *testing.T
	now time.Time
}

var testRun = remote.Run{Leader: "n0", State: remote.State{Phase: remote.Running, Numbers: map[string]int{"n0": 0, "n1": 4}, Workers: 6}}

func newAgentTest(t *testing.T) *agentTest {
	a := &agentTest{t: t, now: time.Unix(1000, 0)}
	a.Agent = NewAgent(AgentConfig{Node: "n1", Slots: 2, Terms: remote.DefaultTerms(), Wait: time.Minute}, a.now)
	a.Heard(a.now, testRun)
	a.do("") // it announces itself
	a.Announced(a.now, nil)
	return a
}

// do checks what is due, Fetch and Survey and Announce that say nothing new aside.
func (a *agentTest) do(want string) {
	a.t.Helper()
	var acts []Act
	for _, act := range a.Due(a.now) {
		switch act.(type) {
		case Fetch, Survey, Announce:
		default:
			acts = append(acts, act)
		}
	}
	if got := texts(acts); got != want {
		a.t.Errorf("due: %s\nwant: %s", got, want)
	}
}

func (a *agentTest) pass(d time.Duration) { a.now = a.now.Add(d) }

// lease gives the agent a lease that has just begun.
func (a *agentTest) lease(token string, delivery int) {
	a.Fetched(a.now, a.now, remote.Lease{Token: token, Delivery: delivery, Work: remote.Work{Batch: "b" + token}}, nil)
}

// TestLease is the life of a lease, in each way it can go.
func TestLease(t *testing.T) {
	t.Parallel()
	unready := Ended{Unready: errors.New("wrong sum")}
	for name, tc := range map[string]func(a *agentTest){
		"runs": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Ended("x", Ended{})
			a.do("Put x ran")
			a.Put(a.now, "x", true, nil)
			a.do("Ack x")
			a.Acked(a.now, "x", nil)
			a.do("")
		},
		"two at a time have two numbers": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lease("y", 1)
			a.do("Start y as 5 of 6")
			a.Ended("x", Ended{})
			a.do("Put x ran")
			a.lease("z", 1)
			a.do("Start z as 4 of 6")
		},
		"is extended each fifth of its time": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			for range 10 {
				a.pass(3 * time.Second)
				a.do("Extend x")
				a.Extended(a.now, a.now, "x", nil)
			}
			a.do("")
		},
		"runs out and is killed": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.pass(3 * time.Second)
			a.do("Extend x")
			a.Extended(a.now, a.now.Add(-time.Second), "x", errors.New("some error"))
			a.pass(500 * time.Millisecond)
			a.do("Extend x")
			a.pass(11499 * time.Millisecond)
			a.do("")
			a.pass(time.Millisecond)
			a.do("Kill x")
			a.Ended("x", Ended{})
			a.do("")
		},
		"an extension counts from when it was asked for": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.pass(3 * time.Second)
			a.do("Extend x")
			asked := a.now
			a.pass(10 * time.Second)
			a.Extended(a.now, asked, "x", nil)
			a.do("Extend x")
			a.pass(5*time.Second - 1)
			a.do("")
			a.pass(1)
			a.do("Kill x")
		},
		"a machine that slept kills first": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.pass(time.Hour)
			a.do("Kill x")
		},
		"one that ended while the machine slept has a result all the same": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.pass(time.Hour)
			a.Ended("x", Ended{})
			a.do("Put x ran")
			a.Put(a.now, "x", false, nil)
			a.do("") // the work is another machine's
			if a.late != 1 {
				a.t.Errorf("%d results are late", a.late)
			}
		},
		"an extension that is lost": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.pass(3 * time.Second)
			a.do("Extend x")
			a.Extended(a.now, a.now, "x", fmt.Errorf("x: %w", remote.ErrLost))
			a.do("Kill x")
		},
		"no heartbeats after a process's own limit": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Begun("x", a.now.Add(4*time.Second))
			a.pass(3 * time.Second)
			a.do("Extend x")
			a.Extended(a.now, a.now, "x", nil)
			a.pass(14 * time.Second)
			a.do("")
			a.pass(time.Second)
			a.do("Kill x")
		},
		"one that was late on its way is not started": func(a *agentTest) {
			a.Fetched(a.now, a.now.Add(-15*time.Second), remote.Lease{Token: "x", Delivery: 1}, nil)
			a.do("")
			if len(a.holds) > 0 {
				a.t.Error("it is held")
			}
		},
		"delivered again, with a result": func(a *agentTest) {
			a.lease("x", 2)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", true, nil)
			a.do("Ack x")
		},
		"delivered again, without one": func(a *agentTest) {
			a.lease("x", 3)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, errors.New("some error"))
			a.do("")
			a.pass(retryPause)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.do("") // it is announced first
			a.Announced(a.now, errors.New("some error"))
			a.do("")
			a.pass(retryPause)
			a.do("")
			a.Announced(a.now, nil)
			a.do("Start x as 4 of 6")
		},
		"delivered too often": func(a *agentTest) {
			a.lease("x", 4)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.do("")
			a.pass(a.cfg.Terms.AckWait / 5)
			a.Due(a.now)
			a.Extended(a.now, a.now, "x", nil)
			a.pass(a.cfg.Terms.AckWait * 4 / 5) // a machine that is well has said so by now
			a.do("Extend x; Look x bx 0")
			a.Looked(a.now, "x", false, nil)
			a.do("") // the leader has to count that
			run := testRun
			run.State.Counted = []remote.Counted{{Drop: remote.Drop{Key: key("bx"), Times: 3}}}
			a.Heard(a.now, run)
			a.do("Put x lost it was given to 3 machines, and none had a result")
		},
		"delivered too often, with a result": func(a *agentTest) {
			a.lease("x", 4)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", true, nil)
			a.do("Ack x")
		},
		"its binary does not arrive": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Ended("x", unready)
			a.do("GiveBack x 2s")
			a.do("")
			a.lease("y", 3)
			a.do("Look y by 0")
			a.Looked(a.now, "y", false, nil)
			a.do("")
			a.Announced(a.now, nil)
			a.do("Start y as 4 of 6")
			a.Ended("y", unready)
			a.do("Put y failed wrong sum")
		},
		"a result that is not stored is sent again": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Ended("x", Ended{})
			a.do("Put x ran")
			a.Put(a.now, "x", false, remote.ErrUnreachable)
			a.do("")
			a.pass(retryPause)
			a.do("Put x ran")
			a.Put(a.now, "x", false, remote.ErrTooLarge)
			a.do("Put x failed too large")
		},
		"an ack that is lost is sent again while the lease lasts": func(a *agentTest) {
			a.lease("x", 2)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", true, nil)
			a.do("Ack x")
			a.Acked(a.now, "x", errors.New("some error"))
			a.pass(retryPause)
			a.do("Ack x")
			a.pass(time.Minute)
			a.Acked(a.now, "x", errors.New("some error"))
			if len(a.holds) > 0 {
				a.t.Error("it is held")
			}
		},
		"the leader stops it": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Halt(remote.Stop{Batch: "bx", Quit: true})
			a.do("End x bx 0 true 0 false")
			a.do("")
			a.Halt(remote.Stop{Batch: "bx", Signal: 2})
			a.do("End x bx 0 false 2 false")
			a.Ended("x", unready)
			a.do("Put x stopped")
			a.lease("y", 1)
			a.Halt(remote.Stop{Batch: "by"})
			a.do("Put y stopped")
		},
		"the run is canceled, then at once": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lease("y", 1)
			run := testRun
			run.State.Phase, run.State.Signal = remote.Canceled, 2
			a.Heard(a.now, run)
			a.do("End x bx 0 false 2 false; Put y stopped")
			run.State.Kill = true
			a.Heard(a.now, run)
			a.do("End x bx 0 false 2 true")
			a.Ended("x", Ended{})
			a.do("Put x ran")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newAgentTest(t))
		})
	}
}

// TestSeek: an agent looks for work in its own lane and where most waits, but not without a number,
// a free worker, or when it is sick.
func TestSeek(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t)
	due := func(want string) {
		t.Helper()
		if got := texts(a.Due(a.now)); got != want {
			t.Errorf("due: %s\nwant: %s", got, want)
		}
	}
	run := testRun
	run.State.Numbers = map[string]int{"n0": 0}
	a.Heard(a.now, run)
	due("")
	a.Heard(a.now, testRun)
	due("")
	a.Lanes(a.now, []remote.Lane{{Name: "n2", Waiting: 3}, {Name: "n1", Waiting: 9}, {Name: "n3", Waiting: 5, Leased: 2}, {Name: "long", Waiting: 7}, {Name: "n0", Leased: 7}}, nil)
	a.Fetched(a.now, a.now, remote.Lease{}, remote.ErrEmpty)
	due("Fetch long,n1,n3,n2")
	a.lease("x", 1)
	due("Start x as 4 of 6; Fetch long,n1,n3,n2")
	a.pass(talkPause)
	due("Announce [{bx 0}] late 0; Survey")
	a.lease("y", 1)
	due("Start y as 5 of 6")
	a.Ended("x", Ended{})
	due("Put x ran; Fetch long,n1,n3,n2")
	a.Fetched(a.now, a.now, remote.Lease{}, errors.New("some error"))
	due("")
	a.pass(retryPause)
	due("Fetch long,n1,n3,n2")
	a.Fetched(a.now, a.now, remote.Lease{}, remote.ErrEmpty)
	run = testRun
	run.State.Sick = []string{"n1"}
	a.Heard(a.now, run)
	due("")
}

// TestLeave: when an agent goes, and with which exit code.
func TestLeave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(a *agentTest){
		"the run is over": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			run := testRun
			run.State = remote.State{Phase: remote.Done, Code: 1, Verdict: "2 failures"}
			a.Heard(a.now, run)
			a.do("Kill x")
			a.Ended("x", Ended{})
			a.do("Leave 1 2 failures")
			a.do("")
		},
		"the server is gone": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.Link(a.now, false)
			a.Fetched(a.now, a.now, remote.Lease{}, remote.ErrEmpty) // the engine need not have asked
			a.Extended(a.now, a.now, "x", remote.ErrLost)
			a.do("Kill x")
			a.pass(59 * time.Second)
			a.do("")
			a.pass(time.Second)
			a.do("")
			a.Ended("x", Ended{})
			a.do("Leave 3 the queue's server has not answered for 1m0s")
		},
		"the server comes back": func(a *agentTest) {
			a.Link(a.now, false)
			a.pass(59 * time.Second)
			a.do("")
			a.Link(a.now, true)
			a.pass(time.Hour)
			a.do("")
		},
		"nobody leads": func(a *agentTest) {
			run := testRun
			run.Leader = ""
			a.Heard(a.now, run)
			a.pass(time.Minute)
			a.do("Leave 3 no machine has led the run for 1m0s")
		},
		"another leads": func(a *agentTest) {
			run := testRun
			run.Leader = ""
			a.Heard(a.now, run)
			a.pass(59 * time.Second)
			a.do("")
			run.Leader = "n5"
			a.Heard(a.now, run)
			a.pass(time.Hour)
			a.do("")
		},
		"it leads itself": func(a *agentTest) {
			a.cfg.MayLead = true
			run := testRun
			run.Leader = ""
			a.Heard(a.now, run)
			a.do("Lead")
			a.do("")
			a.Led(a.now, false, nil)
			a.pass(retryPause)
			a.do("Lead")
			a.Led(a.now, true, nil)
			a.pass(retryPause) // its lock has run out: its leader takes it back
			a.do("")
		},
		"it must lead, and another does": func(a *agentTest) {
			a.cfg.MustLead = true
			run := testRun
			run.Leader = "n1"
			a.Heard(a.now, run)
			a.do("")
			a.Heard(a.now, testRun)
			a.do("Leave 3 machine n0 leads the run, and this machine is to lead it")
		},
		"it is not allowed to": func(a *agentTest) {
			a.Looked(a.now, "none", false, fmt.Errorf("get a result: %w", remote.ErrDenied))
			a.do("Leave 3 get a result: not allowed")
		},
		"the disk is full": func(a *agentTest) {
			a.lease("x", 2)
			a.do("Look x bx 0")
			a.Looked(a.now, "x", true, nil)
			a.do("Ack x")
			a.Acked(a.now, "x", fmt.Errorf("store: %w: 10 GB", remote.ErrFull))
			a.do("Leave 3 store: full: 10 GB")
		},
		"its user ends it": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lease("y", 1)
			a.do("Start y as 5 of 6")
			a.Ended("y", Ended{})
			a.Quit(130, "interrupted")
			a.do("Kill x; Put y ran")
			a.Ended("x", Ended{})
			a.do("GiveBack x 0s")
			a.Put(a.now, "y", true, nil)
			a.do("Ack y")
			a.Acked(a.now, "y", nil)
			a.do("Leave 130 interrupted")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newAgentTest(t))
		})
	}
}

// TestDifferences: what keeps a machine from a run is named.
func TestDifferences(t *testing.T) {
	t.Parallel()
	run := remote.Facts{Protocol: 1, Source: "s", Go: "go1.26", OS: "linux", Arch: "amd64", Root: "/m", Arguments: []string{"-v"}, Seed: 4, History: "h"}
	if err := Differences(run, run); err != nil {
		t.Error(err)
	}
	other := run
	other.Seed, other.History = 5, ""
	if err := Differences(run, other); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(f *remote.Facts){
		`protocol "1", here "2"`:                   func(f *remote.Facts) { f.Protocol = 2 },
		`source "s", here "t"`:                     func(f *remote.Facts) { f.Source = "t" },
		`go version "go1.26", here "go1.27"`:       func(f *remote.Facts) { f.Go = "go1.27" },
		`system "linux/amd64", here "linux/arm64"`: func(f *remote.Facts) { f.Arch = "arm64" },
		`module root "/m", here "/n"`:              func(f *remote.Facts) { f.Root = "/n" },
		`arguments "-v", here "-v -race"`:          func(f *remote.Facts) { f.Arguments = []string{"-v", "-race"} },
	} {
		other := run
		change(&other)
		if err := Differences(run, other); err == nil || !strings.HasSuffix(err.Error(), "which has "+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
