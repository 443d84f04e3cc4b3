package machine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// lastTry gives the agent a lease of work that has been with two machines before.
func (a *agentTest) lastTry(token string) {
	a.t.Helper()
	a.lease(token, maxDeliveries)
	a.do(fmt.Sprintf("Look %s b%s 0", token, token))
	a.Looked(a.now, token, false, nil)
	a.announced()
}

// announced has the agent announce what it holds.
func (a *agentTest) announced() {
	a.t.Helper()
	a.do("")
	a.Announced(a.now, nil)
}

// TestLastTry: what two machines have not survived runs alone on the third.
func TestLastTry(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(a *agentTest){
		"waits for what runs, and all others for it": func(a *agentTest) {
			a.slots = append(a.slots, false)
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lastTry("y")
			a.do("")
			a.lease("z", 1) // it was asked for before
			a.do("")
			a.Ended("x", Ended{})
			a.do("Put x ran; Start y as 5 of 6")
			a.do("")
			a.Ended("y", Ended{})
			a.do("Put y ran; Start z as 6 of 6")
		},
		"waits for one that is being killed": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lastTry("y")
			a.Extended(a.now, a.now, "x", remote.ErrLost)
			a.do("Kill x")
			a.do("")
			a.Ended("x", Ended{})
			a.do("Start y as 5 of 6")
		},
		"one after the other": func(a *agentTest) {
			a.lastTry("x")
			a.do("Start x as 4 of 6")
			a.lastTry("y")
			a.do("")
			a.Ended("x", Ended{})
			a.do("Put x ran; Start y as 5 of 6")
		},
		"has been with one machine": func(a *agentTest) {
			a.lease("x", 1)
			a.do("Start x as 4 of 6")
			a.lease("y", 2)
			a.do("Look y by 0")
			a.Looked(a.now, "y", false, nil)
			a.announced()
			a.do("Start y as 5 of 6")
		},
		"nothing is asked for meanwhile": func(a *agentTest) {
			fetches := func() (n int) {
				for _, act := range a.Due(a.now) {
					if f, ok := act.(Fetch); ok {
						a.Fetched(a.now, a.now, remote.Lease{}, fmt.Errorf("%v: %w", f.Lanes, remote.ErrEmpty))
						n++
					}
				}
				return n
			}
			a.Fetched(a.now, a.now, remote.Lease{}, remote.ErrEmpty) // the one that is under way
			if fetches() != 1 {
				a.t.Error("it asks for nothing")
			}
			a.lease("x", maxDeliveries)
			if fetches() != 0 {
				a.t.Error("it asks for more work")
			}
			a.Looked(a.now, "x", true, nil) // its result is there
			if fetches() != 1 {
				a.t.Error("it asks for nothing, with a result")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc(newAgentTest(t))
		})
	}
}

// TestBystanders: whatever ran in parallel with a unit that ends its machines is not lost with it.
func TestBystanders(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newSim(t, seed, 10, 60, faults{killers: 1})
			s.run()
			if !t.Failed() {
				s.verify()
			}
			for _, u := range s.byKey {
				if u.killer() == nil && u.what != Ran {
					t.Errorf("%v is %s, after %d deliveries", u.key, u.what, u.given)
				}
			}
		})
	}
}

// TestNotAllowedToLead: an agent's account says what helps.
func TestNotAllowedToLead(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t)
	a.Led(a.now, false, fmt.Errorf("make stream: %w", errors.Join(remote.ErrDenied)))
	a.do("Leave 3 this machine is not allowed to lead the run (make stream: not allowed): with --queue-role=agent it only takes work")
}
