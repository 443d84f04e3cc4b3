package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// reruns are the failed units and packages of a run, and what came of running them again. When
// they run is for the rerun.Queue, what for this type.
type reruns struct {
	cfg   *Config
	queue *rerun.Queue
	items []rerunItem
}

// rerunItem is a unit that failed, or a package that failed outside its tests.
type rerunItem struct {
	suite *suite
	unit  *ledger.Unit // nil for the package
	first *job         // the process of the first attempt that failed, nil if there was none
	owed  map[string]bool
	order order
}

// order is what is known of a unit that failed among other tests.
type order uint8

const (
	orderUnknown order = iota
	orderPasses        // in source order, with the same other tests
	orderFails
)

// newReruns enters what failed in suites. The jobs of failed processes are in first, by number.
func newReruns(c *Config, suites []*suite, first map[int]*job) *reruns {
	r := &reruns{cfg: c}
	var items []rerun.Item
	add := func(i rerunItem, serial bool, ended time.Time) {
		r.items = append(r.items, i)
		items = append(items, rerun.Item{Serial: serial, Probe: i.worthProbe(), Ended: ended})
	}
	for _, s := range suites {
		a := s.account
		if len(a.Failures()) > 0 {
			add(rerunItem{suite: s, first: first[a.FailedIn()], owed: owedBy(a.Units())}, a.Serial(a.Everything()), a.Ended())
			continue
		}
		for _, u := range a.Units() {
			if len(u.Failed) > 0 {
				add(rerunItem{suite: s, unit: u, first: first[u.Process], owed: u.Owed}, u.Def.Serial, u.Ended)
			}
		}
	}
	r.queue = rerun.New(rerun.Policy{Max: c.Reruns, Delay: c.RerunDelay}, items)
	return r
}

// owedBy returns the subtests of units that failed.
func owedBy(units []*ledger.Unit) map[string]bool {
	all := make(map[string]bool)
	for _, u := range units {
		maps.Copy(all, u.Owed)
	}
	return all
}

// worthProbe reports whether the unit failed in a process with other tests, in random order:
// once it has passed alone, it is worth a process to see whether go test's own order would have
// shown the failure.
func (i *rerunItem) worthProbe() bool {
	return i.unit != nil && i.first != nil && i.first.Shuffle != "" && len(i.first.Tests) > 1
}

// next returns the job that a worker starts now, nil for none.
func (r *reruns) next(now time.Time) *job {
	start, ok := r.queue.Next(now)
	if !ok {
		return nil
	}
	i := &r.items[start.Item]
	tasks := []*ledger.Task{i.task()}
	if start.Kind == ledger.Probe {
		tasks = i.first.tasks
	}
	j := newJob(r.cfg, i.suite, tasks)
	j.Kind, j.item, j.Attempt, j.Owed = start.Kind, start.Item, start.Attempt, i.owed
	j.Binary.Program = i.suite.file.rerun
	if start.Kind == ledger.Probe {
		j.Shuffle, j.Attempt, j.Out = "", 0, stream.Discard()
	} else {
		j.attempt = i.attempt(start.Attempt)
	}
	return j
}

// task is what runs in each attempt: the unit, or the package as it is.
func (i *rerunItem) task() *ledger.Task {
	if i.unit != nil {
		return i.suite.account.TaskOf(i.unit)
	}
	return i.suite.account.Everything()
}

// attempt describes a rerun for the one who reads it.
func (i *rerunItem) attempt(number int) *Attempt {
	a := &Attempt{Number: number, Package: i.suite.path}
	units := i.suite.account.Units()
	if i.unit != nil {
		a.Unit, units = i.unit.Def.Name(), []*ledger.Unit{i.unit}
	}
	for _, u := range units {
		a.Tests = append(a.Tests, u.Def.Names()...)
	}
	return a
}

// ended takes what came of a rerun; a is nil for a probe.
func (r *reruns) ended(j *job, result *worker.Result, a *Attempt) {
	i := &r.items[j.item]
	if j.Kind == ledger.Probe {
		i.order = i.judge(result)
		r.queue.Probed(j.item)
		return
	}
	i.owed = result.Transcript.Next()
	r.queue.Ended(j.item, a.Passed, a.err != nil, result.Exit.End)
}

// judge says what a probe has shown.
func (i *rerunItem) judge(r *worker.Result) order {
	if r.Err != nil || r.Exit.Canceled {
		return orderUnknown
	}
	for _, name := range i.unit.Def.Names() {
		if slices.Contains(r.Failed, name) {
			return orderFails
		}
	}
	if len(r.Again)+len(r.Dropped)+len(r.Lost) > 0 {
		return orderUnknown // it may not have run
	}
	return orderPasses
}

// verdict adds what came of a unit's reruns to u; unit is nil for the package. A unit of a
// package that was rerun whole has passed with it.
func (r *reruns) verdict(u *UnitVerdict, s *suite, unit *ledger.Unit) {
	for n := range r.items {
		i := &r.items[n]
		if i.suite == s && (i.unit == unit || i.unit == nil) {
			u.Attempts, u.Passed = 1+r.queue.Attempts(n), r.queue.Passed(n)
			if note := r.orderNote(n); note != "" {
				u.Note = note
			}
		}
	}
}

// orderNote says what the reruns have shown about the order of the tests.
func (r *reruns) orderNote(n int) string {
	i := &r.items[n]
	if i.unit == nil || i.first == nil || len(i.first.Tests) < 2 || i.first.Group != "" || r.queue.Attempts(n) == 0 {
		return ""
	}
	others := len(i.first.Tests) - len(i.unit.Def.Names())
	switch {
	case !r.queue.Passed(n):
		return "fails alone too"
	case i.order == orderPasses:
		return fmt.Sprintf("passes alone, and in source order: it failed in this random order, with %d other tests", others)
	case i.order == orderFails:
		return "passes alone, but fails with these tests in source order too"
	}
	return "passes alone"
}
