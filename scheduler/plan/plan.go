package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Unit is what is never split: a test, or a group.
type Unit struct {
	// ID is the caller's name for it, unique in its package.
	ID int
	// Tests is how many tests it has; 0 counts as 1.
	Tests int
	// Estimate is what it takes, without the process start, if Known.
	Estimate time.Duration
	Known    bool
	// Group asks for a process of its own.
	Group bool
	// Serial asks that nothing else runs meanwhile. It implies a process of its own.
	Serial bool
}

// Package is one test binary with its units, in the order in which they shall run.
type Package struct {
	// ID is the caller's name for it, unique in the run.
	ID int
	// Rank decides between packages that are equal otherwise, lower first: the position in the
	// run's shuffled order. Equal ranks go by ID.
	Rank  int
	Units []Unit
	// First tells that its units start before those of packages that do not say so, whatever else
	// speaks for those. Serial units run when nothing else can, all the same.
	First bool
	// Startup is the cost of starting one of its processes; 0 means unknown.
	Startup time.Duration
	// MaxBatches is in how many processes its units may run at most, groups and serial units
	// included as far as they allow; 0 is no limit. For packages with a TestMain that sets things
	// up.
	MaxBatches int
	// Locks are names that each process of it holds while it runs: see Config.Locks. Units that
	// need other locks are another Package.
	Locks []string
	// Held tells that a worker waits for a process until after Config.End. Otherwise it goes on
	// when the tests have ended, which is when Finished is to be called.
	Held bool
}

// Config is what a Planner is made from.
type Config struct {
	// Workers is how many processes can run at a time; at least 1.
	Workers int
	// Startup is the cost of a process start of packages that do not say; 0 means 5 ms.
	Startup time.Duration
	// Locks is the table of what the processes of the run hold, which the caller keeps: it takes for
	// each batch the locks of its Package, under the ID of that, and releases them. Nil if no
	// Package has any.
	Locks *Locks
	// End is for how long a process lives on after its last test: under the race detector it sleeps
	// for a second. 0 is not at all.
	End time.Duration
	// Most bounds the work of a batch that can be divided, if it is worth its process; 0 is no bound.
	Most time.Duration
}

// Supply says whether packages are being built that may come. While they are, an idle worker is no
// idle core.
type Supply int

const (
	// SupplyUnknown is that packages may come, and nobody knows whether one is being built.
	SupplyUnknown Supply = iota
	// SupplyBuilding is that compilers or linkers keep the cores busy.
	SupplyBuilding
	// SupplyIdle is that nothing is being built: no package will come, or none before one that has
	// come ends.
	SupplyIdle
)

// Batch is what one process shall run.
type Batch struct {
	// ID numbers the batches of a Planner from 1, in the order of Next.
	ID      int
	Package int
	// Units are Unit.IDs, in the order of the package. The caller owns the slice.
	Units []int
	// Serial means that no other process may run until this one has ended.
	Serial bool
	// Estimate is what it may take, process start included. It is a guess where no duration is
	// known.
	Estimate time.Duration
}

// Planner knows what is to run and what is running. It is not safe for concurrent use: one
// goroutine owns it. All times are durations since the start of the run.
type Planner struct {
	cfg      Config
	packages map[int]*pkg
	active   []*pkg // those with pending units, by rank
	running  map[int]*batch
	lastID   int
	supply   Supply
	wasted   cost // see allowance

	// handedOut is what packages that are no longer active got in this round, and full is how many
	// batches of at least half a share there were in it.
	handedOut cost
	full      int
	serial    bool // a serial batch is running
	prior     prior
	// startups and tails are what processes of packages of this run took before and after their
	// tests, measured once for each package.
	startups, tails mean
}

// batch is a running batch.
type batch struct {
	pkg     *pkg
	units   []Unit
	tests   int
	started time.Duration
	seen    bool // done was reported
	done    int  // tests that have ended
	ended   bool
	held    bool // its process waits for something, see Hold
	// over is when its last test ended, 0 for not yet or not known.
	over time.Duration
}

// New returns a Planner without packages.
func New(cfg Config) *Planner {
	cfg.Workers = max(cfg.Workers, 1)
	if cfg.Startup <= 0 {
		cfg.Startup = defaultStartup
	}
	return &Planner{cfg: cfg, packages: make(map[int]*pkg), running: make(map[int]*batch)}
}

// SetWorkers says how many processes can run at a time from now on, at least 1.
func (pl *Planner) SetWorkers(n int) { pl.cfg.Workers = max(n, 1) }

// SetSupply says what is known of packages that have not come.
func (pl *Planner) SetSupply(s Supply) { pl.supply = s }

// AddPackage adds a package that can run now. A second one with its ID is a mistake of the caller,
// and panics.
func (pl *Planner) AddPackage(p Package) {
	if pl.packages[p.ID] != nil {
		panic(fmt.Sprintf("plan: package %d was added twice", p.ID))
	}
	added := newPkg(p, pl.cfg)
	pl.packages[p.ID] = added
	if len(added.pending) > 0 {
		i, _ := slices.BinarySearchFunc(pl.active, added, byRank)
		pl.active = slices.Insert(pl.active, i, added)
	}
}

func byRank(a, b *pkg) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.ID, b.ID)) }

// Next returns the batch that a worker should start now, when idle workers have nothing to do. The
// caller counts processes that it started by itself (reruns) as busy workers.
//
// Idle is all of Config.Workers if nothing runs.
//
// If ok is false, nothing should start. Then wake, unless it is 0, is the time at which to ask
// again if nothing else has happened until then. Ask again after every other call to the Planner.
//
// A batch that was returned counts as started at now. With all durations known, now does not
// matter.
func (pl *Planner) Next(now time.Duration, idle int) (b Batch, ok bool, wake time.Duration) {
	if idle <= 0 || pl.serial {
		return Batch{}, false, 0
	}
	perTest := pl.prior.perTest()
	startup, tail := pl.startups.mean(pl.cfg.Startup), pl.tails.mean(0)
	for _, p := range pl.active {
		p.suppose(startup, tail)
		p.guess(now, perTest)
	}
	pl.askLocks()
	s := pl.share(now)
	var best *pkg
	var chosen cut
	for _, p := range pl.active {
		if p.lock == lockHeld {
			continue
		}
		if until := p.probeEnds(); until > now {
			wake = earliest(wake, until)
			continue
		}
		c, ok := p.cut(s, perTest)
		if ok && (best == nil || p.First && !best.First || p.First == best.First && c.before(chosen)) {
			best, chosen = p, c
		}
	}
	if best == nil && wake == 0 && idle == pl.cfg.Workers {
		best, chosen = pl.serialUnit()
	}
	if best == nil {
		return Batch{}, false, wake
	}
	if chosen.work+best.process() >= s.size/2 {
		pl.full++
	}
	return pl.start(best, chosen, now), true, 0
}

func earliest(wake, t time.Duration) time.Duration {
	if wake == 0 {
		return t
	}
	return min(wake, t)
}

// serialUnit returns the first serial unit of the first package. Nothing else is pending, for only
// those are never cut.
func (pl *Planner) serialUnit() (*pkg, cut) {
	for _, p := range pl.active {
		for i, u := range p.pending {
			if u.Serial {
				return p, cut{units: []int{i}, work: p.cost(u), serial: true}
			}
		}
	}
	return nil, cut{}
}

// start makes a batch of what was cut.
func (pl *Planner) start(p *pkg, c cut, now time.Duration) Batch {
	pl.lastID++
	units := p.take(c)
	running := &batch{pkg: p, units: units, started: now}
	b := Batch{ID: pl.lastID, Package: p.ID, Serial: c.serial, Estimate: time.Duration(p.process() + c.work)}
	for _, u := range units {
		running.tests += u.Tests
		b.Units = append(b.Units, u.ID)
	}
	pl.running[b.ID] = running
	pl.serial = c.serial
	if p.probe == nil && p.guessed {
		p.probe = running
	}
	pl.retire(p)
	return b
}

// retire removes p from the active packages when nothing of it is pending.
func (pl *Planner) retire(p *pkg) {
	if len(p.pending) > 0 {
		return
	}
	pl.handedOut += p.handedOut()
	p.given = given{}
	if i, found := slices.BinarySearchFunc(pl.active, p, byRank); found {
		pl.active = slices.Delete(pl.active, i, i+1)
	}
}

// Started says that the process of a batch has reached its first test, at now: what a start costs.
// Optional.
func (pl *Planner) Started(batchID int, now time.Duration) {
	b := pl.mustRun(batchID)
	if b.pkg.learnStartup(now - b.started) {
		pl.startups.add(b.pkg.startup)
	}
}

// Observed says how many tests of a running batch have ended. Optional: it makes probing more
// exact.
func (pl *Planner) Observed(batchID int, ended int) {
	b := pl.mustRun(batchID)
	b.seen, b.done = true, ended
}

// Over says that the last test of a batch ended at the given time, before its process does. Optional:
// it tells the tests from what the process does after them, which is to write coverage.
func (pl *Planner) Over(batchID int, at time.Duration) { pl.mustRun(batchID).over = at }

// Finished says that the process of a batch ended at now.
func (pl *Planner) Finished(batchID int, now time.Duration) {
	b := pl.mustRun(batchID)
	delete(pl.running, batchID)
	pl.serial = false // a serial batch runs alone: it was this one
	b.ended = true
	p := b.pkg
	if b.over > 0 && p.learnTail(p.after(b, now)) {
		pl.tails.add(p.tail)
	}
	if p.needless(b, now) {
		pl.wasted += p.waste()
	}
	if p.learn(b, now) {
		pl.prior.add(p.perTest)
	}
}

func (pl *Planner) mustRun(batchID int) *batch {
	b := pl.running[batchID]
	if b == nil {
		panic(fmt.Sprintf("plan: batch %d is not running", batchID))
	}
	return b
}
