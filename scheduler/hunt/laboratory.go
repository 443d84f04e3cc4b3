package hunt

import (
	"context"
	"errors"
	"sync"
	"time"
)

// laboratory is the prober that starts processes. It is used by one goroutine.
type laboratory struct {
	ctx       context.Context
	cfg       *Config
	runner    *runner
	pool      *pool
	processes int
	err       error
	began     time.Time              // with this suspect
	sources   map[*binary][]*outcome // runs of packages in source order
	taken     map[*unit]int          // how many of them a suspect has counted
}

// begin turns to the next suspect.
func (l *laboratory) begin() { l.began = time.Now() }

// hurry reports whether the suspect has had its time.
func (l *laboratory) hurry() bool {
	return l.cfg.ProbeTime > 0 && time.Since(l.began) > l.cfg.ProbeTime
}

// run runs the victim n times in the condition. On an idle machine that is one
// process after the other.
func (l *laboratory) run(victim *unit, c condition, n int) tally {
	var sum tally
	for sum.runs < n && l.ctx.Err() == nil && l.err == nil {
		var t tally
		if c.isSource() {
			t = l.source(victim, c)
		} else {
			t = l.batch(victim, c, n-sum.runs)
		}
		if t.runs == 0 {
			break // the victim does not get its turn in this condition
		}
		sum = sum.add(t)
	}
	return sum
}

// isSource reports whether the condition is what go test does: then all
// suspects of a package share its runs.
func (c condition) isSource() bool {
	return c.all && c.load == idle && !c.order.shuffled && c.count == 1 && c.procs == 0
}

// source takes the next run of the package in source order that the victim has
// not counted yet.
func (l *laboratory) source(victim *unit, c condition) tally {
	runs, i := l.sources[c.bin], l.taken[victim]
	if i == len(runs) {
		slots, err := l.pool.take(l.ctx, l.pool.size)
		if err != nil {
			return tally{}
		}
		o, err := l.runner.run(l.ctx, c.task, slots[0])
		l.pool.give(slots)
		l.processes++
		if err != nil {
			l.err = errors.Join(l.err, err)
			return tally{}
		}
		runs = append(runs, o)
		l.sources[c.bin] = runs
	}
	l.taken[victim]++
	return judge(victim, c, runs[i])
}

// batch runs the victim at least once: once, or in as many copies as there are
// workers.
func (l *laboratory) batch(victim *unit, c condition, most int) tally {
	slots, err := l.pool.take(l.ctx, l.pool.size)
	if err != nil {
		return tally{}
	}
	defer l.pool.give(slots)
	if c.load == copies {
		return l.together(victim, c, slots)
	}
	if c.load == others && len(slots) > 1 {
		return l.beside(victim, c, slots, most)
	}
	return l.one(victim, c, slots[0])
}

// one runs one process.
func (l *laboratory) one(victim *unit, c condition, slot int) tally {
	o, err := l.runner.run(l.ctx, c.task, slot)
	return l.count(victim, c, o, err)
}

// count takes what came of a process.
func (l *laboratory) count(victim *unit, c condition, o *outcome, err error) tally {
	l.processes++
	if err != nil {
		l.err = errors.Join(l.err, err)
		return tally{}
	}
	return judge(victim, c, o)
}

// judge says what an outcome means for the victim.
func judge(victim *unit, c condition, o *outcome) tally {
	ran, failed := o.of(victim)
	if c.second {
		ran, failed = o.second(victim)
	}
	switch {
	case !ran || o.stopped:
		return tally{}
	case failed:
		return tally{1, 1}
	}
	return tally{1, 0}
}

// together runs a copy of the process on each worker at the same time.
func (l *laboratory) together(victim *unit, c condition, slots []int) tally {
	outcomes := make([]*outcome, len(slots))
	errs := make([]error, len(slots))
	var all sync.WaitGroup
	for i, slot := range slots {
		all.Go(func() { outcomes[i], errs[i] = l.runner.run(l.ctx, c.task, slot) })
	}
	all.Wait()
	var sum tally
	for i, o := range outcomes {
		sum = sum.add(l.count(victim, c, o, errs[i]))
	}
	return sum
}

// beside runs the process again and again while the neighbours run, round and
// round, on the other workers.
func (l *laboratory) beside(victim *unit, c condition, slots []int, n int) tally {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i, slot := range slots[1:] {
		all.Go(func() { // ends with stop, after the process that is under way
			for k := i; ; k += len(slots) - 1 {
				select {
				case <-stop:
					return
				case <-l.ctx.Done():
					return
				default:
				}
				// Only what it does to the victim counts.
				_, _ = l.runner.run(l.ctx, c.neighbours[k%len(c.neighbours)], slot)
			}
		})
	}
	var sum tally
	for range n {
		t := l.one(victim, c, slots[0])
		if t.runs == 0 {
			break
		}
		sum = sum.add(t)
	}
	close(stop)
	all.Wait()
	return sum
}
