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
}

// run runs the victim n times in the condition. On an idle machine that is one
// process after the other.
func (l *laboratory) run(victim *unit, c condition, n int) tally {
	begin := time.Now()
	var sum tally
	for sum.runs < n && l.ctx.Err() == nil && l.err == nil {
		// What has begun must come to a first answer, however slow it is.
		if l.cfg.ProbeTime > 0 && n > first && time.Since(begin) > l.cfg.ProbeTime {
			break
		}
		t := l.batch(victim, c, n-sum.runs)
		if t.runs == 0 {
			break // the victim does not get its turn in this condition
		}
		sum = sum.add(t)
	}
	return sum
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

// count says what an outcome means for the victim.
func (l *laboratory) count(victim *unit, c condition, o *outcome, err error) tally {
	l.processes++
	if err != nil {
		l.err = errors.Join(l.err, err)
		return tally{}
	}
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
