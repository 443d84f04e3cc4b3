package hunt

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// campaign is the rounds of one hunt. Its workers share it.
type campaign struct {
	cfg    *Config
	runner *runner
	pool   *pool
	bins   []*binary
	start  time.Time
	tell   func(Progress)

	mu        sync.Mutex // guards what follows
	records   map[*unit]*record
	queue     []pending
	planned   int        // rounds
	running   int        // processes
	idle      *sync.Cond // running has become less
	open      []int      // by round: processes that have not ended
	done      int        // rounds that have ended
	processes int
	failed    int // units
	err       error
}

// pending is a process that waits for a worker.
type pending struct {
	task  task
	round int
}

// run runs rounds until there are enough, or ctx ends. It returns an error
// only for what is no test's fault.
func (c *campaign) run(ctx context.Context) error {
	c.idle = sync.NewCond(&c.mu)
	var workers sync.WaitGroup
	for range c.pool.size {
		workers.Go(func() { // ends when there is nothing left to run
			for {
				next, ok := c.next(ctx)
				if !ok {
					return
				}
				c.runOne(ctx, next)
				c.ended()
			}
		})
	}
	workers.Wait()
	return c.err
}

// next returns a process to run, from the queue or from a new round.
func (c *campaign) next(ctx context.Context) (pending, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over(ctx) {
		return pending{}, false
	}
	for len(c.queue) == 0 {
		if len(c.bins) == 0 || c.enough() {
			return pending{}, false
		}
		if c.cfg.Ordinary && c.running > 0 {
			c.idle.Wait() // for the end of the round
			if c.over(ctx) {
				return pending{}, false
			}
			continue
		}
		plan := planRound
		if c.cfg.Ordinary {
			plan = planOrdinary
		}
		tasks := plan(c.bins, c.planned, c.cfg.Seed, c.cfg.Workers)
		for _, t := range tasks {
			c.queue = append(c.queue, pending{t, c.planned})
		}
		c.open = append(c.open, len(tasks))
		c.planned++
	}
	// If no locks are free, the first waits for its.
	i := max(0, slices.IndexFunc(c.queue, func(p pending) bool { return c.runner.gate.free(p.task) }))
	p := c.queue[i]
	c.queue = slices.Delete(c.queue, i, i+1)
	c.running++
	return p, true
}

// over reports whether no other process is to begin.
func (c *campaign) over(ctx context.Context) bool {
	return ctx.Err() != nil || c.err != nil || c.cfg.UntilFail && c.failed > 0
}

// ended notes that a process that next returned has ended.
func (c *campaign) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.idle.Broadcast()
}

// enough reports whether no other round is to begin.
func (c *campaign) enough() bool {
	if c.cfg.Runs > 0 && c.planned >= c.cfg.Runs {
		return true
	}
	return c.cfg.For > 0 && time.Since(c.start) >= c.cfg.For
}

// runOne runs one process and books what came of it.
func (c *campaign) runOne(ctx context.Context, p pending) {
	n := 1
	if p.task.serial() {
		n = c.pool.size
	}
	leave, err := c.runner.gate.enter(ctx, p.task)
	if err != nil {
		return
	}
	defer leave()
	slots, err := c.pool.take(ctx, n)
	if err != nil {
		return
	}
	turn := c.pool.begin(p.task, slots[0])
	o, err := c.runner.start(ctx, p.task, slots[0])
	neighbours := c.pool.end(turn)
	c.pool.give(slots)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.err = errors.Join(c.err, err)
		return
	}
	c.book(p, o, neighbours)
}

// book takes in the outcome of a process.
func (c *campaign) book(p pending, o *outcome, neighbours []task) {
	c.processes++
	sorted := p.task.order.sorted(p.task.bin, p.task.units)
	for i, u := range append(sorted, p.task.bin.itself) {
		ran, failed := o.of(u)
		if !ran || !c.cfg.judges(u) {
			continue
		}
		r := c.records[u]
		if r == nil {
			r = &record{unit: u}
			c.records[u] = r
		}
		s := situation{task: p.task, neighbours: neighbours, company: i}
		for _, name := range u.names {
			s.parallel = s.parallel || o.paused[name]
		}
		if s.parallel || s.count > 1 {
			s.company = len(sorted) - 1
		}
		r.book(s, failed, func() string { return o.text(u) })
		if failed && r.rounds.failed == 1 {
			c.failed++
			c.report(u.title())
		}
	}
	c.requeue(p, o)
	if c.open[p.round]--; c.open[p.round] == 0 {
		c.done++
	}
	c.report("")
}

// requeue lets the units that did not get their turn run in another process,
// unless it would not get further than this one.
func (c *campaign) requeue(p pending, o *outcome) {
	if o.stopped || o.ran == 0 || len(o.idle) == 0 || len(o.idle) == len(p.task.units) {
		return
	}
	p.task.units, p.task.all = o.idle, false
	c.queue = append(c.queue, p)
	c.open[p.round]++
}

// report tells how far the rounds are.
func (c *campaign) report(failed string) {
	p := Progress{
		Phase: Rounds, Round: c.done, Of: c.cfg.Runs,
		Processes: c.processes, Failed: c.failed, New: failed,
	}
	spent := time.Since(c.start)
	if c.cfg.Runs > 0 && c.done > 0 {
		p.Left = time.Duration(float64(spent) * float64(c.cfg.Runs-c.done) / float64(c.done))
	}
	if limit := c.cfg.For - spent; c.cfg.For > 0 && (p.Left == 0 || limit < p.Left) {
		p.Left = max(limit, 0)
	}
	c.tell(p)
}

// title is the unit in a message.
func (u *unit) title() string {
	if u.isPackage() {
		return u.bin.path
	}
	return u.bin.path + " " + u.name
}
