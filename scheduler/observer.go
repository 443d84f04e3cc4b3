package scheduler

import "time"

// Observer hears what happens in a run as it happens. Its methods may be called concurrently, but
// those about one process come in order, and those about a package come around those about its
// processes. They must not block.
type Observer interface {
	PackageFound(FoundPackage)
	ProcessStarted(StartedProcess)
	TestStarted(process int, test string, at time.Time)
	// TestPaused and TestResumed are the two ends of a wait in t.Parallel.
	TestPaused(process int, test string)
	TestResumed(process int, test string)
	// TestEnded has the result "pass", "fail" or "skip". Elapsed leaves out the test's pauses.
	TestEnded(process int, test, result string, at time.Time, elapsed time.Duration)
	ProcessEnded(EndedProcess)
	// TestRuns says that a test has run for long since about a time, in a process on another machine of
	// which nothing else is told before it has ended. It may come again, of another test too.
	TestRuns(process int, test string, since time.Time)
	PackageEnded(path string, passed bool, at time.Time)
}

// FoundPackage is a package whose tests are known.
type FoundPackage struct {
	// Path is the import path, Tests are the names of the tests that are to run.
	Path  string
	Tests []string
	Units []FoundUnit
	// TestMain reports that the package has a TestMain.
	TestMain bool
	// Binary is the file of its test binary, for as long as the package runs. BuildID is the go
	// command's ID of it, a hash of all that it was made of; "" if there is none.
	Binary, BuildID string
	// Estimate is how long its tests will run by the history, 0 if that is not known.
	Estimate time.Duration
}

// FoundUnit is a group, or a single test.
type FoundUnit struct {
	Name   string
	Tests  []string
	Group  bool
	Serial bool
	// Locks are the names that a process of it holds while it runs.
	Locks []string
	// Labels are those of its tests together.
	Labels []string
}

// StartedProcess is a test process that starts now.
type StartedProcess struct {
	// Number is the process's in the run, Worker its worker's, from 0.
	Number, Worker int
	Package        string
	Tests          []string
	// Group is the declared group that it runs, "" for none. Attempt is 0 for the first.
	Group   string
	Attempt int
	// Parts is in how many processes its only test runs, of which it is one; 0 if it runs its tests
	// whole.
	Parts int
	// Locks are the names of the locks that it holds, sorted. Serial reports that nothing else may run.
	Locks  []string
	Serial bool
	// Kind is first, baseline, attempt or probe.
	Kind string
	// Seed is its -test.shuffle, "" for source order. Command repeats it, for a shell.
	Seed, Command string
	Start         time.Time
}

// EndedProcess is a test process that has ended.
type EndedProcess struct {
	Number int
	End    time.Time
	// Exit is the exit status, Signal what ended it, "" for none.
	Exit   int
	Signal string
	// CPU is the time of its processors, MaxRSS its peak of memory in bytes, 0 if not known.
	CPU    time.Duration
	MaxRSS int64
	// Subtests is what the direct subtests of its only test took, the first ones if there are very
	// many; nil if it ran several tests.
	Subtests []time.Duration
	// Machine is the name of the machine that it ran on, if that need not be this one; else "".
	Machine string
}

// nobody is an Observer that does not listen.
type nobody struct{}

func (nobody) PackageFound(FoundPackage)                               {}
func (nobody) ProcessStarted(StartedProcess)                           {}
func (nobody) TestStarted(int, string, time.Time)                      {}
func (nobody) TestPaused(int, string)                                  {}
func (nobody) TestResumed(int, string)                                 {}
func (nobody) TestEnded(int, string, string, time.Time, time.Duration) {}
func (nobody) ProcessEnded(EndedProcess)                               {}
func (nobody) TestRuns(int, string, time.Time)                         {}
func (nobody) PackageEnded(path string, passed bool, at time.Time)     {}
