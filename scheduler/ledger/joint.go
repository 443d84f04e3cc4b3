package ledger

import (
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
)

// joint is what the processes have shown that run the parts of a test.
type joint struct {
	// ended are the parts that have a result, skipped those of them that say skip. Idle are those
	// that a program of -exec has not run.
	ended, skipped, idle int
	// empty are the skipped parts that have run no subtest, though each has some to run.
	empty int
	// begun reports that a process has begun the test, failed that a part has failed, cut that the
	// end of the run has cut a part off, refused that one was reported as skipped instead of run.
	begun, failed, cut, refused bool
	// ran are the direct subtests that have run, if known: that holds if each part has told of its own.
	ran     map[string]bool
	unknown bool
	// asked reports that the subtests that no part has run have a part of their own.
	asked bool
	// took is what the subtests of all parts took, body the longest that a part took besides.
	took, body time.Duration
}

// Shown is how long the process of a part ran its test.
type Shown struct {
	// Skipped reports that the test was reported as skipped, Empty that none of its subtests ran.
	Skipped, Empty bool
	// Known reports that Ran are the direct subtests that have run, by their names within the test.
	Known bool
	Ran   []string
	// Took is what the test took, pauses left out, Subtests what its direct subtests took together.
	Took, Subtests time.Duration
}

// add takes a process of a part.
func (j *joint) add(r Report) {
	j.begun = j.begun || len(r.Ended)+len(r.Cut) > 0 || slices.ContainsFunc(r.Again, func(p Planned) bool { return p.Resumed })
	j.failed = j.failed || len(r.Failed)+len(r.Lost) > 0
	j.cut = j.cut || len(r.Cut) > 0
	j.ended += len(r.Ended) + len(r.Lost)
	j.idle += len(r.Idle)
	if r.Shown.Skipped && len(r.Ended) > 0 {
		j.skipped++
		if r.Shown.Empty {
			j.empty++
		}
	}
	j.unknown = j.unknown || !r.Shown.Known
	for _, name := range r.Shown.Ran {
		if j.ran == nil {
			j.ran = make(map[string]bool)
		}
		j.ran[name] = true
	}
	body := max(0, r.Shown.Took-r.Shown.Subtests)
	j.body = max(j.body, body)
	j.took += r.Shown.Took - body
}

// Outcome is how a test ended.
type Outcome uint8

// The outcomes of a test.
const (
	Passed Outcome = iota
	Failed
	Skipped
)

// Joined is the result of a test of which several processes ran a part each.
type Joined struct {
	Test    string
	Outcome Outcome
	// Took is what the test would have taken in one process: its subtests one after the other, and
	// once what it does besides.
	Took time.Duration
	// Why is the reason of a test that has failed or is skipped although no part was, "" for none.
	Why string
	// Complete reports that each part has a result.
	Complete bool
}

// The reasons of tests of which a part did not run.
const (
	incomplete  = "cohort: a part of the test did not run"
	interrupted = "interrupted before all of its parts had ended"
	torn        = "cohort: one of its processes skipped it before its subtests, others did not: if they need the same thing, remove //cohort:split"
)

// torn reports that all of so many parts have ended, and some skipped the test and with it their
// subtests while others ran theirs: in one process either all would have run or none.
func (j *joint) torn(parts int) bool {
	return !j.failed && j.ended == parts && j.empty > 0 && j.skipped < j.ended
}

// whole returns the result of a test in so many parts; false if no process has begun it.
func (j *joint) whole(test string, parts int, stopped bool) (w Joined, ok bool) {
	w = Joined{Test: test, Took: j.took + j.body, Complete: j.ended == parts}
	switch {
	case j.failed:
		w.Outcome = Failed
	case j.torn(parts):
		w.Outcome, w.Why = Failed, torn
	case j.refused && !j.begun:
		w.Outcome = Skipped // each part has said why
	case j.refused:
		w.Outcome, w.Why = Skipped, incomplete
	case !j.begun:
		return w, false
	case !w.Complete && (stopped || j.cut):
		w.Outcome, w.Why = Skipped, interrupted
	case !w.Complete:
		w.Outcome, w.Why = Failed, incomplete
	case j.skipped == j.ended:
		w.Outcome = Skipped
	}
	return w, true
}

// Joined returns the results of the tests that several processes have run together, in the order of
// dispatch. Call it when nothing of the package runs or waits. Stopped reports that the run was
// called off.
func (a *Account) Joined(stopped bool) []Joined {
	var all []Joined
	for _, u := range a.spec.Units {
		if len(u.Parts) == 0 {
			continue
		}
		if w, ok := u.joint.whole(u.Def.Name(), len(u.Parts), stopped); ok {
			all = append(all, w)
		}
	}
	return all
}

// missing returns the subtests that parts were made for and that have run in none of them, sorted,
// once all parts have passed: they are gone from the source, or the test has ended before them.
func (j *joint) missing(parts []grouping.Part) []string {
	if j.asked || j.unknown || j.failed || j.torn(len(parts)) || j.ended != len(parts) || j.skipped == j.ended {
		return nil
	}
	var names []string
	for _, p := range parts {
		for _, name := range p.Expect {
			if !j.ran[name] {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// missed returns what is still to run of a test whose parts have passed: one more part has all the
// subtests that none of them ran. What is not there any more is not there for it either.
func (u *Unit) missed(want int) []Planned {
	names := u.joint.missing(u.Parts)
	if len(names) == 0 {
		return nil
	}
	u.joint.asked = true
	u.Parts = append(u.Parts, grouping.Part{Only: names})
	return []Planned{{Name: u.Def.Name(), Want: want, Part: len(u.Parts)}}
}

// join books the process of a part with its unit, and returns what its test still has to run.
func (a *Account) join(r Report) (missed []Planned) {
	for _, list := range [][]Planned{r.Ended, r.Lost, r.Cut, r.Idle, r.Again, r.Dropped} {
		for _, p := range list {
			if p.Part > 0 {
				u := a.byTest[p.Name]
				if u.joint.add(r); u.joint.torn(len(u.Parts)) {
					a.fail(r, p.Name)
				}
				return u.missed(a.spec.Names[p.Name]) // it has no other test
			}
		}
	}
	return nil
}

// tasksOf returns a unit as the tasks of its first attempt: one, or one for each part.
func (a *Account) tasksOf(u *Unit) []*Task {
	if len(u.Parts) == 0 {
		return []*Task{a.TaskOf(u)}
	}
	tasks := make([]*Task, len(u.Parts))
	for i := range u.Parts {
		t := a.TaskOf(u)
		t.Tests[0].Part = i + 1
		tasks[i] = t
	}
	return tasks
}
