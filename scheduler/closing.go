package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
)

// closing is what is to be done about a suite of which nothing waits or runs: join the files of
// its processes, write its last lines, keep or drop its binary, and tell the go command how it
// ended. It is made by the owner and done in a goroutine of its own, since disks and the go
// command may be slow.
type closing struct {
	suite *suite
	// passed is the verdict of the account, failures are why the package fails beside its tests.
	passed   bool
	failures []string
	// solo reports that one process has printed the closing line itself, code the exit status of
	// the first process that had a bad one.
	solo bool
	code int
	// keep reports that failures may run again, cacheable that the go command may keep the
	// result. Binaries for reruns are kept in dir.
	keep, cacheable bool
	dir             string
	// variables are the names of those that set-ups have written: the go command has other values,
	// so that a result which depends on one is not kept.
	variables []string
	// notStarted are tests that an interrupt has kept from starting.
	notStarted []ledger.Planned
	// joined are the tests of which several processes ran a part each. The record takes them.
	joined []ledger.Joined
	record *history.Recorder
}

// closed is the message that a suite has been closed.
type closed struct {
	suite *suite
	// passed is the verdict, failures are reasons that closing has added.
	passed   bool
	failures []string
	// lost reports that no rerun can help.
	lost bool
}

// do closes the suite. It is called once.
func (c *closing) do() closed {
	s := c.suite
	out := closed{suite: s, lost: s.lost}
	fail := func(err error, lost bool) {
		out.failures = append(out.failures, err.Error())
		out.lost = out.lost || lost
	}
	if err := s.out.Err(); err != nil {
		fail(err, false)
		s.out.Add("cohort: " + err.Error() + "\n")
	}
	coverage, err := s.files.mergeCoverage(s.binary.UserProfile())
	if err == nil {
		err = s.files.mergeCoverDirs(s.binary.UserCoverDir())
	}
	if err != nil {
		fail(err, true) // no rerun brings it back
		s.out.Add("cohort: " + err.Error() + "\n")
	}
	for _, w := range c.joined {
		s.out.Join(w)
		rememberJoined(c.record, s.path, w)
	}
	c.interrupted()
	out.passed = c.passed && len(out.failures) == 0
	s.out.Add(c.text(append(c.failures, out.failures...), coverage))
	if again := c.keep && !out.passed && !out.lost; !again {
		s.file.drop()
	} else if err := errors.Join(s.file.keep(c.dir), s.keepCoverage()); err != nil {
		fail(fmt.Errorf("it cannot be kept for reruns: %w", err), false)
	}
	if !out.passed {
		// If exec-test is gone, its death is what the go command reports.
		_ = s.req.Exit(max(1, c.code))
		return out
	}
	if c.cacheable && !gotest.ReadVariable(s.files.testlogs, c.variables) {
		// Without a complete log the go command just does not cache the result,
		// as for a TestMain that never calls m.Run.
		_ = gotest.WriteTestLog(s.req.Binary, s.req.Dir, s.files.testlogs, s.inputs)
	}
	if err := s.req.Exit(0); err != nil {
		fail(fmt.Errorf("the go command did not take the result: %w", err), false)
		out.passed = false
	}
	return out
}

// interrupted tells the reader of the tests that no process has had.
func (c *closing) interrupted() {
	p := c.suite.out.Process(stream.ProcessOptions{})
	p.Settle(ledger.Settlement{Stopped: true, Dropped: c.notStarted}, "", nil)
	p.Close()
}

// text is what a test binary prints at its end, for a package of several
// processes; a single process has printed it itself.
func (c *closing) text(failures []string, coverage string) string {
	var text strings.Builder
	passed := c.passed && len(failures) == 0
	if c.solo {
		// Why it failed can be seen from its output, unless it said otherwise, or was ended.
		if !passed && (c.code == 0 || slices.Equal(failures, []string{calledOff})) {
			fmt.Fprintf(&text, "cohort: %s\n", strings.Join(failures, "; "))
		}
		return text.String()
	}
	for _, failure := range failures {
		fmt.Fprintf(&text, "cohort: %s\n", failure)
	}
	result := "FAIL"
	if passed {
		result = "PASS"
	}
	return text.String() + "\x16" + result + "\n" + coverage
}
