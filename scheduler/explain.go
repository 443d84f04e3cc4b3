package scheduler

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// What is explained without being asked for: few packages, and none that takes long.
const (
	explainPackages = 3
	explainTime     = time.Minute
)

// Explained is what probes have shown of a unit that failed to the end.
type Explained struct {
	// Source is how it fares if its package runs as go test runs it, in source order in one
	// process; Alone in a process of its own; Again in the same process as the one that failed,
	// without others of its package.
	Source, Alone, Again rerun.Answer
	// Others is how many other tests the process that failed had.
	Others int
	// Parts reports that the process that failed ran a part of the test's subtests.
	Parts bool
	// Late is how long the package ran in source order before it was ended, because nobody waits longer
	// for an explanation; 0: it was not.
	Late time.Duration
}

// explanation is the inquiry into the failures of a run. What is asked is for the rerun.Inquiry,
// how for this type.
type explanation struct {
	cfg      *Config
	inquiry  *rerun.Inquiry
	subjects []explained
	suites   []*suite                 // in the order of failure
	late     map[*suite]time.Duration // processes in source order that took too long
}

// explained is a unit that failed, and the process in which it did.
type explained struct {
	suite *suite
	unit  *ledger.Unit
	first *job
}

// newExplanation enters the units of suites that failed to the end in a run that changed go
// test's order, or what runs at the same time. The jobs of failed processes are in first, by number;
// reruns may be nil.
func newExplanation(c *Config, suites []*suite, first map[int]*job, r *reruns) *explanation {
	e := &explanation{cfg: c, late: map[*suite]time.Duration{}}
	var subjects []rerun.Subject
	for _, s := range suites {
		if len(e.suites) == explainPackages || s.file.rerun == "" || s.busy.sum > explainTime || len(s.account.Failures()) > 0 || s.endsMachines(first) {
			continue
		}
		before, tests := len(subjects), s.tests()
		for _, u := range s.account.Units() {
			j := first[u.Process]
			if len(u.Failed) == 0 || j == nil || j.likeGo(tests) || r != nil && r.passed(s, u) {
				continue
			}
			subject := rerun.Subject{Package: s.number, Together: len(j.Tests) > len(u.Def.Names()) || j.Part != nil}
			if r != nil {
				subject.Alone = r.alone(s, u)
			}
			subjects = append(subjects, subject)
			e.subjects = append(e.subjects, explained{suite: s, unit: u, first: j})
		}
		if len(subjects) > before {
			e.suites = append(e.suites, s)
		}
	}
	e.inquiry = rerun.NewInquiry(subjects)
	return e
}

// endsMachines reports whether the suite has tests that may end the machine which they run on.
func (s *suite) endsMachines(first map[int]*job) bool {
	return slices.ContainsFunc(s.account.Units(), func(u *ledger.Unit) bool { j := first[u.Process]; return j != nil && j.lost })
}

// tests returns how many tests of the suite are to run.
func (s *suite) tests() int {
	n := 0
	for _, u := range s.account.Units() {
		n += len(u.Def.Names())
	}
	return n
}

// likeGo reports whether the process ran the package, which has so many tests, as go test does: all
// of them in source order, which one test cannot be out of.
func (j *job) likeGo(tests int) bool {
	if j.Part != nil {
		return false
	}
	one := j.Known && len(j.Tests) == 1 && j.Tests[0].Want == 1
	return (j.All || len(j.Tests) == tests) && (j.Shuffle == "" || one)
}

// packages returns the import paths of what is looked into.
func (e *explanation) packages() []string {
	var paths []string
	for _, s := range e.suites {
		paths = append(paths, s.path)
	}
	return paths
}

// next returns the job that a worker starts now, nil for none.
func (e *explanation) next(locks *plan.Locks) *job {
	var j *job
	p, ok := e.inquiry.Next(func(p rerun.Probe) bool {
		j = e.job(p)
		j.claim.Key = p.Package // one probe of a package at a time
		return locks.Ask(j.claim)
	})
	if !ok {
		return nil
	}
	j.Kind, j.probe, j.Out = ledger.Probe, p, stream.Discard()
	j.Binary.Program = j.suite.file.rerun
	j.limit = probeLimit(j.suite.busy.sum)
	return j
}

// probeLimit is how long a process may run that explains a failure of a package whose processes
// took so long together: it must not hold the run for longer than the tests deserve.
func probeLimit(took time.Duration) time.Duration { return 10*time.Second + 3*took }

func (e *explanation) job(p rerun.Probe) *job {
	if p.Question == rerun.Source {
		i := slices.IndexFunc(e.suites, func(s *suite) bool { return s.number == p.Package })
		s := e.suites[i]
		j := newJob(e.cfg, s, []*ledger.Task{s.account.Everything()})
		j.Shuffle, j.Group, j.StopsEarly = "", "", false
		return j
	}
	x := e.subjects[p.Subject]
	if p.Question == rerun.Alone {
		return newJob(e.cfg, x.suite, []*ledger.Task{x.suite.account.TaskOf(x.unit)})
	}
	j := newJob(e.cfg, x.suite, x.first.tasks)
	j.Shuffle = x.first.Shuffle
	return j
}

// ended takes what a probe has shown.
func (e *explanation) ended(j *job, r *worker.Result) {
	if j.probe.Question == rerun.Source && r.Exit.Canceled && r.Exit.End.Sub(r.Exit.Start) >= j.limit {
		e.late[j.suite] = j.limit
	}
	e.inquiry.Answered(j.probe, func(n int) rerun.Answer { return fared(e.subjects[n].unit, r) })
}

// fared says how a unit fared in a process.
func fared(u *ledger.Unit, r *worker.Result) rerun.Answer {
	if r.Err != nil || r.Exit.Canceled {
		return rerun.Unknown
	}
	answer := rerun.Passes
	for _, name := range u.Def.Names() {
		if slices.Contains(r.Failed, name) {
			return rerun.Fails
		}
		if !slices.ContainsFunc(r.Ended, func(p ledger.Planned) bool { return p.Name == name }) {
			answer = rerun.Unknown
		}
	}
	return answer
}

// of returns what has been found out about a unit, nil for nothing.
func (e *explanation) of(unit *ledger.Unit) *Explained {
	n := slices.IndexFunc(e.subjects, func(x explained) bool { return x.unit == unit })
	if n < 0 {
		return nil
	}
	x := &Explained{
		Source: e.inquiry.Answer(n, rerun.Source), Alone: e.inquiry.Answer(n, rerun.Alone), Again: e.inquiry.Answer(n, rerun.Again),
		Others: len(e.subjects[n].first.Tests) - len(unit.Def.Names()),
		Parts:  e.subjects[n].first.Part != nil,
		Late:   e.late[e.subjects[n].suite],
	}
	if x.Others == 0 && !x.Parts {
		x.Again = x.Alone // it was alone in the process that failed
	}
	return x
}
