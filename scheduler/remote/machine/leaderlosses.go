package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// losses are the machines that went away and of which nothing was said yet.
type losses struct {
	all []*loss
	// doubt is until when machines may come back that could not announce themselves, as the server was away;
	// unsure reports that it was not over, or that the server is away, when Due was called last.
	doubt  time.Time
	unsure bool
}

// loss is a machine that went away.
type loss struct {
	node  string
	again int // batches that it has said it holds, and that have a result of another machine
	open  map[remote.Key]bool
}

// lose notes that a machine went away. That of the leader is here.
func (l *Leader) lose(n *node) {
	x := &loss{node: n.Name, again: n.passing, open: make(map[remote.Key]bool)}
	for _, k := range n.Holds {
		if l.batches[k] != nil {
			x.open[k] = true
		}
	}
	n.Holds, n.passing = nil, 0
	if n.Name != l.cfg.Node {
		l.losses.all = append(l.losses.all, x)
	}
}

// found forgets that a machine went away which could not announce itself.
func (l *Leader) found(name string) {
	if l.losses.unsure {
		l.losses.all = slices.DeleteFunc(l.losses.all, func(x *loss) bool { return x.node == name })
	}
}

// tellLosses says which machines went away, once their batches have run elsewhere, or all at the end. What
// a machine had that died before it could announce that is not known.
func (l *Leader) tellLosses(all bool) {
	l.losses.all = slices.DeleteFunc(l.losses.all, func(x *loss) bool {
		ranElsewhere := all && x.again > 0 // it was away, whether or not it could have come back
		if len(x.open) > 0 && !all || l.losses.unsure && !ranElsewhere {
			return all
		}
		if n := l.nodes[x.node]; x.again > 0 || n == nil || !n.here {
			l.say(lossText(x))
		}
		return true
	})
}

func lossText(x *loss) string {
	text := fmt.Sprintf("=== Lost: machine %s went away", x.node)
	switch x.again {
	case 0:
		return text
	case 1:
		return text + ", 1 batch ran again elsewhere"
	}
	return fmt.Sprintf("%s, %d batches ran again elsewhere", text, x.again)
}
