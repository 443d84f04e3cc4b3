package machine

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// worlds is what a leader knows of the end of what set-ups of workers have built on the machines.
type worlds struct {
	// asked reports that it is to end, told that it has.
	asked, told bool
	// until is how long it is waited for once the run is to be killed, zero before.
	until time.Time
}

// EndWorlds has all machines tear down what set-ups of their workers have built, or leave it: no test is to
// run any more. WorldsEnded follows, even if there is nothing.
func (l *Leader) EndWorlds(keep bool) {
	if l.worlds.asked {
		return
	}
	l.worlds.asked = true
	l.state.Ends, l.state.Keep, l.set = l.lock.fence, keep, false
}

// endWorlds tells when all machines have done so that are there. Those of a run that was called off are not
// waited for any more once it is to be killed and some time has passed, or once this machine does not hear
// from the server for longer than its lock lasts.
func (l *Leader) endWorlds(now time.Time, do func(Act)) {
	if !l.worlds.asked || l.worlds.told {
		return
	}
	if l.worlds.until.IsZero() && l.state.Phase == remote.Canceled && l.state.Kill {
		l.worlds.until = now.Add(l.cfg.Terms.AckWait / 3)
	}
	late := !l.worlds.until.IsZero() && !now.Before(l.worlds.until)
	if lapsed := !now.Before(l.lock.until); lapsed {
		late = late || l.state.Phase == remote.Canceled
		if !late {
			return // another machine may lead
		}
	}
	var left []string
	for _, name := range l.names {
		n := l.nodes[name]
		switch {
		case n.Ended == l.state.Ends:
		case !n.here || late:
			if n.Stands {
				left = append(left, name)
			}
		default:
			return
		}
	}
	l.worlds.told = true
	do(WorldsEnded{slices.Clone(l.names), left})
}
