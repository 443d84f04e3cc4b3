package scheduler

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/scheduler/plan"
)

// maxList bounds the -test.run list of one process in bytes. Linux takes 128
// KiB in one argument; on Windows a whole command line has 32,767 characters.
func maxList() int {
	if runtime.GOOS == "windows" {
		return 16 << 10
	}
	return 96 << 10
}

// maxArgument bounds one argument of a process in bytes, 0 for no bound but that of
// all together. Linux takes 32 pages, the final zero included; on Windows the other
// arguments share the line.
func maxArgument() int {
	switch runtime.GOOS {
	case "linux":
		return 32*os.Getpagesize() - 1
	case "windows":
		return 30 << 10
	}
	return 0
}

// checkPattern reports that no process can be given the pattern that names the tests
// of b. Loose tests are spread over more processes, but not those of a group.
func (b *batch) checkPattern(pattern string, limit int) error {
	size := len("-test.run=") + len(pattern)
	if limit == 0 || b.all || size <= limit {
		return nil
	}
	what := "the tests of one process"
	if b.group != "" {
		what = "group " + b.group
	}
	return fmt.Errorf("%s cannot run: the names of its %d tests make an argument of %d bytes, more than the %d that a process takes: "+
		"make smaller groups or shorter names, or let --dist=loadpackage run the package as one process", what, len(b.planned), size, limit)
}

// planning is the planner and what its numbers stand for.
type planning struct {
	planner *plan.Planner
	began   time.Time
	queues  []*queue // by the planner's package number
	batches map[int]*batch
	// wake is when to ask the planner again, nil for never.
	wake <-chan time.Time
}

// queue is what the planner knows as a package: tasks of a pkg that may share
// processes. A pkg has several if its list of tests is too long for one, or if
// a crash has left something.
type queue struct {
	pkg   *pkg
	tasks []*task // by the planner's unit number
}

// progress is what a process's reader tells the owner without a message.
type progress struct {
	firstTest atomic.Int64 // when its first test started: time since Run.began, 0 for not yet
	ended     atomic.Int32 // top-level tests that have ended
}

// plan hands tasks of p to the planner.
func (r *Run) plan(p *pkg, tasks []*task) {
	for part := range chunks(tasks, maxList()) {
		q := &queue{pkg: p, tasks: part}
		r.queues = append(r.queues, q)
		p.waiting += len(part)
		known := plan.Package{ID: len(r.queues) - 1, Rank: r.rank(p)}
		if d, ok := r.cfg.Past.Startup(p.path); ok {
			known.Startup = d
		}
		if p.list != nil && p.list.TestMain && !p.whole {
			known.MaxBatches = r.cfg.Workers
		}
		if p.whole {
			known.MaxBatches = 1
		}
		for i, t := range part {
			known.Units = append(known.Units, r.planUnit(p, i, t))
		}
		r.planner.AddPackage(known)
	}
}

// planUnit describes a task to the planner.
func (r *Run) planUnit(p *pkg, id int, t *task) plan.Unit {
	u := plan.Unit{ID: id, Known: t.planned != nil, Serial: p.serial, Group: t.unit == nil}
	if t.part {
		u.Serial = p.anySerial(t.planned)
	}
	if t.unit != nil {
		u.Serial, u.Group = t.unit.def.Serial, t.unit.def.Group != ""
	}
	for _, test := range t.planned {
		d, ok := r.cfg.Past.Estimate(p.path, test.name)
		u.Known = u.Known && ok
		u.Estimate += d * time.Duration(test.want)
		u.Tests += test.want
	}
	return u
}

// chunks cuts tasks so that the names of each part fit into one list.
func chunks(tasks []*task, limit int) func(yield func([]*task) bool) {
	return func(yield func([]*task) bool) {
		start, size := 0, 0
		for i, t := range tasks {
			length := 0
			for _, p := range t.planned {
				length += len(p.name) + len("|")
			}
			if t.unit != nil && i > start && size+length > limit {
				if !yield(tasks[start:i]) {
					return
				}
				start, size = i, 0
			}
			size += length
		}
		yield(tasks[start:])
	}
}

// rank is the package's place in the run's order: random by the seed, or the
// go command's.
func (r *Run) rank(p *pkg) int {
	if !r.cfg.Shuffle {
		return p.number
	}
	return int(mix(uint64(r.cfg.Seed), p.path) >> 1)
}

// mix is a hash that is the same in every run (FNV-1a).
func mix(seed uint64, s string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := seed ^ offset
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * prime
	}
	return h
}

// nextPlanned asks the planner for a batch.
func (r *Run) nextPlanned() *batch {
	r.wake = nil
	for {
		now := r.since()
		for id, b := range r.batches {
			if first := b.progress.firstTest.Load(); first > 0 && !b.started {
				b.started = true
				r.planner.Started(id, time.Duration(first))
			}
			r.planner.Observed(id, int(b.progress.ended.Load()))
		}
		next, ok, wake := r.planner.Next(now, len(r.slots)-r.running)
		if !ok {
			if wake > 0 {
				r.wake = time.After(wake - now)
			}
			return nil
		}
		q := r.queues[next.Package]
		if q.pkg.canceled {
			r.planner.Finished(next.ID, now)
			continue
		}
		tasks := make([]*task, len(next.Units))
		for i, id := range next.Units {
			tasks[i] = q.tasks[id]
		}
		q.pkg.waiting -= len(tasks)
		b := r.newBatch(q.pkg, tasks)
		b.planID = next.ID
		r.batches[b.planID] = b
		return b
	}
}

// finishedPlanned tells the planner that a process has ended.
func (r *Run) finishedPlanned(b *batch) {
	delete(r.batches, b.planID)
	r.planner.Finished(b.planID, r.since())
}
