package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// dividing says how each leader divides the same tests.
type dividing uint8

const (
	alike     dividing = iota
	variables          // alike, but each gives them other variables
	otherwise          // each puts others together
)

// simTest is a test.
type simTest struct {
	name   string
	takes  time.Duration
	kills  bool // ends its machine
	locks  []string
	serial bool
	given  int      // how often it was delivered
	begun  int      // how often it was begun
	missed int      // how often its machine ended when it was about to begin
	killed []string // machines
}

// simUnit is a batch of tests and what it does.
type simUnit struct {
	key       remote.Key
	tests     []*simTest
	claim     remote.Claim
	binary    string
	delivered map[*Leader]int
	given     int // how often it was delivered
	took      []string
	what      What
}

func (u *simUnit) takes() (d time.Duration) {
	for _, t := range u.tests {
		d += t.takes
	}
	return d
}

// killer is the test that ends the machine, nil for none.
func (u *simUnit) killer() *simTest {
	for _, t := range u.tests {
		if t.kills {
			return t
		}
	}
	return nil
}

// suspect reports whether a test of it was delivered so often that it may end its machines.
func (u *simUnit) suspect() bool {
	return slices.ContainsFunc(u.tests, func(t *simTest) bool { return t.given >= maxDeliveries })
}

// makeTests makes the tests of a run.
func (s *sim) makeTests(n int) {
	for i := range n {
		t := &simTest{name: fmt.Sprint("Test", i), takes: time.Duration(100+s.rand.IntN(4000)) * time.Millisecond, kills: i < s.faults.killers}
		if t.kills {
			t.takes = time.Minute
		}
		if i%10 == 9 {
			t.takes *= 8 // longer than a lease
		}
		if s.faults.locks && i%6 == 5 {
			t.locks = []string{"db"}
		}
		t.serial = s.faults.locks && i%20 == 13
		s.tests = append(s.tests, t)
	}
}

// divide returns the units of a leader.
func (s *sim) divide(leader int) (all []*simUnit) {
	each, name := 1, "b"
	switch s.faults.divides {
	case variables:
		name = fmt.Sprintf("v%d-b", leader)
	case otherwise:
		each = 1 + leader%3
	}
	for i := 0; i < len(s.tests); i += each {
		tests := s.tests[i:min(i+each, len(s.tests))]
		k := remote.Key{Batch: fmt.Sprint(name, i)}
		if each > 1 {
			k.Batch = fmt.Sprintf("%s%d-%d", name, i, i+each)
		}
		if s.byKey[k] == nil {
			s.byKey[k] = newSimUnit(k, tests, fmt.Sprint("sum", i%5))
		}
		all = append(all, s.byKey[k])
	}
	return all
}

func newSimUnit(k remote.Key, tests []*simTest, binary string) *simUnit {
	u := &simUnit{key: k, tests: tests, binary: binary, delivered: make(map[*Leader]int), claim: remote.Claim{Package: "p"}}
	for _, t := range tests {
		u.claim.Tests = append(u.claim.Tests, t.name)
		u.claim.Locks = append(u.claim.Locks, t.locks...)
		u.claim.Serial = u.claim.Serial || t.serial
	}
	return u
}

// feed has the leader of a node hand out what may run with what it has handed out, so much at a time.
func (n *simNode) feed() {
	for i := 0; i < len(n.ahead) && len(n.handed) < n.faults.window; {
		u := n.ahead[i]
		if slices.ContainsFunc(n.handed, func(other *simUnit) bool { return meet(u.claim, other.claim) != apart }) {
			i++
			continue
		}
		n.ahead = slices.Delete(n.ahead, i, i+1)
		n.handed = append(n.handed, u)
		n.leader.Submit(Batch{Key: u.key, Binary: u.binary, Unit: u.takes(), Claim: u.claim})
	}
}

// alone checks that nothing runs on a machine that is awake which must not run at the same time as a unit.
func (n *simNode) alone(u *simUnit) {
	for _, other := range n.nodes {
		for _, p := range other.procs {
			if !p.over && !p.killed && !other.dead && !other.stalled && meet(u.claim, p.unit.claim) != apart {
				n.t.Errorf("%v: %s starts %v, and %s runs %v", n.now, n.name, u.key, other.name, p.unit.key)
			}
		}
	}
}
