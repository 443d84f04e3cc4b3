package scheduler

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// dispatch gives batches to idle workers while there are both.
func (r *Run) dispatch() {
	for !r.exclusive && r.ctx.Err() == nil {
		slot := slices.Index(r.slots, false)
		if slot < 0 {
			return
		}
		b := r.next()
		if b == nil {
			return
		}
		r.start(b, slot)
	}
	if r.ctx.Err() != nil {
		for _, p := range slices.Clone(r.pkgs) {
			p.cancel()
			r.finishIfDone(p)
		}
		r.stopReruns()
	}
}

// next decides what an idle worker does now.
func (r *Run) next() *batch {
	if r.reruns != nil {
		return r.nextRerun()
	}
	if b := r.nextBaseline(); b != nil {
		return b
	}
	return r.nextPlanned()
}

// start runs a batch on a worker.
func (r *Run) start(b *batch, slot int) {
	p := b.pkg
	r.processes++
	b.number, b.slot = r.processes, slot
	r.slots[slot] = true
	r.running++
	r.exclusive = b.serial
	if b.again == nil && !b.baseline {
		r.firstPass(b)
	}
	ctx := r.ctx
	if b.again == nil {
		ctx = p.ctx
	}
	p.running++
	r.children.Add(1)
	go func() { // ends with the process
		defer r.children.Done()
		r.runProcess(ctx, b)
	}()
}

// firstPass prepares what the go command gets of a process.
func (r *Run) firstPass(b *batch) {
	p := b.pkg
	p.processes++
	resumed := make(map[string]bool)
	for _, t := range b.planned {
		if t.resumed {
			resumed[t.name] = true
		}
	}
	shuffleLine := ""
	if !b.all || !r.cfg.SeedChosen {
		shuffleLine = b.shuffleLine()
	}
	b.feed = p.merge.newFeed(b.all, shuffleLine, resumed)
	file := func(kind string) string { return filepath.Join(r.listener.Dir, fmt.Sprint(kind, b.number)) }
	if r.cfg.cacheable() {
		b.testlog = file("log")
		p.testlogs = append(p.testlogs, b.testlog)
	}
	if b.all {
		// One process of its own: it writes where the go command wants it.
		b.profile, b.coverDir = p.args.CoverProfile, ""
		return
	}
	if r.cfg.GoTest.Cover {
		b.profile, b.coverDir = file("profile"), file("cover")
		p.profiles = append(p.profiles, b.profile)
	}
}

// end takes the result of a process.
func (r *Run) end(e ended) {
	b, p := e.batch, e.batch.pkg
	r.slots[b.slot] = false
	r.running--
	p.running--
	r.exclusive = false
	if b.again != nil {
		r.endRerun(e)
		return
	}
	if b.baseline {
		r.endBaseline(e)
		return
	}
	r.finishedPlanned(b)
	if e.err != nil {
		p.fail("%v", e.err)
		p.merge.add("cohort: " + e.err.Error() + "\n")
	}
	r.requeue(p, p.settle(e))
	r.planRest(p)
	if e.exit.Code != 0 && p.code == 0 {
		p.code = max(1, e.exit.Code) // a signal counts as 1, as the go command has it
	}
	if b.feed.hasCoverage {
		p.coverage, p.hasCoverage = b.feed.coverage, true
	}
	r.finishIfDone(p)
}

// settle books what the ledger made of a first attempt, and returns what is to
// run in another process.
func (p *pkg) settle(e ended) []planned {
	b, s := e.batch, e.s
	p.ended = e.exit.End
	p.ran = p.ran || len(s.ended) > 0
	if p.list == nil || !p.list.TestMain {
		p.idle = append(p.idle, s.idle...)
	}
	failed := slices.Clone(s.failed)
	for _, t := range s.lost {
		failed = append(failed, t.name)
	}
	for _, name := range failed {
		u := p.byTest[name]
		if u == nil {
			p.fail("%s failed, which was not to run", name)
			continue
		}
		u.failed = append(u.failed, name)
		u.first, u.ended = b, e.exit.End
	}
	for _, t := range s.skipped {
		// Another test may have ended the process that a group was in. Without a
		// failure of its own the group counts as failed: it has not run to its end.
		if u := p.byTest[t.name]; len(u.failed) == 0 {
			u.failed = append(u.failed, t.name)
			u.first, u.ended = b, e.exit.End
		}
	}
	for name := range b.feed.subtests.failed {
		root, _, _ := strings.Cut(name, "/")
		if u := p.byTest[root]; u != nil {
			if u.owed == nil {
				u.owed = make(map[string]bool)
			}
			u.owed[name] = true
		}
	}
	if s.packageFailure != "" {
		p.first = b
		p.fail("%s", s.packageFailure)
		if len(s.dropped) > 0 {
			p.cancel() // every process would end like this one
		}
	}
	return s.again
}

// requeue plans what a process has not run.
func (r *Run) requeue(p *pkg, again []planned) {
	if p.canceled {
		return
	}
	byCount := make(map[int][]*task)
	var counts []int
	for _, t := range p.leftovers(again) {
		if byCount[t.count] == nil {
			counts = append(counts, t.count)
		}
		byCount[t.count] = append(byCount[t.count], t)
	}
	if p.whole {
		for _, count := range counts {
			p.rest = append(p.rest, byCount[count]...)
		}
		return
	}
	for _, count := range counts {
		r.plan(p, byCount[count])
	}
}

// planRest plans the next part of what is left of a package that is one process
// at a time.
func (r *Run) planRest(p *pkg) {
	if len(p.rest) > 0 && p.waiting == 0 && p.running == 0 {
		next := p.rest[:1]
		p.rest = p.rest[1:]
		r.plan(p, next)
	}
}

// leftovers returns the tasks for tests that have not run: one for each unit, or
// of a package with a TestMain one for as many tests as fit into a list. Tests
// that need different counts need different processes.
func (p *pkg) leftovers(again []planned) []*task {
	type key struct {
		unit        *unit
		count, part int
	}
	var tasks []*task
	together := p.whole || p.list != nil && p.list.TestMain
	byKey := make(map[key]*task)
	size := 0
	for _, t := range again {
		size += len(t.name) + len("|")
		k := key{unit: p.byTest[t.name], count: p.countFor(t)}
		if together {
			k.unit, k.part = nil, size/maxList()
		}
		if byKey[k] == nil {
			byKey[k] = &task{unit: k.unit, part: together, count: k.count}
			tasks = append(tasks, byKey[k])
		}
		byKey[k].planned = append(byKey[k].planned, t)
	}
	return tasks
}

// countFor is the -test.count that what is left of a test needs, 0 for the
// user's.
func (p *pkg) countFor(t planned) int {
	repeats := p.repeats(t.name)
	if repeats <= 1 || t.want >= p.multiplicity[t.name]*repeats {
		return 0
	}
	each := p.multiplicity[t.name] * p.args.CPUs
	return (t.want + each - 1) / each
}

// since is the planner's clock.
func (r *Run) since() time.Duration { return time.Since(r.began) }
