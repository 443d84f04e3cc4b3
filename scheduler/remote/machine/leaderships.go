package machine

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// maxShips is how many binaries a leader stores at a time: each takes one core while it is compressed.
const maxShips = 2

// ship is a binary of batches, which the leader has. It is stored for other machines once one of them
// needs it: when a batch goes into another machine's lane, or when a machine asks for it.
type ship struct {
	wanted bool // it is being stored, or is
	work   errand
}

// known notes a batch's binary, which a machine may have asked for already.
func (l *Leader) known(sum string) {
	if sum == "" || l.ships[sum] != nil {
		return
	}
	l.ships[sum] = new(ship)
	for _, name := range l.names {
		if n := l.nodes[name]; n.here && slices.Contains(n.Wants, sum) {
			l.want(sum)
		}
	}
}

// want has a binary stored if the leader has it. A machine that builds binaries asks for none before
// that has failed.
func (l *Leader) want(sum string) {
	if s := l.ships[sum]; s != nil && !s.wanted {
		s.wanted = true
		l.wanted = append(l.wanted, sum)
	}
}

// wantFor has the binary of a batch stored if its lane is one that other machines serve first.
func (l *Leader) wantFor(b *batch) {
	for _, name := range l.names {
		n := l.nodes[name]
		if name != l.cfg.Node && l.works(n) && !n.Builds && (b.lane == name || b.lane == LaneLong) {
			l.want(b.Binary)
			return
		}
	}
}

// store begins to store what is wanted.
func (l *Leader) store(now time.Time, do func(Act)) {
	busy := 0
	for _, sum := range l.wanted {
		if l.ships[sum].work.busy {
			busy++
		}
	}
	for _, sum := range l.wanted {
		if s := l.ships[sum]; busy < maxShips && s.work.due(now) {
			s.work.begin()
			busy++
			do(Ship{sum})
		}
	}
}

// Shipped takes what came of a Ship. One that cannot be stored, as its file cannot be read, is the end
// of the batches for which machines wait for it. It is tried again when it is wanted again.
func (l *Leader) Shipped(now time.Time, sum string, err error) {
	l.answered(now, err)
	s := l.ships[sum]
	if s == nil {
		return
	}
	l.wanted = slices.DeleteFunc(l.wanted, func(other string) bool { return other == sum })
	s.work.end(now)
	if err == nil {
		return
	}
	s.wanted = false
	for _, b := range l.all() {
		if b.Binary == sum && l.waits(b.Key, sum) {
			l.deliver(b, "", err)
		}
	}
}

// waits reports whether a machine has a batch, and waits for its binary.
func (l *Leader) waits(k remote.Key, sum string) bool {
	for _, n := range l.nodes {
		if n.here && slices.Contains(n.Wants, sum) && slices.Contains(n.Holds, k) {
			return true
		}
	}
	return false
}
