package progress

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Config says what a State tells. The zero value tells nothing but what View returns.
type Config struct {
	// Began is when the run began.
	Began time.Time
	// Workers is how many processes run at a time, at first; 0: not known.
	Workers int
	// Failures reports whether failures are told when they happen: the format does not.
	Failures bool
	// HideOutput tells failures without what the test printed.
	HideOutput bool
	// Slow is from when on a running test is called slow; 0: never.
	Slow time.Duration
	// Slowest is how many of the slowest tests are kept.
	Slowest int
	// Heartbeat is how long nothing may be printed before a line tells what runs; 0: for ever.
	Heartbeat time.Duration
}

// Package is what is known about a package before its tests run.
type Package struct {
	Path     string
	Tests    int           // how many top-level tests are to run; 0: not known
	Estimate time.Duration // what they take together, from past runs; 0: not known
	TestMain bool          // it has one
}

// Process is a test process. From the events of go test alone, a package is one process.
type Process struct {
	Number  int // names the process
	Worker  int
	Package string
	Tests   []string // nil: all of the package
	Group   string   // "": none
	Attempt int      // 0 for the first
	Parts   int      // how many processes run its only test together; 0: it runs its tests whole
	Locks   []string // that it holds, sorted
	Serial  bool     // nothing else may run beside it
	Kind    string   // what it is for; FromEvents: it is known from events only
	Seed    string   // "": source order
	Start   time.Time
}

// FromEvents is the Kind of a process of which only the events are known.
const FromEvents = "events"

// ProcessEnd is the end of a process.
type ProcessEnd struct {
	Number   int
	End      time.Time
	ExitCode int
	Signal   string        // that ended it; "": none
	CPU      time.Duration // user and system
	MaxRSS   int64         // bytes; 0: not known
	// Subtests is what the direct subtests of its only test took; nil if it ran several.
	Subtests []time.Duration
}

// Failure is a test that has failed, or a package that did without a test.
type Failure struct {
	Package, Test string
	Attempt       int
	Elapsed       time.Duration // negative: it did not end by itself
	Output        []string      // the first lines that it printed itself
	More          int           // lines after those
	At            time.Time
}

// TimedTest is a test and what it took.
type TimedTest struct {
	Package, Test string
	Elapsed       time.Duration
}

// State is what a run is doing. It is for one goroutine at a time.
type State struct {
	cfg      Config
	workers  int // that run at a time now
	most     int // of workers so far
	packages map[string]*packageState
	procs    map[int]*processState
	done     int // top-level tests that have ended in a first attempt
	failed   int // of those, the ones that failed; and packages that failed without
	skipped  int
	ended    int           // packages
	worked   time.Duration // what the ended tests took, of packages with an estimate
	spans    []Span        // processes that have ended
	pending  []Failure     // that have not been told
	slow     []TimedTest   // that took longer than Slow
	slowest  []TimedTest   // the longest first
	prepares []string      // what is done while tests wait for it
	// subtests is what direct subtests took, of tests that had a process of their own.
	subtests map[testKey][]time.Duration
}

// Prepares says what is done now while tests wait for it.
func (s *State) Prepares(titles []string) { s.prepares = titles }

type testKey struct{ pkg, test string }

type packageState struct {
	Package
	done  int
	ended bool
	parts map[string]*partsState // of tests that several processes run together
}

type processState struct {
	Process
	running map[string]*runningTest
	order   []string // of running, by start
}

type runningTest struct {
	since  time.Time
	paused bool
	told   bool // that it is slow
}

// NewState returns a State of a run in which nothing has happened.
func NewState(cfg Config) *State {
	return &State{cfg: cfg, workers: cfg.Workers, most: cfg.Workers, packages: map[string]*packageState{}, procs: map[int]*processState{}, subtests: map[testKey][]time.Duration{}}
}

// SetWorkers says how many processes run at a time from now on: machines have come or gone.
func (s *State) SetWorkers(n int) { s.workers, s.most = n, max(s.most, n) }

// PackageFound adds a package that is to run.
func (s *State) PackageFound(p Package) { s.pkg(p.Path).Package = p }

func (s *State) pkg(path string) *packageState {
	p := s.packages[path]
	if p == nil {
		p = &packageState{Package: Package{Path: path}}
		s.packages[path] = p
	}
	return p
}

// ProcessStarted adds a process.
func (s *State) ProcessStarted(p Process) {
	s.pkg(p.Package)
	s.procs[p.Number] = &processState{Process: p, running: map[string]*runningTest{}}
}

// TestStarted notes that a test of a process runs. Subtests are not followed: what a person
// can do something about is the test.
func (s *State) TestStarted(process int, test string, at time.Time) {
	p := s.procs[process]
	if p == nil || isSubtest(test) || p.running[test] != nil {
		return
	}
	p.running[test] = &runningTest{since: at}
	p.order = append(p.order, test)
}

// TestPaused notes that a test waits for others, as in t.Parallel.
func (s *State) TestPaused(process int, test string) { s.pause(process, test, true) }

// TestResumed notes that it goes on.
func (s *State) TestResumed(process int, test string) { s.pause(process, test, false) }

func (s *State) pause(process int, test string, paused bool) {
	if p := s.procs[process]; p != nil && p.running[test] != nil {
		p.running[test].paused = paused
	}
}

// TestEnded notes the result of a test: pass, fail or skip. A negative elapsed is the time
// since its start.
func (s *State) TestEnded(process int, test, result string, at time.Time, elapsed time.Duration) {
	p := s.procs[process]
	if p == nil || isSubtest(test) {
		return
	}
	if r := p.running[test]; r != nil {
		delete(p.running, test)
		p.order = slices.DeleteFunc(p.order, func(name string) bool { return name == test })
		if elapsed < 0 {
			elapsed = max(0, at.Sub(r.since))
		}
	}
	pkg := s.pkg(p.Package)
	if p.Parts > 0 {
		var over bool
		if result, elapsed, over = pkg.partEnded(p.Parts, test, result, elapsed); !over {
			return
		}
	}
	s.keep(TimedTest{p.Package, test, elapsed})
	if p.Attempt > 0 {
		return
	}
	pkg.done++
	s.done++
	if pkg.Estimate > 0 {
		s.worked += elapsed
	}
	switch result {
	case "fail":
		s.failed++
	case "skip":
		s.skipped++
	}
}

// keep remembers a test that took long.
func (s *State) keep(t TimedTest) {
	if s.cfg.Slow > 0 && t.Elapsed >= s.cfg.Slow {
		s.slow = append(s.slow, t)
	}
	n := s.cfg.Slowest
	if n == 0 || len(s.slowest) == n && t.Elapsed <= s.slowest[n-1].Elapsed {
		return
	}
	at, _ := slices.BinarySearchFunc(s.slowest, t, longerFirst)
	s.slowest = slices.Insert(s.slowest, at, t)
	s.slowest = s.slowest[:min(n, len(s.slowest))]
}

func longerFirst(a, b TimedTest) int {
	return cmp.Or(cmp.Compare(b.Elapsed, a.Elapsed), strings.Compare(a.Package, b.Package), strings.Compare(a.Test, b.Test))
}

// ProcessEnded takes a process out. Tests of it that have not ended have failed with it.
func (s *State) ProcessEnded(e ProcessEnd) {
	p := s.procs[e.Number]
	if p == nil {
		return
	}
	for _, test := range slices.Clone(p.order) {
		s.TestEnded(e.Number, test, "fail", e.End, -1)
	}
	delete(s.procs, e.Number)
	if len(e.Subtests) > 0 && len(p.Tests) == 1 && p.Attempt == 0 {
		s.subtests[testKey{p.Package, p.Tests[0]}] = e.Subtests
	}
	if p.Kind != FromEvents {
		s.spans = append(s.spans, s.span(p, e))
	}
}

// PackageEnded notes that a package has its result.
func (s *State) PackageEnded(path string, passed bool, _ time.Time) {
	p := s.pkg(path)
	if p.ended {
		return
	}
	p.ended = true
	s.ended++
	if !passed && p.done == 0 {
		s.failed++ // nothing else tells of it
	}
}

// TestFailed notes a failure that is to be told unless the run ends at once.
func (s *State) TestFailed(f Failure) {
	if s.cfg.Failures {
		s.pending = append(s.pending, f)
	}
}

// Slow returns the tests that took longer than Config.Slow, the longest first.
func (s *State) Slow() []TimedTest {
	list := slices.Clone(s.slow)
	slices.SortStableFunc(list, longerFirst)
	return list
}

// Slowest returns the slowest tests, the longest first.
func (s *State) Slowest() []TimedTest { return slices.Clone(s.slowest) }

// Spans returns the processes that have ended, in the order of their ends.
func (s *State) Spans() []Span { return slices.Clone(s.spans) }

func isSubtest(test string) bool { return strings.Contains(test, "/") }
