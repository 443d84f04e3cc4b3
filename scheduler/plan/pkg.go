package plan

import (
	"math"
	"time"
)

// cost is an amount of work in nanoseconds. It is a float: shares of it are no whole numbers.
type cost float64

const (
	// defaultStartup is between the 3 ms of small test binaries and the 75 ms of large ones, closer
	// to the former, which are the rule.
	defaultStartup = 5 * time.Millisecond
	// probeWindow is for how long a package that nothing is known of waits for its first batch. In
	// 20 ms a small binary has started (3 ms) and run tests for 17: if a small part of the package
	// is not done by then, the rest has a multiple of that to do, and spreading it pays for the
	// starts. Waiting longer idles workers in the very packages that gain most: 20 ms are 1% of two
	// seconds.
	probeWindow = 20 * time.Millisecond
	// testFloor is what the testing package itself needs for a test that does nothing, so that a
	// thousand tests which are remembered as 0 still count.
	testFloor = 20 * time.Microsecond
)

// pkg is a package and what is known of it.
type pkg struct {
	Package
	pending []Unit
	startup time.Duration
	end     time.Duration // Config.End
	// learned tells that startup was measured in this run or given.
	learned bool
	// tail is what its processes do when their tests have ended, which is to write coverage. It was
	// measured if tailed, and is otherwise what other packages of the run needed.
	tail   time.Duration
	tailed bool
	// guessed tells that less than half of the tests have an estimate.
	guessed bool
	// perTest is the cost of a test without an estimate; 0 if there is nothing to tell it from.
	perTest cost
	tests   int // tests of all units
	batches int // handed out so far
	groups  int // pending units that need a process of their own
	serials int // of those, the serial ones
	lock    lockState
	probe   *batch
	ended   finished

	given given
	sums  sums
}

// finished is what the batches of a package that have ended took, process starts excluded.
type finished struct {
	tests int
	work  cost
}

// given is what a package got in this round: kept apart for units with and without an estimate,
// since the cost of the latter changes as tests are seen to run.
type given struct {
	known   cost
	guessed int // tests
	starts  int
}

// sums caches what is pending. It is worth it: Next looks at every active package.
type sums struct {
	valid bool
	// all is of all units, loose of those that can share a process, long of those that need one of
	// their own, but for serial ones.
	all, loose, long amount
}

// amount is so much work of some units. The cost of those without an estimate changes as tests are
// seen to run.
type amount struct {
	units   int
	known   cost
	guessed int // tests
	// longest are the positions in pkg.pending of the longest unit with an estimate, and of the one
	// with the most tests without, the first of equal ones; -1 for none.
	longestKnown, longestGuessed int
}

// add adds the unit at a position of pkg.pending.
func (a *amount) add(p *pkg, i int) {
	u := p.pending[i]
	if a.units == 0 {
		a.longestKnown, a.longestGuessed = -1, -1
	}
	a.units++
	if !u.Known {
		a.guessed += u.Tests
		if a.longestGuessed < 0 || u.Tests > p.pending[a.longestGuessed].Tests {
			a.longestGuessed = i
		}
		return
	}
	a.known += p.cost(u)
	if a.longestKnown < 0 || p.cost(u) > p.cost(p.pending[a.longestKnown]) {
		a.longestKnown = i
	}
}

// cost returns what the amount takes.
func (a *amount) cost(p *pkg) cost { return a.known + cost(a.guessed)*p.perTest }

// longest returns the longest of the units, the first of equal ones.
func (a *amount) longest(p *pkg) cut {
	if a.units == 0 {
		return cut{}
	}
	best := cut{units: []int{max(a.longestKnown, a.longestGuessed)}}
	if k, g := a.longestKnown, a.longestGuessed; k >= 0 && g >= 0 {
		known, guessed := p.cost(p.pending[k]), p.cost(p.pending[g])
		best.units[0] = g
		if known > guessed || known == guessed && k < g {
			best.units[0] = k
		}
	}
	best.work = p.cost(p.pending[best.units[0]])
	return best
}

func newPkg(in Package, cfg Config) *pkg {
	p := &pkg{Package: in, startup: in.Startup, end: cfg.End, learned: in.Startup > 0}
	if !p.learned {
		p.startup = cfg.Startup
	}
	known, knownTests := cost(0), 0
	for _, u := range in.Units {
		u.Tests = max(u.Tests, 1)
		p.pending = append(p.pending, u)
		p.tests += u.Tests
		if u.Known {
			known += p.cost(u)
			knownTests += u.Tests
		}
		if u.alone() {
			p.groups++
		}
		if u.Serial {
			p.serials++
		}
	}
	p.guessed = 2*knownTests < p.tests
	if knownTests > 0 {
		p.ended = finished{tests: knownTests, work: known} // tests like these: as if seen already
		p.perTest = known / cost(knownTests)
	}
	return p
}

func (u Unit) alone() bool { return u.Group || u.Serial }

// cost returns what a unit takes.
func (p *pkg) cost(u Unit) cost {
	if !u.Known {
		return cost(u.Tests) * p.perTest
	}
	return max(cost(u.Estimate), cost(testFloor)*cost(u.Tests))
}

// pendingSums returns what is pending.
func (p *pkg) pendingSums() *sums {
	if p.sums.valid {
		return &p.sums
	}
	p.sums = sums{valid: true}
	for i, u := range p.pending {
		p.sums.all.add(p, i)
		switch {
		case !u.alone():
			p.sums.loose.add(p, i)
		case !u.Serial:
			p.sums.long.add(p, i)
		}
	}
	return &p.sums
}

// rest returns what is pending, with one process start.
func (p *pkg) rest() cost { return p.pendingSums().all.cost(p) + p.process() }

// process returns what a process of the package takes besides its tests.
func (p *pkg) process() cost { return cost(p.startup + p.tail) }

// unseen returns how many pending tests have no estimate.
func (p *pkg) unseen() int { return p.pendingSums().all.guessed }

// handedOut returns what the package got in this round.
func (p *pkg) handedOut() cost {
	return p.given.known + cost(p.given.guessed)*p.perTest + cost(p.given.starts)*p.process()
}

// take removes what was cut from the pending units and returns it.
func (p *pkg) take(c cut) []Unit {
	taken := make([]Unit, 0, len(c.units))
	for _, i := range c.units {
		u := p.pending[i]
		taken = append(taken, u)
		if u.Known {
			p.given.known += p.cost(u)
		} else {
			p.given.guessed += u.Tests
		}
		if u.alone() {
			p.groups--
		}
		if u.Serial {
			p.serials--
		}
	}
	p.given.starts++
	p.batches++
	drop := 0
	kept := p.pending[:0]
	for i, u := range p.pending {
		if drop < len(c.units) && c.units[drop] == i {
			drop++
			continue
		}
		kept = append(kept, u)
	}
	p.pending = kept
	p.sums.valid = false
	return taken
}

// probeEnds returns until when the rest of the package should wait for its first batch; 0 is not at
// all.
func (p *pkg) probeEnds() time.Duration {
	if p.probe == nil || p.probe.ended {
		return 0
	}
	// A process that usually takes longer than the window to start tells nothing within it.
	window := probeWindow
	if p.learned {
		window = max(window, p.startup*3/2)
	}
	return p.probe.started + window
}

// learnStartup takes the first measurement, which is better than a default, and reports whether it is
// that.
func (p *pkg) learnStartup(d time.Duration) (first bool) {
	if p.learned || d <= 0 {
		return false
	}
	p.startup, p.learned = d, true
	return true
}

// after returns for how long the process of an ended batch went on after its last test, Config.End
// excluded.
func (p *pkg) after(b *batch, now time.Duration) time.Duration {
	after := now - b.over
	if p.Held {
		after -= p.end
	}
	return max(after, 0)
}

// learnTail takes a measurement of what follows the last test of a process, and reports whether it
// is the first.
func (p *pkg) learnTail(d time.Duration) (first bool) {
	if p.tailed {
		p.tail = min(p.tail, d) // what disturbs only makes it longer
		return false
	}
	p.tail, p.tailed = d, true
	return true
}

// suppose takes what other packages of the run needed for what was not measured of this one.
func (p *pkg) suppose(startup, tail time.Duration) {
	if !p.learned {
		p.startup = startup
	}
	if !p.tailed {
		p.tail = tail
	}
}

// learn takes what an ended batch shows, and reports whether it is the first to show anything of p.
func (p *pkg) learn(b *batch, now time.Duration) bool {
	if !p.guessed {
		return false
	}
	first := p.ended.tests == 0
	p.ended.tests += b.tests
	p.ended.work += p.worked(b, now)
	p.perTest = max(p.ended.work/cost(p.ended.tests), cost(testFloor))
	return first
}

// needless reports whether an ended batch need not have been a process of its own: the package's
// first one could have done the little that it did.
func (p *pkg) needless(b *batch, now time.Duration) bool {
	return p.guessed && b != p.probe && p.worked(b, now) < crowdedStarts*p.process()
}

// waste returns what such a process has taken from others.
func (p *pkg) waste() cost {
	if p.Held {
		return p.process() + cost(p.end)
	}
	return p.process()
}

// price returns what a process of the package costs, for comparison with the work that it does.
func (p *pkg) price() cost {
	if p.Held {
		return p.process() + cost(p.end)
	}
	return p.process() + cost(p.end)/endShare
}

// worked returns what the tests of a batch have done until now: its start is excluded, and what comes
// after the last of them.
func (p *pkg) worked(b *batch, now time.Duration) cost {
	if b.held {
		return 0
	}
	if b.over > 0 {
		now = b.over
	}
	return max(0, cost(now-b.started-p.startup))
}

// guess updates what a test without an estimate takes: from the ended batches, and from the probe
// if it runs: the tests it has run, and one more. Without word of them it is all its tests, a lower
// bound. If there is nothing to go by, it is the prior.
func (p *pkg) guess(now time.Duration, prior cost) {
	if !p.guessed {
		return
	}
	tests, work := p.ended.tests, p.ended.work
	if b := p.probe; b != nil && !b.ended && p.worked(b, now) > 0 {
		seen := b.tests
		if b.seen {
			seen = min(seen, b.done+1)
		}
		tests += seen
		work += p.worked(b, now)
	}
	p.perTest = prior
	if tests > 0 {
		p.perTest = max(work/cost(tests), cost(testFloor))
	}
}

// prior is what the packages of this run suggest about one that nothing is known of: the geometric
// mean of their tests' durations, so that one slow package does not make all others look slow.
type prior struct {
	logs  float64
	count int
}

// priorPerTest is where the prior begins: high enough that the first packages of a run are probed.
const priorPerTest = 10 * time.Millisecond

func (pr *prior) add(perTest cost) {
	pr.logs += math.Log(float64(perTest))
	pr.count++
}

func (pr *prior) perTest() cost {
	return cost(math.Exp((pr.logs + math.Log(float64(priorPerTest))) / float64(pr.count+1)))
}

// mean is the mean of what was measured.
type mean struct {
	sum   time.Duration
	count int
}

func (m *mean) add(d time.Duration) {
	m.sum += d
	m.count++
}

// mean returns it, and takes one more value into account: what is thought before anything was
// measured.
func (m mean) mean(first time.Duration) time.Duration {
	return (m.sum + first) / time.Duration(m.count+1)
}
