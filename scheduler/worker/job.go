package worker

import (
	"context"
	"io"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Runner starts a process, copies its output to out, and waits for its end, as [testbin.Run]
// does. It may be called concurrently.
type Runner interface {
	Run(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit
}

// Local runs processes on this machine.
type Local struct{}

// Run is [testbin.Run].
func (Local) Run(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	return testbin.Run(ctx, spec, out)
}

// Run says what the jobs of one run have in common. Nothing changes it.
type Run struct {
	// ID names the run to the tests, Workers is how many workers it has.
	ID      string
	Workers int
	// Timeout is go test's -timeout for each process, 0 for none.
	Timeout time.Duration
	// Exec is the user's -exec, nil for none.
	Exec []string
	// Kill, once closed, ends what was told to stop at once. Nil never does.
	Kill <-chan struct{}
	// Runner starts the processes.
	Runner Runner
	// Now is the clock.
	Now func() time.Time
}

// Binary is a test binary as the go command wants it run.
type Binary struct {
	// Program is the file. Dir and Env are the working directory and the environment of the
	// go command's own process of it.
	Program, Dir string
	Env          []string
	// Restore makes sure that Program, or another name of the binary, is there and can be started. It may be
	// called from several goroutines. Nil does nothing.
	Restore func(program string)
	Args    *gotest.BinaryArgs
	// Knows reports whether the binary has a top-level test of that name. Nil knows all.
	Knows func(name string) bool
	// MayIdle reports that a process may exit 0 without running its tests, as with a TestMain.
	MayIdle bool
	// Limit says how long a top-level test may run, 0 for any time: one that runs longer is ended with
	// the process. Nil is 0 for all. It may be called from several goroutines.
	Limit func(test string) time.Duration
	// Selection says how the tests that are to run differ from those that Args select, nil if they
	// do not.
	Selection *grouping.Selection
}

// Files are what a process writes, "" for none: its coverage profile, its own folder for raw
// coverage data, and the log of what it reads.
type Files struct {
	Profile, CoverDir, TestLog string
	// Linked tells that the profile need not be about packages that the binary does not link, though
	// -coverpkg names them: another process of the package tells that nothing of them is covered.
	Linked bool
	// Artifacts is the folder that is made for t.ArtifactDir. The lines that tell of its folders, which
	// nobody else will find, then do not reach Job.Out.
	Artifacts string
}

// Job is what one process is to do.
type Job struct {
	Binary Binary
	Kind   ledger.Kind
	// Number is the process's number in the run, Slot the worker's, from 0. Attempt is 0 for the
	// first.
	Number, Slot, Attempt int
	// Tests are what the process is to run, if Known. All says that they are all of the package:
	// unless the binary has a selection, its own patterns choose them instead of their names.
	Tests      []ledger.Planned
	Known, All bool
	// Part is the part of its only test that the process runs, nil for all of its tests.
	Part *grouping.Part
	// Subtests reports whether a test's direct subtests are timed; nil for none.
	Subtests func(test string) bool
	// Group names the declared group that the process runs, "" for none. StopsEarly ends it
	// after the first failure.
	Group      string
	StopsEarly bool
	// Shuffle is the -test.shuffle value, "" for source order. Count replaces -test.count if it
	// is positive.
	Shuffle string
	Count   int
	// LastCPU leaves only the last of the -test.cpu list: the rest of a test that a death cut off.
	LastCPU bool
	// Procs is the process's GOMAXPROCS, 0 for the user's.
	Procs int
	// Locks are what the tests hold, Serial reports that nothing else may run meanwhile. Whoever starts
	// the job has seen to that: they are for a Runner that does not only run what this run starts.
	Locks  []string
	Serial bool
	// Given are the names of variables of Binary.Env that set-ups have made.
	Given []string
	// Needs are the set-ups of its worker, if the Runner is to run them; nil for none.
	Needs *testbin.Needs
	// Unit is how long the longest of its units will take by past runs, 0 if that is not known.
	Unit  time.Duration
	Files Files
	// Owed are subtests that failed in earlier attempts.
	Owed map[string]bool
	// Out takes the output. The job ends with closing it.
	Out *stream.Process
	// Watch hears the events of the process before Out does, in the goroutine that reads it; nil
	// for nobody.
	Watch func(Moment)
	// Runs hears which test has run for long since about a time, if the process runs where its output
	// cannot be read before it has ended. It may be called again, and must not block; nil for nobody.
	Runs func(test string, since time.Time)
}

// Names returns the names of the job's tests.
func (j *Job) Names() []string {
	names := make([]string, len(j.Tests))
	for i, t := range j.Tests {
		names[i] = t.Name
	}
	return names
}

// Patterns returns the process's patterns.
func (j *Job) Patterns() (gotest.Patterns, error) {
	p := gotest.Patterns{Run: j.Binary.Args.Run, Skip: j.Binary.Args.Skip}
	var err error
	switch s := j.Binary.Selection; {
	case j.Part != nil:
		p.Run, p.Skip = j.Part.Patterns(j.Tests[0].Name)
	case s != nil:
		p.Run, p.Skip, err = s.Patterns(j.Names())
	case !j.All:
		p.Run, err = grouping.RunPattern(p.Run, j.Names())
	}
	return p, err
}

// listed reports whether the process's -run pattern lists its tests.
func (j *Job) listed() bool { return !j.All || j.Binary.Selection != nil }

// runs are the names of the job's tests, each as often as the process runs it; nil if others may run.
func (j *Job) runs() []string {
	if !j.listed() {
		return nil
	}
	names := []string{}
	for _, t := range j.Tests {
		for range max(1, t.Want) {
			names = append(names, t.Name)
		}
	}
	return names
}

// Result is what came of a process.
type Result struct {
	Exit testbin.Exit
	ledger.Settlement
	Transcript *ledger.Transcript
	// Seen are the top-level tests that have run, in that order.
	Seen []string
	// Reason says how the process ended ("exit status 2").
	Reason string
	// Overdue is the test for which the process was ended, since it ran for too long; "" for none.
	Overdue string
	// Begun is when the process was started, First when its first test started; zero for never.
	Begun, First time.Time
	// Times are the executions of top-level tests that have ended, in that order, Subtests those of
	// direct subtests that were asked for, the first ones.
	Times, Subtests []Timed
	// Ran returns how long a test that had not ended was running.
	Ran func(test string) time.Duration
	// Profiled reports that the process has written its coverage profile.
	Profiled bool
	// Err is why the process was not run, nil if it was.
	Err error
}

// Good reports whether the process has shown that all of its tests are good: each of them ran
// and ended in pass or skip, subtests that failed before have run again, and the process exited
// 0. It is the only way in which a rerun makes a failure good.
func (r *Result) Good(known bool) bool {
	return r.Err == nil && r.Clean() && r.Exit.OK() && len(r.Transcript.Owed) == 0 && (known || r.Transcript.Finals > 0)
}

// LoggedVariables returns the names of the environment variables that tests have read, by what is in the
// file that Files.TestLog names, in its order.
func LoggedVariables(log []byte) []string { return gotest.LoggedVariables(log) }
