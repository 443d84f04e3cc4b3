package hunt

import (
	"context"
	"errors"
	"sync"
	"time"
)

// laboratory is where the probes of all suspects run.
type laboratory struct {
	ctx    context.Context
	cfg    *Config
	runner *runner
	pool   *pool

	mu        sync.Mutex // guards what follows
	processes int
	err       error
	sources   map[sourceKey][]*outcome // runs of packages in source order
}

// sourceKey is a package and what ran in parallel with it.
type sourceKey struct {
	bin  *binary
	load load
}

// station is the prober of one suspect. It is used by one goroutine.
type station struct {
	*laboratory
	width int           // how many processes it may run at a time where an idle machine is not needed
	spent time.Duration // what its processes have taken; guarded by mu
	taken map[load]int  // how many of the package's runs in source order it has counted
}

// station returns a prober for one of n suspects that are probed at the same time.
func (l *laboratory) station(n int) *station {
	return &station{laboratory: l, width: max(1, l.pool.size/max(n, 1)), taken: make(map[load]int)}
}

// hurry reports whether the suspect has had its time.
func (s *station) hurry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.ProbeTime > 0 && s.spent > s.cfg.ProbeTime
}

// over reports whether nothing is to run any more.
func (l *laboratory) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ctx.Err() != nil || l.err != nil
}

// run runs the victim n times in the condition. On an idle machine that is one
// process after the other.
func (s *station) run(victim *unit, c condition, n int) tally {
	var sum tally
	for sum.runs < n && !s.over() {
		var t tally
		switch {
		case c.isSource():
			t = s.source(victim, c)
		case c.load == shared && !c.serial():
			t = s.several(victim, c, min(s.width, n-sum.runs))
		default:
			t = s.batch(victim, c, n-sum.runs)
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
	return c.all && c.load <= shared && !c.order.shuffled && c.count == 1 && c.procs == 0
}

// source takes the next run of the package in source order that the victim has
// not counted yet.
func (s *station) source(victim *unit, c condition) tally {
	key, i := sourceKey{c.bin, c.load}, s.taken[c.load]
	known := func() *outcome {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i < len(s.sources[key]) {
			return s.sources[key][i]
		}
		return nil
	}
	o := known()
	if o == nil {
		n := s.pool.size
		if c.load == shared && !c.serial() {
			n = 1
		}
		slots, err := s.pool.take(s.ctx, n)
		if err != nil {
			return tally{}
		}
		if o = known(); o == nil { // nobody has run it while this waited
			o = s.process(c.task, slots[0])
			if o != nil {
				s.mu.Lock()
				s.sources[key] = append(s.sources[key], o)
				s.mu.Unlock()
			}
		}
		s.pool.give(slots)
	}
	if o == nil {
		return tally{}
	}
	s.taken[c.load]++
	return judge(victim, c, o)
}

// several runs n processes at the same time, each on the next idle worker.
func (s *station) several(victim *unit, c condition, n int) tally {
	tallies := make([]tally, n)
	var all sync.WaitGroup
	for i := range tallies {
		all.Go(func() {
			slots, err := s.pool.take(s.ctx, 1)
			if err != nil {
				return
			}
			tallies[i] = s.one(victim, c, slots[0])
			s.pool.give(slots)
		})
	}
	all.Wait()
	var sum tally
	for _, t := range tallies {
		sum = sum.add(t)
	}
	return sum
}

// batch runs the victim at least once: once, or in as many copies as there are
// workers.
func (s *station) batch(victim *unit, c condition, most int) tally {
	slots, err := s.pool.take(s.ctx, s.pool.size)
	if err != nil {
		return tally{}
	}
	defer s.pool.give(slots)
	switch {
	case c.load == copies:
		return s.together(victim, c, slots)
	case c.load == others && len(slots) > 1:
		return s.beside(victim, c, slots, most)
	}
	return s.one(victim, c, slots[0])
}

// process runs one process and counts it. It returns nil if that could not be done.
func (s *station) process(t task, slot int) *outcome {
	begin := time.Now()
	o, err := s.runner.run(s.ctx, t, slot)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes++
	s.spent += time.Since(begin)
	if err != nil {
		s.err = errors.Join(s.err, err)
		return nil
	}
	return o
}

// one runs one process and says what came of the victim.
func (s *station) one(victim *unit, c condition, slot int) tally {
	if o := s.process(c.task, slot); o != nil {
		return judge(victim, c, o)
	}
	return tally{}
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
func (s *station) together(victim *unit, c condition, slots []int) tally {
	tallies := make([]tally, len(slots))
	var all sync.WaitGroup
	for i, slot := range slots {
		all.Go(func() { tallies[i] = s.one(victim, c, slot) })
	}
	all.Wait()
	var sum tally
	for _, t := range tallies {
		sum = sum.add(t)
	}
	return sum
}

// beside runs the process again and again while the neighbours run, round and
// round, on the other workers.
func (s *station) beside(victim *unit, c condition, slots []int, n int) tally {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i, slot := range slots[1:] {
		all.Go(func() { // ends with stop, after the process that is under way
			for k := i; ; k += len(slots) - 1 {
				select {
				case <-stop:
					return
				case <-s.ctx.Done():
					return
				default:
				}
				// Only what it does to the victim counts.
				_, _ = s.runner.run(s.ctx, c.neighbours[k%len(c.neighbours)], slot)
			}
		})
	}
	var sum tally
	for range n {
		t := s.one(victim, c, slots[0])
		if t.runs == 0 {
			break
		}
		sum = sum.add(t)
	}
	close(stop)
	all.Wait()
	return sum
}
