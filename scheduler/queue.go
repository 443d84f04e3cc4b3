package scheduler

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// queue holds the tasks of the first pass. It asks the planner, which knows nothing of suites,
// what an idle worker runs next.
type queue struct {
	cfg     *Config
	planner *plan.Planner
	locks   *plan.Locks
	parts   []part // by the planner's package number
	running map[int]*job
}

// part is what the planner knows as a package: tasks of a suite that may share processes. A suite
// has several if its tests hold different locks or need different set-ups, if its list of tests is
// too long for one process,
// or if a crash has left something.
type part struct {
	suite *suite
	tasks []*ledger.Task // by the planner's unit number
}

func newQueue(c *Config, locks *plan.Locks) *queue {
	planner := plan.New(plan.Config{Workers: c.Workers, Locks: locks, End: raceEnd(c.GoTest.Race, c.Env), Most: c.batchTime()})
	q := &queue{cfg: c, planner: planner, locks: locks, running: make(map[int]*job)}
	if !c.GoTest.Many() {
		q.planner.SetSupply(plan.SupplyIdle)
	}
	return q
}

// building takes whether compilers and linkers keep the cores busy. That they do not is no word of
// what comes: the go command may be about to start one. A run of one package has nothing else to
// build.
func (q *queue) building(full bool) {
	switch {
	case !q.cfg.GoTest.Many():
	case full:
		q.planner.SetSupply(plan.SupplyBuilding)
	default:
		q.planner.SetSupply(plan.SupplyUnknown)
	}
}

// add hands tasks of s to the planner.
func (q *queue) add(s *suite, tasks []*ledger.Task) {
	for _, tasks := range q.cfg.World.byNeed(s, tasks) {
		first, rest := q.firsts(s, tasks)
		q.addTasks(s, first, true)
		q.addTasks(s, rest, false)
	}
}

// firsts divides tasks into those that start before those of all packages, and the rest. A package
// that has no more processes than it must is not divided.
func (q *queue) firsts(s *suite, tasks []*ledger.Task) (first, rest []*ledger.Task) {
	if q.cfg.First == nil {
		return nil, tasks
	}
	for _, t := range tasks {
		if slices.ContainsFunc(t.Tests, func(p ledger.Planned) bool { return q.cfg.First(s.path, p.Name) }) {
			first = append(first, t)
		} else {
			rest = append(rest, t)
		}
	}
	if s.account.Mode() != ledger.Split && len(first) > 0 {
		return tasks, nil
	}
	return first, rest
}

// addTasks hands the planner tasks of s that start first, or that do not.
func (q *queue) addTasks(s *suite, tasks []*ledger.Task, first bool) {
	sets := byLocks(s.account, tasks)
	most := processes(s.account.Mode(), sets, q.cfg.Hands())
	for i, set := range sets {
		for tasks := range chunks(set.tasks, maxList()) {
			q.addPart(s, tasks, plan.Package{Locks: set.names, First: first, MaxBatches: most[i]})
		}
	}
}

// addPart hands the planner tasks of s that may share processes. What is known says of them is
// completed.
func (q *queue) addPart(s *suite, tasks []*ledger.Task, known plan.Package) {
	q.parts = append(q.parts, part{s, tasks})
	known.ID, known.Rank, known.Held = len(q.parts)-1, q.rank(s), !s.lingers(q.cfg)
	if d, ok := q.cfg.Past.Startup(s.path); ok {
		known.Startup = d
	}
	for i, t := range tasks {
		known.Units = append(known.Units, q.unit(s, i, t))
	}
	q.planner.AddPackage(known)
}

// unit describes a task to the planner.
func (q *queue) unit(s *suite, id int, t *ledger.Task) plan.Unit {
	u := plan.Unit{ID: id, Serial: s.account.Serial(t), Group: t.Unit == nil}
	if t.Unit != nil {
		u.Group = t.Unit.Def.Group != "" || slices.ContainsFunc(t.Unit.Def.Names(), q.cfg.quarantined(s.path)) ||
			q.cfg.World.apart(s, []*ledger.Task{t})
	}
	u.Estimate, u.Known = q.cfg.estimate(s, t)
	if t.Part() != nil {
		u.Group, u.Tests = true, 1 // a process of its own, for no other has its patterns
		return u
	}
	for _, test := range t.Tests {
		u.Tests += test.Want
	}
	return u
}

// chunks cuts tasks so that the names of each part fit into one list, and that all need the same
// -test.count.
func chunks(tasks []*ledger.Task, limit int) func(yield func([]*ledger.Task) bool) {
	return func(yield func([]*ledger.Task) bool) {
		start, size := 0, 0
		for i, t := range tasks {
			full := t.Unit != nil && size+t.Size() > limit
			if i > start && (full || t.Count != tasks[start].Count) {
				if !yield(tasks[start:i]) {
					return
				}
				start, size = i, 0
			}
			size += t.Size()
		}
		if start < len(tasks) {
			yield(tasks[start:])
		}
	}
}

// rank is the package's place in the run's order: random by the seed, or the
// go command's.
func (q *queue) rank(s *suite) int {
	if !q.cfg.Shuffle {
		return s.number
	}
	return int(mix(uint64(q.cfg.Seed), s.path) >> 1)
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

// next returns the job that a worker starts now, nil for none, and when to ask again, 0 for not
// before something has happened. Times are since the beginning of the run.
func (q *queue) next(now time.Duration, idle int) (j *job, wake time.Duration) {
	for {
		for id, j := range q.running {
			if q.cfg.away() { // nothing is known of any of them before it has ended
				break
			}
			if first := j.progress.firstTest.Load(); first > 0 && !j.progress.told {
				j.progress.told = true
				q.planner.Started(id, time.Duration(first))
			}
			q.planner.Observed(id, int(j.progress.ended.Load()))
		}
		next, ok, wake := q.planner.Next(now, idle)
		if !ok {
			return nil, wake
		}
		from := q.parts[next.Package]
		if from.suite.account.Dropped() {
			q.planner.Finished(next.ID, now)
			q.locks.Forget(next.Package)
			continue
		}
		tasks := make([]*ledger.Task, len(next.Units))
		for i, id := range next.Units {
			tasks[i] = from.tasks[id]
		}
		j := newJob(q.cfg, from.suite, tasks)
		j.planID, j.claim.Key = next.ID, next.Package
		q.running[next.ID] = j
		return j, 0
	}
}

// hold tells the planner that the process of a job waits: for a set-up of its worker, or for another
// machine.
func (q *queue) hold(j *job) { q.planner.Hold(j.planID) }

// begins tells the planner that it starts.
func (q *queue) begins(j *job, now time.Duration) { q.planner.Begin(j.planID, now) }

// ended tells the planner that the process of a job has ended.
func (q *queue) ended(j *job, now time.Duration) {
	delete(q.running, j.planID)
	if at, ok := j.overAt(); ok && !q.cfg.away() { // the events of a process elsewhere come after it
		q.planner.Over(j.planID, at)
	}
	q.planner.Finished(j.planID, now)
}

// ran tells the planner that the process of a job began at a time, and its first test at another,
// which is before that for none.
func (q *queue) ran(j *job, began, first time.Duration) {
	q.planner.Begin(j.planID, began)
	if first >= began {
		q.planner.Started(j.planID, first)
	}
}
