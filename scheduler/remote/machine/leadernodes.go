package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Shares by which a leader chooses lanes.
const (
	longShare = 0.05 // of the ideal time of the run: what takes longer and cannot be divided is in LaneLong
	crowded   = 1.25 // batches for each worker of a node: one more goes elsewhere
)

// A node is sick after so many failures in a row, if meanwhile at least as many batches passed
// elsewhere and of ten at most one failed there.
const sickAfter = 10

// stuckAfter is how many surveys in a row find a lane with work, and idle nodes, before its consumer
// is made anew.
const stuckAfter = 4

// node is a machine that has announced itself.
type node struct {
	remote.Node
	here     bool
	binaries map[string]bool
	// passing counts batches that it has said it holds, and that have a result of another node: it
	// may be gone, and its time has not run out yet.
	passing int
	streak  int // failures in a row
	// passed and failed are of the other nodes since the streak began.
	passed, failed int
}

// choose returns the lane for a batch: a node that has its binary, if that is not crowded.
func (l *Leader) choose(b Batch) string {
	if l.total > 0 && l.slots > 0 && float64(b.Unit) > longShare*float64(l.total)/float64(l.slots) {
		return LaneLong
	}
	best, has := (*node)(nil), false
	measure := func(n *node) float64 { return float64(l.load[n.Name]) / float64(n.Slots) }
	for _, name := range l.names {
		n := l.nodes[name]
		if !l.works(n) {
			continue
		}
		near := n.binaries[b.Binary] && measure(n) < crowded
		if best == nil || near && !has || near == has && measure(n) < measure(best) {
			best, has = n, near
		}
	}
	if best == nil {
		return l.cfg.Node // its own agent, and whoever steals from it
	}
	best.binaries[b.Binary] = true
	return best.Name
}

// works reports whether a node takes work.
func (l *Leader) works(n *node) bool {
	return n.here && n.Slots > 0 && !slices.Contains(l.state.Sick, n.Name)
}

// crew counts the workers of the run, and tells of a change.
func (l *Leader) crew() {
	before := l.slots
	l.slots = 0
	for _, n := range l.nodes {
		if l.works(n) {
			l.slots += n.Slots
		}
	}
	if l.slots != before {
		l.todo = append(l.todo, Crew{l.slots})
	}
}

// health takes how a process ended that ran on a node, and finds out whether the node is sick.
func (l *Leader) health(name string, passed bool) {
	for _, n := range l.nodes {
		switch {
		case n.Name == name && passed:
			n.streak, n.passed, n.failed = 0, 0, 0
		case n.Name == name:
			n.streak++
		case passed:
			n.passed++
		default:
			n.failed++
		}
	}
	n := l.nodes[name]
	if n == nil || n.streak < sickAfter || n.passed < sickAfter || n.failed*10 > n.passed || slices.Contains(l.state.Sick, name) {
		return
	}
	l.state.Sick, l.set = append(slices.Clone(l.state.Sick), name), false
	l.leave(name)
	l.crew()
	l.say(fmt.Sprintf("=== Sick: machine %s takes no more work: its last %d batches failed, %d passed elsewhere", name, n.streak, n.passed))
}

// Node takes a NodeEvent of a node that is there.
func (l *Leader) Node(n remote.Node) {
	known := l.nodes[n.Name]
	l.survivals(known, n)
	if known == nil {
		known = &node{binaries: make(map[string]bool)}
		l.nodes[n.Name] = known
		i, _ := slices.BinarySearch(l.names, n.Name)
		l.names = slices.Insert(l.names, i, n.Name)
	}
	known.Node, known.here, known.passing = n, true, 0
	l.found(n.Name)
	l.unleave(func(name string) bool { return name == n.Name && l.works(known) })
	if n.Slots == 0 {
		l.leave(n.Name) // its user ends it
	}
	l.crew()
	for _, sum := range n.Has {
		known.binaries[sum] = true
	}
	for _, sum := range n.Wants {
		l.want(sum)
	}
	for _, k := range n.Holds {
		if b := l.batches[k]; b != nil {
			l.moved[b.lane] = true
			if !slices.Contains(b.took, n.Name) {
				b.took = append(b.took, n.Name)
			}
		}
	}
	l.hearPast(n)
	if _, ok := l.state.Numbers[n.Name]; !ok && n.Slots > 0 {
		l.state.Numbers[n.Name] = l.state.Workers
		l.state.Workers += n.Slots
		l.set = false
	}
}

// Gone takes a NodeEvent of a node that has gone.
func (l *Leader) Gone(name string) {
	n := l.nodes[name]
	if n == nil || !n.here {
		return
	}
	n.here = false
	if l.state.Phase == remote.Done {
		return // it knows that
	}
	l.leave(name)
	l.crew()
	l.lose(n)
}

// leave tells the others that a node takes no more work, so that what is in its lane does not wait
// until theirs are empty.
func (l *Leader) leave(name string) {
	some := l.load[name] > 0 || l.heir // which does not know what others have put where
	if some && !slices.Contains(l.state.Left, name) {
		l.state.Left, l.set = append(slices.Clone(l.state.Left), name), false
	}
}

// unleave ends that for some nodes.
func (l *Leader) unleave(some func(name string) bool) {
	if slices.ContainsFunc(l.state.Left, some) {
		l.state.Left, l.set = slices.DeleteFunc(slices.Clone(l.state.Left), some), false
	}
}

// Lanes takes what Survey has found.
func (l *Leader) Lanes(now time.Time, lanes []remote.Lane, err error) {
	l.survey.end(now.Add(l.cfg.Terms.AckWait))
	l.answered(now, err)
	if err != nil {
		return
	}
	l.unleave(func(name string) bool {
		return !slices.ContainsFunc(lanes, func(x remote.Lane) bool { return x.Name == name && x.Waiting+x.Leased > 0 })
	})
	idle := false
	for _, n := range l.nodes {
		idle = idle || l.works(n) && len(n.Holds) < n.Slots
	}
	stuck := make(map[string]int)
	for _, lane := range lanes {
		if lane.Waiting > 0 && idle && !l.moved[lane.Name] {
			stuck[lane.Name] = l.patience[lane.Name] + 1
		}
		if stuck[lane.Name] >= stuckAfter {
			stuck[lane.Name] = 0
			l.todo = append(l.todo, Repair{lane.Name})
			l.say(fmt.Sprintf("=== Queue: nobody got the %d batches of lane %s, its consumer is made anew", lane.Waiting, lane.Name))
		}
	}
	l.patience, l.moved = stuck, make(map[string]bool)
}

// Late returns how many results came second.
func (l *Leader) Late() (n int) {
	for _, node := range l.nodes {
		n += node.Late
	}
	return n
}
