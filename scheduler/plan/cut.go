package plan

import "time"

// What a batch should have at least, in process starts of its package.
const (
	// crowdedStarts holds the cost of starting below a tenth of the work, twice that below a
	// twentieth where such a batch is still a short one, which no worker waits for.
	crowdedStarts = 10
	shortBatch    = cost(100 * time.Millisecond)
	// idleStarts is for workers that would do nothing else.
	idleStarts = 3
	// maxBlind is how many tests an unknown package has at most to run whole, however cheap the
	// tests of other packages are.
	maxBlind = 64
	// endShare is what part of a process's end counts if no worker waits for it. It holds memory
	// (and it is a second, of a binary under the race detector): a worker of batches that are three
	// times the price has seven such processes behind it at most.
	endShare = 20
	// hiding is how many quick tests may hide a slow one: as long as other packages may be under
	// way, fewer are not worth a look by several workers.
	hiding = 20
	// slack is by how much a batch may exceed its share if that saves a process.
	slack = 1.2
	// slackLast is the same in a last round, which nothing levels afterwards.
	slackLast = 1.02
)

// cut is a batch that could be made of a package.
type cut struct {
	units  []int // positions in pkg.pending, ascending
	work   cost
	serial bool
	// finish tells that it is the small rest of a package that has begun: it goes first, so that
	// packages end.
	finish bool
	// probe tells that it is the first batch of an unknown package: it goes before known work,
	// since what it shows may be the longest work of all.
	probe bool
	// lock is how the package's locks are: what is due goes before all, and work that decides when
	// the run ends, since few processes may do it at a time, before what all can do.
	lock lockState
}

// before reports whether c should start before the one of an earlier rank.
func (c cut) before(d cut) bool {
	if c.lock != d.lock {
		return c.lock > d.lock
	}
	if c.finish != d.finish {
		return c.finish
	}
	if c.probe != d.probe {
		return c.probe
	}
	return c.work > d.work*(1+rounding)
}

// cut returns the batch that should start next of those the package allows. ok is false if only
// serial units are left.
func (p *pkg) cut(s share, prior cost) (c cut, ok bool) {
	c, ok = p.cutAny(s, prior)
	c.lock = p.lock
	return c, ok
}

func (p *pkg) cutAny(s share, prior cost) (c cut, ok bool) {
	rest := p.rest() - p.process()
	least := p.least(s)
	pending := p.pendingSums()
	long := pending.long.longest(p)
	loose := pending.loose.longest(p)
	if loose.units == nil {
		return long, long.units != nil
	}
	left := p.batchesLeft()
	shared := p.shared(p.size(s, least, prior, left))
	splits := len(shared.units) < pending.loose.units
	// A long test is started by itself, so that it starts early and nothing waits behind it.
	if splits && left != 1 && loose.work >= max(s.bound(s.size/2), least) {
		shared = loose
	}
	shared.probe = p.blind() && p.batches == 0
	shared.finish = p.batches > 0 && rest <= least && !splits
	if long.units != nil && long.before(shared) {
		return long, true
	}
	return shared, true
}

// least is the smallest batch worth a process.
func (p *pkg) least(s share) cost {
	crowded := crowdedStarts * p.price()
	crowded = max(crowded, min(2*crowded, shortBatch))
	if s.crowded || s.unsure && !p.hides(crowded) {
		return crowded
	}
	least := idleStarts * p.price()
	if p.guessed {
		// Tests that look cheap may hide a slow one: no worker that has nothing else to do gets
		// more than its part.
		least = min(least, cost(p.tests)*p.perTest/cost(s.workers))
	}
	return least
}

// hides reports whether so many tests are left of an unknown package that a slow one may be among
// them, though together they look like no more than enough for one process.
func (p *pkg) hides(enough cost) bool {
	return p.guessed && p.unseen() >= hiding && p.rest() <= enough
}

// batchesLeft returns how many more processes may run loose units; 0 is no limit.
func (p *pkg) batchesLeft() int {
	if p.MaxBatches <= 0 {
		return 0
	}
	return max(p.MaxBatches-p.batches-p.groups, 1)
}

// size returns how much work of loose units a batch should get.
func (p *pkg) size(s share, least, prior cost, left int) cost {
	rest := p.pendingSums().loose.cost(p)
	over := cost(slack)
	if s.last {
		over = slackLast
	}
	size := s.size
	switch {
	case left == 1:
		return rest
	case rest <= over*size:
		size = rest
	}
	size = max(s.bound(size), least)
	if p.blind() {
		size = min(size, p.blindSize(s, least, prior))
	}
	if left > 1 {
		size = max(size, rest/cost(left))
	}
	// What would remain must be worth a process too.
	if rest-size < least/2 && !p.blind() {
		size = rest
	}
	return size
}

// blind reports whether durations are unknown and no batch has ended that would tell them.
func (p *pkg) blind() bool { return p.guessed && p.ended.tests == 0 }

// blindSize is what a batch of a blind package gets at most: what a first round would give it if it
// were alone. In a crowd, or when the run has paid enough for probes, a small package runs whole,
// if that is not worth two processes when its tests are like those of other packages. A larger part
// than the first is of no use: it costs the second process too; and a single worker has nothing to
// share.
func (p *pkg) blindSize(s share, least, prior cost) cost {
	tests := (p.tests + 2*s.workers - 1) / (2 * s.workers)
	if s.workers == 1 || s.whole && p.tests <= min(int(least/prior/2), maxBlind) {
		tests = p.tests
	}
	return cost(tests) * p.perTest
}

// shared returns loose units from the front whose work is closest to size, at least one.
func (p *pkg) shared(size cost) cut {
	var c cut
	count := 0
	for i := range p.pending {
		u := &p.pending[i]
		if u.alone() {
			continue
		}
		w := p.cost(*u)
		if count > 0 && c.work+w/2 > size*(1+rounding) {
			break
		}
		count++
		c.work += w
	}
	c.units = make([]int, 0, count)
	for i := 0; len(c.units) < count; i++ {
		if !p.pending[i].alone() {
			c.units = append(c.units, i)
		}
	}
	return c
}
