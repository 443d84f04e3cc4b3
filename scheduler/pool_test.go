package scheduler

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/plan"
)

// TestPool is a table of steps, with the state after each: which workers are busy (x), how many
// are idle, and which of those that would take a process is the lowest, - for none.
func TestPool(t *testing.T) {
	t.Parallel()
	type step struct {
		do    string // take SLOT, serial SLOT, release SLOT
		state string
	}
	for name, steps := range map[string][]step{
		"fills from below": {
			{"", "... idle 3 next 0"},
			{"take 0", "x.. idle 2 next 1"},
			{"take 1", "xx. idle 1 next 2"},
			{"take 2", "xxx idle 0 next -"},
			{"release 1", "x.x idle 1 next 1"},
			{"release 0", "..x idle 2 next 0"},
			{"take 0", "x.x idle 1 next 1"},
			{"release 2", "x.. idle 2 next 1"},
			{"release 0", "... idle 3 next 0"},
		},
		"a serial process runs alone": {
			{"serial 0", "x.. idle 2 next -"},
			{"release 0", "... idle 3 next 0"},
			{"take 0", "x.. idle 2 next 1"},
		},
	} {
		p := newPool(3, nil)
		for i, s := range steps {
			var verb string
			var slot int
			if s.do != "" {
				if _, err := fmt.Sscan(s.do, &verb, &slot); err != nil {
					t.Fatal(err)
				}
			}
			switch verb {
			case "take", "serial":
				p.take(slot, serialClaim(verb == "serial"))
			case "release":
				p.release(slot)
			}
			p.check()
			if got := showPool(&p); got != s.state {
				t.Errorf("%s, step %d, %s: %s, want %s", name, i+1, s.do, got, s.state)
			}
		}
	}
}

func showPool(p *pool) string {
	var s strings.Builder
	for _, busy := range p.busy {
		s.WriteByte(map[bool]byte{true: 'x', false: '.'}[busy])
	}
	next := "-"
	if slots := p.free(); len(slots) > 0 {
		next = fmt.Sprint(slots[0])
	}
	return fmt.Sprintf("%s idle %d next %s", s.String(), p.idle(), next)
}

// TestPoolCheck has pools that cannot be.
func TestPoolCheck(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(p *pool){
		"taken twice":                func(p *pool) { p.take(0, plan.Claim{}); p.take(0, plan.Claim{}) },
		"released twice":             func(p *pool) { p.take(0, plan.Claim{}); p.release(0); p.release(0) },
		"serial beside another":      func(p *pool) { p.take(0, plan.Claim{}); p.take(1, serialClaim(true)) },
		"a held lock":                func(p *pool) { p.take(0, lockClaim("a")); p.take(1, lockClaim("a")) },
		"locks without a process":    func(p *pool) { p.locks.Take(1, plan.Claim{}) },
		"busy, which is not counted": func(p *pool) { p.busy[1] = true },
	} {
		func() {
			p := newPool(2, nil)
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			spoil(&p)
			p.check()
		}()
	}
}

func serialClaim(serial bool) plan.Claim { return plan.Claim{Need: plan.Need{Serial: serial}} }

func lockClaim(names ...string) plan.Claim { return plan.Claim{Need: plan.Need{Names: names}} }
