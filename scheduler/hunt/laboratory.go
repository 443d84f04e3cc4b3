package hunt

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
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

	trials  int           // how often it has run in parallel with neighbours
	longest time.Duration // that a process of it then took
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
	case c.load == busy:
		return s.busily(victim, c, slots[0], most)
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

// beside runs the process n times while the neighbours run, round and round, on the other
// workers. No neighbour runs twice at the same time. Each time the process begins at another
// moment of the neighbours' course: who comes first may make the difference.
func (s *station) beside(victim *unit, c condition, slots []int, n int) tally {
	var sum tally
	for range n {
		stop := make(chan struct{})
		var all sync.WaitGroup
		lanes, pause := min(len(slots)-1, len(c.neighbours)), s.longest/8
		for i, slot := range slots[1 : 1+lanes] {
			all.Go(func() { s.neighbours(c, lane{i, lanes, slot, pause}, stop) })
		}
		select {
		case <-time.After(s.delay()):
		case <-s.ctx.Done():
		}
		begin := time.Now()
		t := s.one(victim, c, slots[0])
		s.longest = max(s.longest, time.Since(begin))
		close(stop)
		all.Wait()
		if t.runs == 0 {
			break
		}
		sum = sum.add(t)
	}
	return sum
}

// delay is how long the neighbours run before the process begins: a part of what that takes, in
// turn spread evenly (by the golden ratio).
func (s *station) delay() time.Duration {
	s.trials++
	part := math.Phi * float64(s.trials)
	return time.Duration((part - math.Floor(part)) * float64(s.longest))
}

// lane is a worker that runs neighbours.
type lane struct {
	number, of int // it runs every of-th neighbour from that number on
	slot       int
	pause      time.Duration // after a failure
}

// neighbours runs the neighbours of a lane again and again. It ends with stop, after the process
// that is under way.
func (s *station) neighbours(c condition, l lane, stop <-chan struct{}) {
	for k := l.number; ; k += l.of {
		if k >= len(c.neighbours) {
			k = l.number
		}
		select {
		case <-stop:
			return
		case <-s.ctx.Done():
			return
		default:
		}
		o, err := s.runner.run(s.ctx, c.neighbours[k], l.slot)
		if err == nil && o.failed() { // it is not to start again and again while the victim keeps it out
			select {
			case <-stop:
			case <-time.After(l.pause):
			}
		}
	}
}

// busily runs the process n times while this process keeps all processors busy, which shares
// nothing with a test but them.
func (s *station) busily(victim *unit, c condition, slot, n int) tally {
	var over atomic.Bool
	var all sync.WaitGroup
	for range max(s.pool.size, runtime.GOMAXPROCS(0)) {
		all.Go(func() { // ends with over
			for n := 0; !over.Load(); n++ {
			}
		})
	}
	sum := s.repeat(victim, c, slot, n)
	over.Store(true)
	all.Wait()
	return sum
}

// repeat runs the process n times, one after the other.
func (s *station) repeat(victim *unit, c condition, slot, n int) tally {
	var sum tally
	for range n {
		t := s.one(victim, c, slot)
		if t.runs == 0 {
			break
		}
		sum = sum.add(t)
	}
	return sum
}
