package scheduler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// planned is what a process is to do of one test name.
type planned struct {
	name string
	// want is how often the test runs: its multiplicity (a name may be in both
	// the internal and the external test package) times -count times the
	// length of the -cpu list.
	want int
	// group names the declared group of the test, "" for none.
	group string
	// resumed reports that the go command has seen this test start already, in
	// a process that died while the test was waiting in t.Parallel.
	resumed bool
	// missed reports that a process did not run the test, though it ended well
	// or ran none of its others either.
	missed bool
	// why is the reason of a test that is skipped.
	why string
}

// ending is all that is known of a process when it has ended.
type ending struct {
	// planned is what it was to run. Nil means that this is not known: the
	// process runs what it runs.
	planned []planned
	// group names the declared group, "" for loose tests.
	group string
	// stopsEarly reports that the process was told to end after a failure.
	stopsEarly bool
	// mayIdle reports that it is for others to say whether tests run: for a
	// TestMain function of the package, or for the program of the user's -exec.
	mayIdle bool
	// count is the tally of a test, seen are the tests that ran, in order, and
	// open those that had not ended, with their subtests.
	count func(name string) testbin.Count
	seen  []string
	open  []testbin.OpenTest
	// last is the top-level test that was reported last, finals is how often
	// the closing PASS or FAIL came: after it, tests are over.
	last   string
	finals int
	// contradiction is the parser's: a test that failed after it had passed.
	contradiction string
	// code is the exit status, or -1 if the process did not exit by itself.
	code int
	// reason says how the process ended ("exit status 2"), for messages.
	reason string
	// stopped reports that the run was called off.
	stopped bool
}

// settlement is what the ledger makes of an ending. Every planned test is in
// exactly one of ended, idle, again, skipped, lost and dropped.
type settlement struct {
	// ended are the planned tests that have their results, cut those among them
	// whose result is that the process died.
	ended []planned
	// failed names the tests that failed, by report or by the process's death.
	failed []string
	// broken are the open tests and subtests to report as failed, parents first.
	broken []testbin.OpenTest
	// idle are planned tests that a TestMain, or a program of -exec, which exited 0
	// chose not to run.
	idle []planned
	// again are to run in a new process.
	again []planned
	// skipped did not run since their group has ended; why says how.
	skipped []planned
	// lost were missed twice: they fail by name.
	lost []planned
	// dropped did not run and will not: the package failed before its first
	// test, or the run was called off.
	dropped []planned
	// packageFailure is why the package fails beside or without failed tests,
	// "" if it does not.
	packageFailure string
}

// settle closes a process's account. It is the rule by which no test is lost:
// the tests that were running when the process died fail, those that it had
// not reached run again elsewhere (in a group, whose state is gone, they are
// skipped), and an exit status that the tests do not explain fails the package.
func settle(e ending) settlement {
	var s settlement
	open := openRoots(e.open)
	died := len(open) > 0
	for _, name := range e.seen {
		if e.count(name).Failed > 0 || open[name] == openRunning {
			s.failed = append(s.failed, name)
		}
	}
	for _, t := range e.open {
		if root, _, _ := strings.Cut(t.Name, "/"); open[root] == openRunning {
			s.broken = append(s.broken, t)
		}
	}
	early := e.code != 0 || died // it may have ended before its last test
	// A process that has come nowhere with its own tests (it ran others, or
	// died while all were paused) is started again once, not for ever.
	progress := slices.ContainsFunc(e.planned, func(p planned) bool {
		return open[p.name] == openRunning || e.count(p.name).Finished() > 0
	})
	groups := e.groups(s.failed)
	for _, p := range e.planned {
		c := e.count(p.name)
		switch {
		case open[p.name] == openRunning || c.Finished() >= p.want:
			s.ended = append(s.ended, p)
		case e.stopsEarly && e.group == "" && len(s.failed) > 0:
			s.ended = append(s.ended, p) // -failfast: go says nothing of the rest
		case e.stopped:
			s.dropped = append(s.dropped, p)
		case len(e.seen) == 0 && e.code == 0 && e.mayIdle:
			s.idle = append(s.idle, p) // ok, as for go test
		case len(e.seen) == 0 && early:
			s.dropped = append(s.dropped, p) // died in init or TestMain
		case groups[p.group].over(early):
			p = remaining(p, c, open[p.name] == openPaused)
			p.why = groups[p.group].reason(p.group, e.reason)
			s.skipped = append(s.skipped, p)
		case early && progress:
			s.again = append(s.again, remaining(p, c, open[p.name] == openPaused))
		case p.missed || groups[p.group].begun:
			s.lost = append(s.lost, remaining(p, c, open[p.name] == openPaused))
		default:
			p = remaining(p, c, open[p.name] == openPaused)
			p.missed = true
			s.again = append(s.again, p)
		}
	}
	s.packageFailure = packageFailure(e, s, died)
	if len(s.again) > 0 && len(e.seen) == 0 && early {
		panic(fmt.Sprintf("scheduler: would restart a process that runs nothing: %+v", s))
	}
	return s
}

// clean reports whether every planned test ran and was good, and the process too.
func (s settlement) clean() bool {
	left := len(s.failed) + len(s.idle) + len(s.again) + len(s.skipped) + len(s.lost) + len(s.dropped)
	return left == 0 && s.packageFailure == ""
}

// remaining is what is left to do of p.
func remaining(p planned, c testbin.Count, paused bool) planned {
	p.want -= c.Finished()
	p.resumed = paused || p.resumed && c.Started == 0
	return p
}

// openState says what a top-level test was doing when its process ended.
type openState uint8

const (
	notOpen openState = iota
	openPaused
	openRunning
)

// openRoots returns the state of each open top-level test. A paused one with
// open subtests cannot be: t.Parallel comes before t.Run, or panics.
func openRoots(open []testbin.OpenTest) map[string]openState {
	roots := make(map[string]openState)
	for _, t := range open {
		if strings.Contains(t.Name, "/") {
			continue
		}
		// Of two tests of one name, the one that was running decides.
		if state := roots[t.Name]; t.Paused && state != openRunning {
			roots[t.Name] = openPaused
		} else {
			roots[t.Name] = openRunning
		}
	}
	return roots
}

// groupState is what a process has done of a declared group. The zero value is
// that of a test in none.
type groupState struct {
	begun   bool   // a member has run: its state went with the process
	stopped bool   // the process was told to end at the first failure
	failed  string // the first failed member, "" for none
}

// groups returns the state of each declared group in the process.
func (e *ending) groups(failed []string) map[string]groupState {
	of := make(map[string]string)
	for _, p := range e.planned {
		of[p.name] = p.group
	}
	states := make(map[string]groupState)
	for _, name := range e.seen {
		group := of[name]
		if group == "" {
			continue
		}
		state := states[group]
		state.begun, state.stopped = true, e.stopsEarly
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
func packageFailure(e ending, s settlement, died bool) string {
	switch {
	case e.stopped:
		return "" // the run has failed as a whole
	case e.contradiction != "":
		return fmt.Sprintf("%s was reported as failed while it was not running: a test prints reports of its own, "+
			"and which tests have really run is not known", e.contradiction)
	case e.code == 0 && !died && len(s.failed) == 0:
		return ""
	case e.code == 0 && !died:
		return "the process exited 0 although a test failed"
	case len(s.broken) > 0:
		return ""
	case e.finals > 0 && e.code == 1 && len(s.failed) > 0:
		return ""
	case e.finals == 0 && slices.Contains(s.failed, e.last):
		return ""
	case len(e.seen) == 0:
		return fmt.Sprintf("the process ended before its first test (%s)", e.reason)
	}
	return fmt.Sprintf("the process failed outside its tests (%s)", e.reason)
}
