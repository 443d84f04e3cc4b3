package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Grace is how long test processes have after a signal before they are killed.
const Grace = 10 * time.Second

// Do runs a job. The process ends early when ctx does. It may be called concurrently.
func (r *Run) Do(ctx context.Context, j *Job) *Result {
	result := &Result{Transcript: ledger.NewTranscript(j.Owed)}
	defer j.Out.Close()
	patterns, err := j.Patterns()
	if err == nil {
		err = j.checkPattern(patterns.Run, maxArgument())
	}
	if err == nil && j.ownCoverDir() {
		err = j.makeCoverDir()
	}
	if err == nil && j.Files.Artifacts != "" {
		err = os.Mkdir(j.Files.Artifacts, 0o700)
	}
	if err != nil {
		result.Err = err
		return result
	}
	r.watch(ctx, j, r.spec(j, patterns), result)
	result.Profiled = j.profiled()
	return result
}

// watch runs the process and reads what it prints.
func (r *Run) watch(ctx context.Context, j *Job, spec testbin.Spec, result *Result) {
	result.Begun = r.Now()
	clock := &dated{now: r.Now}
	watch := &stopwatch{now: clock.Now, starts: make(map[string]time.Time), subtests: j.Subtests}
	take := func(m Moment) {
		if j.Watch != nil {
			j.Watch(m)
		}
		result.Transcript.Event(m.Event)
		j.Out.Event(j.shown(m.Event))
	}
	dog := newWatchdog(j.Binary.Limit, r.Now)
	parser := testbin.NewParser(j.knows, func(e testbin.Event) {
		moment := watch.event(e)
		dog.event(moment)
		if line := dog.tracing(e); line != nil {
			take(Moment{Event: testbin.Event{Kind: testbin.KindOutput, Test: e.Test, Line: line}})
		}
		take(moment)
	})
	parser.Blame(dog.test)
	spec.Quit = dog.quit
	exit := r.Runner.Run(ctx, spec, output{parser, j.Out, clock, dog, j.Runs})
	if exit.Canceled && ctx.Err() == nil {
		exit.Canceled, exit.Err = false, errors.Join(exit.Err, errNotAsked)
	}
	clock.ended(exit)
	dog.stop()
	if refused := refusedBy(exit); refused != nil {
		result.Err = refused
		return
	}
	parser.Close()
	if line := dog.untraced(exit); line != nil {
		take(Moment{Event: testbin.Event{Kind: testbin.KindOutput, Test: dog.test(), Line: line}})
	}
	if line := exitLine(exit, spec); line != "" {
		j.Out.Own(line)
	}
	code := exit.Code
	if code == 0 && !exit.OK() {
		code = -1
	}
	result.Exit, result.Reason = exit, exitReason(exit, spec)
	result.Overdue = dog.ended(exit)
	result.Settlement = result.Transcript.Settle(parser, ledger.Ending{
		Planned: j.Tests, Group: j.endingGroup(), StopsEarly: j.StopsEarly, MayIdle: j.Binary.MayIdle,
		Code: code, Reason: result.Reason, Stopped: exit.Canceled, Overdue: result.Overdue,
	})
	result.Ran = watch.running(clock.Now())
	if !clock.at.IsZero() {
		result.Begun = exit.Start
	}
	j.Out.Settle(result.Settlement, result.Reason, result.Ran)
	result.Seen = parser.Seen()
	result.First, result.Times, result.Subtests = watch.first, watch.ended, watch.subs
}

// errNotAsked is of a process that was ended as if the run had been called off, which it was not: its tests
// have no result.
var errNotAsked = errors.New("the process was ended, and this run has not asked for that")

// shown is the event as Out gets it. A line about a private folder becomes one without, which says no
// more than whose output follows.
func (j *Job) shown(e testbin.Event) testbin.Event {
	if e.Kind != testbin.KindArtifacts || j.Files.Artifacts == "" {
		return e
	}
	return testbin.Event{Kind: testbin.KindName, Test: e.Test, Line: []byte("\x16=== NAME  " + e.Test + "\n")}
}

// endingGroup names the group whose rest is skipped after a failure. Under -failfast there is none:
// go test says nothing of the tests that do not run.
func (j *Job) endingGroup() string {
	if j.Binary.Args.FailFast {
		return ""
	}
	return j.Group
}

// knows reports whether the process can run a top-level test of that name. What is not on its
// list it cannot, whatever it prints.
func (j *Job) knows(name string) bool {
	if !j.listed() {
		return j.Binary.Knows == nil || j.Binary.Knows(name)
	}
	return slices.ContainsFunc(j.Tests, func(p ledger.Planned) bool { return p.Name == name })
}

// spec describes the process.
func (r *Run) spec(j *Job, patterns gotest.Patterns) testbin.Spec {
	process := gotest.Process{
		Patterns: patterns, Shuffle: j.Shuffle, FailFast: j.StopsEarly, Count: j.Count, LastCPU: j.LastCPU,
		CoverProfile: j.Files.Profile, CoverDir: j.Files.CoverDir, TestLog: j.Files.TestLog,
		Artifacts: j.Files.Artifacts,
	}
	if r.Timeout > 0 {
		process.Timeout = r.Timeout.String()
	}
	return testbin.Spec{
		Path: j.Binary.Program, Restore: j.Binary.Restore, Args: j.Binary.Args.Args(process), Exec: r.Exec,
		Dir: j.Binary.Dir, Env: r.environ(j),
		KillAfter: killAfter(r.Timeout), WaitDelay: waitDelay(r.Timeout),
		Grace: Grace, Kill: r.Kill, Limits: j.limits(), Tests: j.runs(), Part: j.Part != nil, Locks: j.Locks, Serial: j.Serial, Unit: j.Unit, Given: j.Given, Needs: j.Needs,
	}
}

// killAfter and waitDelay are the go command's own limits for a test binary
// with that -timeout (cmd/go's testKillTimeout and testWaitDelay).
func killAfter(timeout time.Duration) time.Duration {
	if timeout == 0 {
		return 0
	}
	return timeout + max(time.Minute, waitDelay(timeout))
}

func waitDelay(timeout time.Duration) time.Duration {
	if timeout == 0 {
		return 0
	}
	return max(5*time.Second, timeout/10)
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
// of j. Loose tests are spread over more processes, but not those of a group.
func (j *Job) checkPattern(pattern string, limit int) error {
	size := len("-test.run=") + len(pattern)
	if limit == 0 || !j.listed() || size <= limit {
		return nil
	}
	what := "the tests of one process"
	if j.Group != "" {
		what = "group " + j.Group
	}
	return fmt.Errorf("%s cannot run: the names of its %d tests make an argument of %d bytes, more than the %d that a process takes: "+
		"make smaller groups or shorter names, or let --dist=loadpackage run the package as one process", what, len(j.Tests), size, limit)
}

// exitReason says how a process ended, as the go command words it.
func exitReason(e testbin.Exit, s testbin.Spec) string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.TimedOut:
		return "timeout after " + s.KillAfter.String()
	case e.Quit && e.Killed:
		return "killed, since a test ran for too long"
	case e.IncompleteIO:
		return "its output was still open " + s.WaitDelay.String() + " after it had ended"
	case e.Signal != nil:
		return "signal: " + e.Signal.String()
	}
	return "exit status " + strconv.Itoa(e.Code)
}

// exitLine is what the go command prints of a process that did not end by
// exiting, "" for one that did.
func exitLine(e testbin.Exit, s testbin.Spec) string {
	switch {
	case e.Err != nil:
		return e.Err.Error() + "\n"
	case e.TimedOut && e.Killed:
		return fmt.Sprintf("*** Test killed: ran too long (%v).\n", s.KillAfter)
	case e.TimedOut:
		return fmt.Sprintf("*** Test killed with quit: ran too long (%v).\n", s.KillAfter)
	case e.IncompleteIO:
		return fmt.Sprintf("*** Test I/O incomplete %v after exiting.\n", s.WaitDelay)
	case e.Signal != nil:
		return "signal: " + e.Signal.String() + "\n"
	}
	return ""
}
