package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Planned is what a process is to do of one test name.
type Planned struct {
	Name string
	// Want is how often the test runs: its multiplicity (a name may be in both
	// the internal and the external test package) times -count times the
	// length of the -cpu list.
	Want int
	// Group names the declared group of the test, "" for none.
	Group string
	// Resumed reports that the go command has seen this test start already, in
	// a process that died while the test was waiting in t.Parallel.
	Resumed bool
	// Missed reports that a process did not run the test, though it ended well
	// or ran none of its others either.
	Missed bool
	// Why is the reason of a test that is skipped.
	Why string
	// Part is which of the unit's parts the process runs, from 1; 0 is the whole test.
	Part int
}

// Ending is all that is known of a process when it has ended.
type Ending struct {
	// Planned is what it was to run. Nil means that this is not known: the
	// process runs what it runs.
	Planned []Planned
	// Group names the declared group, "" for loose tests.
	Group string
	// StopsEarly reports that the process was told to end after a failure.
	StopsEarly bool
	// MayIdle reports that it is for others to say whether tests run: for a
	// TestMain function of the package, or for the program of the user's -exec.
	MayIdle bool
	// Count is the tally of a test, seen are the tests that ran, in order, and
	// Open those that had not ended, with their subtests.
	Count func(name string) testbin.Count
	Seen  []string
	Open  []testbin.OpenTest
	// Last is the top-level test that was reported last, Finals is how often
	// the closing PASS or FAIL came: after it, tests are over.
	Last   string
	Finals int
	// Contradiction is the parser's: a test that failed after it had passed.
	Contradiction string
	// Code is the exit status, or -1 if the process did not exit by itself.
	Code int
	// Reason says how the process ended ("exit status 2"), for messages.
	Reason string
	// Stopped reports that the run was called off.
	Stopped bool
	// Overdue is the top-level test for which the process was ended, since it ran for too long; ""
	// for none, and if the process may have ended by itself. The test may have ended meanwhile.
	Overdue string
}

// Settlement is what the ledger makes of an Ending. Every planned test is in
// exactly one of Ended, Idle, Again, Skipped, Lost, Dropped and Cut.
type Settlement struct {
	// Ended are the planned tests that have their results.
	Ended []Planned
	// Failed names the tests that failed, by report or by the process's death.
	Failed []string
	// Broken are the open tests and subtests to report as failed, parents first.
	Broken []testbin.OpenTest
	// Idle are planned tests that a TestMain, or a program of -exec, which exited 0
	// chose not to run.
	Idle []Planned
	// Again are to run in a new process.
	Again []Planned
	// Skipped did not run since their group has ended; why says how.
	Skipped []Planned
	// Lost were missed twice: they fail by name.
	Lost []Planned
	// Dropped did not run and will not: the package failed before its first
	// test, or the run was called off.
	Dropped []Planned
	// Cut were running when the run was called off: they have neither passed nor failed. Open are
	// they and their subtests that had not ended, parents first.
	Cut  []Planned
	Open []testbin.OpenTest
	// Spared are tests and subtests that were running in parallel with one that ran for too long,
	// parents first: their process was ended, which is not their fault. The tests are in Again, or
	// in Skipped.
	Spared []testbin.OpenTest
	// Stopped reports that the run was called off.
	Stopped bool
	// PackageFailure is why the package fails beside or without failed tests,
	// "" if it does not.
	PackageFailure string
}

// Settle closes a process's account. It is the rule by which no test is lost:
// the tests that were running when the process died fail, those that it had
// not reached run again elsewhere (in a group, whose state is gone, they are
// skipped), and an exit status that the tests do not explain fails the package.
func Settle(e Ending) Settlement {
	s := Settlement{Stopped: e.Stopped}
	open := e.openRoots()
	died := len(open) > 0
	s.blame(e, open)
	early := e.Code != 0 || died // it may have ended before its last test
	// A process that has come nowhere with its own tests (it ran others, or
	// died while all were paused) is started again once, not for ever.
	progress := slices.ContainsFunc(e.Planned, func(p Planned) bool {
		return open[p.Name] == openRunning || e.Count(p.Name).Finished() > 0
	})
	groups := e.groups(s.Failed)
	for _, p := range e.Planned {
		c := e.Count(p.Name)
		switch {
		case e.Stopped && open[p.Name] == openRunning:
			s.Cut = append(s.Cut, p)
		case open[p.Name] == openRunning || c.Finished() >= p.Want:
			s.Ended = append(s.Ended, p)
		case e.StopsEarly && e.Group == "" && len(s.Failed) > 0:
			s.Ended = append(s.Ended, p) // -failfast: go says nothing of the rest
		case e.Stopped:
			s.Dropped = append(s.Dropped, p)
		case len(e.Seen) == 0 && e.Code == 0 && e.MayIdle:
			s.Idle = append(s.Idle, p) // ok, as for go test
		case len(e.Seen) == 0 && early:
			s.Dropped = append(s.Dropped, p) // died in init or TestMain
		case groups[p.Group].over(early):
			p = remaining(p, c, open[p.Name].unfinished())
			p.Why = groups[p.Group].reason(p.Group, e.Reason)
			s.Skipped = append(s.Skipped, p)
		case early && progress:
			s.Again = append(s.Again, remaining(p, c, open[p.Name].unfinished()))
		case p.Missed || groups[p.Group].begun:
			s.Lost = append(s.Lost, remaining(p, c, open[p.Name].unfinished()))
		default:
			p = remaining(p, c, open[p.Name].unfinished())
			p.Missed = true
			s.Again = append(s.Again, p)
		}
	}
	s.PackageFailure = packageFailure(e, s, died)
	if len(s.Again) > 0 && len(e.Seen) == 0 && early {
		panic(fmt.Sprintf("scheduler: would restart a process that runs nothing: %+v", s))
	}
	return s
}

// blame enters who failed: by report, or because it was running when the process died. A run that
// was called off has ended its processes itself.
func (s *Settlement) blame(e Ending, open map[string]openState) {
	for _, name := range e.Seen {
		if e.Count(name).Failed > 0 || open[name] == openRunning && !e.Stopped {
			s.Failed = append(s.Failed, name)
		}
	}
	for _, t := range e.Open {
		root, _, _ := strings.Cut(t.Name, "/")
		switch {
		case open[root] == openSpared:
			s.Spared = append(s.Spared, t)
		case open[root] != openRunning:
		case e.Stopped:
			s.Open = append(s.Open, t)
		default:
			s.Broken = append(s.Broken, t)
		}
	}
}

// Clean reports whether every planned test ran and was good, and the process too.
func (s Settlement) Clean() bool {
	left := len(s.Failed) + len(s.Idle) + len(s.Again) + len(s.Skipped) + len(s.Lost) + len(s.Dropped) + len(s.Cut)
	return left == 0 && s.PackageFailure == ""
}

// remaining is what is left to do of p.
func remaining(p Planned, c testbin.Count, paused bool) Planned {
	p.Want -= c.Finished()
	p.Resumed = paused || p.Resumed && c.Started == 0
	return p
}

// openState says what a top-level test was doing when its process ended.
type openState uint8

const (
	notOpen openState = iota
	openPaused
	openSpared // it ran in parallel with a test that ran for too long
	openRunning
)

// unfinished reports whether the reader has seen the test start, and is to see it go on.
func (o openState) unfinished() bool { return o == openPaused || o == openSpared }

// openRoots returns the state of each open top-level test. A paused one with
// open subtests cannot be: t.Parallel comes before t.Run, or panics.
func (e *Ending) openRoots() map[string]openState {
	roots := make(map[string]openState)
	for _, t := range e.Open {
		if strings.Contains(t.Name, "/") {
			continue
		}
		state := openRunning
		switch {
		case t.Paused:
			state = openPaused
		case e.spares(t.Name):
			state = openSpared
		}
		// Of two tests of one name, the one that was running decides.
		roots[t.Name] = max(roots[t.Name], state)
	}
	return roots
}

// spares reports whether a test that was running is not to blame for the end of the process: that
// was ended because of another one. Under -failfast go test says nothing of what follows a failure,
// so there it fails as in any other death.
func (e *Ending) spares(test string) bool {
	return e.Overdue != "" && test != e.Overdue && !e.Stopped && !(e.StopsEarly && e.Group == "")
}

// groupState is what a process has done of a declared group. The zero value is
// that of a test in none.
type groupState struct {
	begun   bool   // a member has run: its state went with the process
	stopped bool   // the process was told to end at the first failure
	failed  string // the first failed member, "" for none
}

// groups returns the state of each declared group in the process.
func (e *Ending) groups(failed []string) map[string]groupState {
	of := make(map[string]string)
	for _, p := range e.Planned {
		of[p.Name] = p.Group
	}
	states := make(map[string]groupState)
	for _, name := range e.Seen {
		group := of[name]
		if group == "" {
			continue
		}
		state := states[group]
		state.begun, state.stopped = true, e.StopsEarly
		if state.failed == "" && slices.Contains(failed, name) {
			state.failed = name
		}
		states[group] = state
	}
	return states
}

// over reports whether the rest of the group is not to run; early is whether
// its process may have ended before its last test.
func (g groupState) over(early bool) bool {
	return g.begun && (early || g.stopped && g.failed != "")
}

// reason says why not.
func (g groupState) reason(group, ending string) string {
	if g.failed != "" {
		return fmt.Sprintf("%s failed earlier in group %s", g.failed, group)
	}
	return fmt.Sprintf("the process of group %s ended early (%s)", group, ending)
}

// packageFailure explains a bad exit status by what the tests did, unless their
// reports contradict each other: after the
// closing FAIL a status of 1 by failed tests; before it any death by a test
// that was running, or that was reported just then (the testing package
// reports a panicking test before it dies). What is left is the package's own
// failure.
func packageFailure(e Ending, s Settlement, died bool) string {
	switch {
	case e.Stopped:
		return "" // the run has failed as a whole
	case e.Contradiction != "":
		return fmt.Sprintf("%s was reported as failed while it was not running: a test prints reports of its own, "+
			"and which tests have really run is not known", e.Contradiction)
	case e.Overdue != "" && len(s.Failed) == 0 && e.MayIdle:
		return fmt.Sprintf("the process was ended because of %s, which ended at that moment: the result of TestMain is not known", e.Overdue)
	case e.Overdue != "":
		return "" // cohort has ended it: the test has failed, or ended in that moment
	case e.Code == 0 && !died && len(s.Failed) == 0:
		return ""
	case e.Code == 0 && !died:
		return "the process exited 0 although a test failed"
	case len(s.Broken) > 0:
		return ""
	case e.Finals > 0 && e.Code == 1 && len(s.Failed) > 0:
		return ""
	case e.Finals == 0 && slices.Contains(s.Failed, e.Last):
		return ""
	case len(e.Seen) == 0:
		return fmt.Sprintf("the process ended before its first test (%s)", e.Reason)
	}
	return fmt.Sprintf("the process failed outside its tests (%s)", e.Reason)
}
