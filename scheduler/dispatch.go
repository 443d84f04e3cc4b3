package scheduler

import (
	"fmt"
	"path/filepath"
	"slices"
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
			p.queue = nil
			r.finishIfDone(p)
		}
		r.stopReruns()
	}
}

// start runs a batch on a worker.
func (r *Run) start(b *batch, slot int) {
	p := b.pkg
	r.processes++
	b.number, b.slot = r.processes, slot
	r.slots[slot] = true
	r.running++
	r.exclusive = b.serial
	if b.again == nil {
		r.firstPass(b)
	}
	p.running++
	r.children.Add(1)
	go func() { // ends with the process
		defer r.children.Done()
		r.runProcess(r.ctx, b)
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
	if r.cfg.GoTest.Exec == nil {
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
	if e.err != nil {
		p.fail("%v", e.err)
		p.merge.add("cohort: " + e.err.Error() + "\n")
	}
	p.settle(e)
	if e.exit.Code != 0 && p.code == 0 {
		p.code = max(1, e.exit.Code) // a signal counts as 1, as the go command has it
	}
	if b.feed.hasCoverage {
		p.coverage, p.hasCoverage = b.feed.coverage, true
	}
	r.finishIfDone(p)
}

// settle books what the ledger made of a first attempt.
func (p *pkg) settle(e ended) {
	b, s := e.batch, e.s
	p.ended = e.exit.End
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
	if s.packageFailure != "" {
		p.first = b
		p.fail("%s", s.packageFailure)
	}
	if len(s.dropped) > 0 && s.packageFailure != "" {
		p.queue = nil // every process would end like this one
	}
	p.requeue(s.again)
}

// requeue queues what a process has not run. Tests that need different counts
// need different processes.
func (p *pkg) requeue(again []planned) {
	for _, t := range again {
		task := &task{unit: p.byTest[t.name], planned: []planned{t}}
		if repeats := p.repeats(t.name); repeats > 1 && t.want < p.multiplicity[t.name]*repeats {
			each := p.multiplicity[t.name] * p.args.CPUs
			task.count = (t.want + each - 1) / each
		}
		p.queue = append(p.queue, task)
	}
}

// next decides what an idle worker does now.
func (r *Run) next() *batch {
	if r.reruns != nil {
		return r.nextRerun()
	}
	for _, serial := range []bool{false, true} {
		if serial && r.running > 0 {
			return nil
		}
		for _, p := range r.pkgs {
			i := slices.IndexFunc(p.queue, func(t *task) bool { return p.isSerial(t) == serial })
			if i < 0 {
				continue
			}
			return r.newBatch(p, p.take(i, r.cfg.Workers))
		}
	}
	return nil
}

func (p *pkg) isSerial(t *task) bool {
	if t.unit == nil {
		return p.serial
	}
	return t.unit.def.Serial
}

// loose reports whether the task may share a process.
func (p *pkg) loose(t *task) bool {
	return t.unit != nil && t.unit.def.Group == "" && !t.unit.def.Serial
}

// take takes the i-th task from the queue, with more of its kind.
func (p *pkg) take(i, workers int) []*task {
	first := p.queue[i]
	n := 1
	if p.loose(first) {
		loose := 0
		for _, t := range p.queue {
			if p.loose(t) {
				loose++
			}
		}
		n = (loose + 2*workers - 1) / (2 * workers)
		if p.whole { // what a crash has left of a package that is to be one process
			n = loose
		}
	}
	var tasks, rest []*task
	for j, t := range p.queue {
		if j == i || (j > i && len(tasks) < n && p.loose(t) && t.count == first.count) {
			tasks = append(tasks, t)
		} else {
			rest = append(rest, t)
		}
	}
	p.queue = rest
	return tasks
}
