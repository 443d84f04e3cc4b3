package plan

import "time"

// How much of a round's work is handed out in it. The rest levels the end.
const (
	// guessFactor is factoring's own figure, for durations that may be anything. With a little
	// less, a single package is 1% nearer to the bound (the recordings of sim_test.go); for many
	// small ones it means more processes.
	guessFactor = 0.5
	singleGuess = 0.47
	// knownFactor trusts the history further.
	knownFactor = 0.75
	// A round is the last when what estimates are usually wrong by (a tenth of a worker's part) is
	// worth no more than a few process starts.
	usualError = 0.1
	lastStarts = 3
)

// share is how much one batch should get now.
type share struct {
	workers int
	size    cost
	most    cost // Config.Most, 0 for no bound
	last    bool // this round hands out everything
	// crowded tells that other packages wait or are being built: no core is idle, and needless
	// processes only take time from them. unsure tells that this may be so.
	crowded, unsure bool
	// whole tells that the run has paid enough for probes that showed nothing.
	whole bool
}

// crowd is how many other packages per worker are a crowd.
const crowd = 1

// share begins a new round if every worker got a batch in the current one, or if less than half a
// batch is left of it, and returns the size of its batches.
func (pl *Planner) share(now time.Duration) share {
	s := share{workers: pl.cfg.Workers, most: cost(pl.cfg.Most)}
	crowd := pl.startable()-1 >= crowd*s.workers
	s.unsure = pl.supply == SupplyUnknown
	s.crowded = crowd || pl.supply == SupplyBuilding || s.unsure && pl.wasted > splitPart*allowance(now)
	s.whole = crowd || pl.supply != SupplyIdle && pl.wasted > allowance(now)
	rest, guessed, starts, given := pl.amounts()
	factor := pl.factor(rest+given, guessed > rest/2, starts)
	budget := rest - cost(1-factor)*(rest+given)
	if pl.full >= s.workers || budget < cost(factor)*(rest+given)/cost(2*s.workers) {
		pl.newRound()
		given = 0
		factor = pl.factor(rest, guessed > rest/2, starts)
	}
	s.last = factor == 1
	s.size = cost(factor) * (rest + given) / cost(s.workers)
	return s
}

// bound is a size as Config.Most allows it.
func (s share) bound(size cost) cost {
	if s.most > 0 {
		return min(size, s.most)
	}
	return size
}

// startable returns how many packages may start a process: those that wait for locks keep no core
// busy.
func (pl *Planner) startable() int {
	n := 0
	for _, p := range pl.active {
		if p.lock != lockHeld {
			n++
		}
	}
	return n
}

// What a run may pay for processes that turn out to have been needless, since the tests of an
// unknown package were all quick: enough to probe forty packages at once that start in 5 ms, and
// one in a second later. A slow package that is not found costs a run seconds; a trivial one takes
// the go command some 70 ms of CPU time to link.
const (
	wasteAtOnce = cost(200 * time.Millisecond)
	wasteRate   = 0.005
	// splitPart is what part of it may go to more than one process for what a probe has left, in
	// case it hides a slow test. It is the smaller one: probes find more.
	splitPart = 1.0 / 3
)

// allowance is what may have been wasted until now.
func allowance(now time.Duration) cost { return wasteAtOnce + wasteRate*cost(now) }

// rounding keeps sums of floats from making one round out of two.
const rounding = 1e-9

// amounts sums up the active packages: what is pending, how much of it is guessed, the mean process
// start, and what was handed out in this round.
func (pl *Planner) amounts() (rest, guessed, start, given cost) {
	given = pl.handedOut
	for _, p := range pl.active {
		r := p.rest()
		rest += r
		start += p.process()
		given += p.handedOut()
		if p.guessed {
			guessed += r
		}
	}
	return rest, guessed, start / cost(max(len(pl.active), 1)), given
}

func (pl *Planner) factor(total cost, guessing bool, start cost) float64 {
	switch {
	case guessing && len(pl.packages) == 1 && pl.supply == SupplyIdle:
		return singleGuess
	case guessing:
		return guessFactor
	case usualError*total/cost(pl.cfg.Workers) <= lastStarts*start:
		return 1
	}
	return knownFactor
}

func (pl *Planner) newRound() {
	pl.handedOut, pl.full = 0, 0
	for _, p := range pl.active {
		p.given = given{}
	}
}
