package plan

import "slices"

// lockState is what the locks of a package mean for its units now.
type lockState uint8

const (
	// lockHeld is that others hold them: nothing of the package may start.
	lockHeld lockState = iota
	// lockFree is that they are free, or that there are none.
	lockFree
	// lockNarrow is that they are free, and that so much work needs them that the run lasts longer
	// if they stay free for a while.
	lockNarrow
	// lockDue is that others have passed the package for long enough: it is its turn.
	lockDue
)

// narrow is from what part of an even share of all work on, the work that needs one name is narrow:
// as long as the processes that may hold it are busy all the time, the others have the rest done
// before them. Half a share leaves room for what cannot be cut.
const narrow = 0.5

// askLocks finds out which of the active packages may start a process now.
func (pl *Planner) askLocks() {
	locks := pl.cfg.Locks
	if !slices.ContainsFunc(pl.active, func(p *pkg) bool { return len(p.Locks) > 0 }) {
		for _, p := range pl.active {
			p.lock = lockFree
		}
		return
	}
	work, even := pl.lockWork()
	for _, p := range pl.active {
		claim := Claim{Key: p.ID, Need: Need{Names: p.Locks}}
		switch {
		case len(p.Locks) == 0, len(p.pending) == p.serials:
			p.lock = lockFree // serial units wait for all others, and so for every lock
		case !locks.Ask(claim):
			p.lock = lockHeld
		case locks.Due(p.ID):
			p.lock = lockDue
		case isNarrow(p.Locks, work, even):
			p.lock = lockNarrow
		default:
			p.lock = lockFree
		}
	}
}

// lockWork returns for each name how long the pending work will take that needs it, and how long all
// of it takes if it is spread evenly.
func (pl *Planner) lockWork() (work map[string]cost, even cost) {
	work = make(map[string]cost)
	for _, p := range pl.active {
		rest := p.rest()
		even += rest / cost(pl.cfg.Workers)
		for _, name := range p.Locks {
			work[name] += rest / cost(pl.cfg.Locks.Capacity(name))
		}
	}
	return work, even
}

func isNarrow(names []string, work map[string]cost, even cost) bool {
	for _, name := range names {
		if work[name] >= narrow*even {
			return true
		}
	}
	return false
}
