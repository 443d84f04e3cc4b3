package scheduler

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// job is what one process is to do, and for whom.
type job struct {
	worker.Job
	suite *suite
	tasks []*ledger.Task
	// claim is what the process must hold: the locks of its tests, or, if it is serial, everything.
	claim plan.Claim
	// item is the number of what is rerun, planID the planner's number of a first attempt.
	item, planID int
	// freed reports that its worker has been given back.
	freed bool
	// attempt describes a rerun for the one who reads it.
	attempt *Attempt
	// probe is what a probe is to show, limit how long it may take.
	probe    rerun.Probe
	limit    time.Duration
	progress progress
	said     *rerun.Output // what the process prints
	machine  string        // where it has run, if that need not be this machine; else ""
	lost     bool          // no machine has run it to its end
	overdue  string        // the test for which the process was ended, since it ran for too long; "" for none
	// needs are the workers' set-ups without which it cannot run, uses is what its process has of them,
	// broken is the one that has failed.
	needs  []int
	uses   world.Need
	broken *SetupError
}

// progress is what a process's reader tells the owner without a message.
type progress struct {
	firstTest atomic.Int64 // when its first test started: time since the run began, 0 for not yet
	ended     atomic.Int32 // top-level tests that have ended
	over      atomic.Int64 // when the last of those did, like firstTest
	told      bool         // the owner's: the planner knows of the first test
}

// note counts what the planner wants to know.
func (p *progress) note(e testbin.Event, since func() time.Duration) {
	if e.Kind == testbin.KindOutput || strings.Contains(e.Test, "/") {
		return
	}
	switch e.Kind {
	case testbin.KindRun:
		if p.firstTest.Load() == 0 {
			p.firstTest.Store(int64(since()))
		}
	case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
		p.over.Store(int64(since()))
		p.ended.Add(1)
	}
}

// overAt returns when the last test of j has ended, or false if not all of them have.
func (j *job) overAt() (time.Duration, bool) {
	want := 0
	for _, t := range j.Tests {
		want += t.Want
	}
	return time.Duration(j.progress.over.Load()), want > 0 && int(j.progress.ended.Load()) >= want
}

// newJob makes a job of tasks of s, which are all loose or one group.
func newJob(c *Config, s *suite, tasks []*ledger.Task) *job {
	j := &job{Job: worker.Job{Binary: s.binary, All: true, Known: true}, suite: s, tasks: tasks, said: rerun.NewOutput(c.patterns())}
	for _, t := range tasks {
		if t.All {
			j.Tests, j.Known, j.Group = t.Tests, t.Known, s.account.SoleGroup()
			break
		}
		j.All = false
		j.Tests = append(j.Tests, t.Tests...)
		j.Count = max(j.Count, t.Count)
		j.Part = t.Part()
		j.LastCPU = j.Count > 0
		if t.Unit != nil && t.Unit.Def.Declared {
			j.Group = t.Unit.Def.Group
		}
	}
	j.Unit = c.longest(s, tasks)
	j.needs = c.World.needs(s, tasks)
	j.claim.Need = needOf(s.account, tasks)
	// Those of a test in a process of its own show what would come of splitting it.
	j.Subtests = func(test string) bool { return len(j.Tests) == 1 || s.splits.has(test) }
	j.Shuffle = shuffleValue(c, s, j)
	j.StopsEarly = s.binary.Args.FailFast || j.Group != "" && c.GroupFailFast
	return j
}

// needOf returns what a process of tasks must hold.
func needOf(a *ledger.Account, tasks []*ledger.Task) plan.Need {
	var need plan.Need
	for _, t := range tasks {
		need.Serial = need.Serial || a.Serial(t)
		need.Names = append(need.Names, a.Locks(t)...)
	}
	slices.Sort(need.Names)
	need.Names = slices.Compact(need.Names)
	return need
}

// shuffleValue is the seed by which the process orders its tests: the
// permutation is made of all tests of the package, so that any batch runs its
// own in the relative order that go test -shuffle=SEED has.
func shuffleValue(c *Config, s *suite, j *job) string {
	ordered := !s.manner.shuffle || s.manner.dist == grouping.LoadPackage || s.binary.Args.FailFast && !c.SeedChosen
	for _, u := range s.account.Units() {
		in := j.All || s.account.Mode().OneProcess() // the rest of a package keeps its order
		for _, t := range j.tasks {
			in = in || t.Unit == u || t.Unit == nil && s.account.Holds(t, u)
		}
		ordered = ordered || in && u.Def.Group != ""
	}
	if ordered {
		return ""
	}
	return strconv.FormatInt(s.manner.seed, 10)
}

// shuffleLine is what the process prints of its seed, "" for nothing.
func (j *job) shuffleLine() string {
	if j.Shuffle == "" {
		return ""
	}
	return "-test.shuffle " + j.Shuffle + "\n"
}

// place gives the job its number in the run, its worker and its files. What it writes is in dir.
func (j *job) place(c *Config, number, slot int, dir string) {
	j.Number, j.Slot = number, slot
	file := func(kind string) string { return filepath.Join(dir, fmt.Sprint(kind, number)) }
	if c.Artifacts != nil && (j.Kind == ledger.First || j.Kind == ledger.Attempt) {
		j.Files.Artifacts = file("artifacts")
	}
	switch {
	case j.Kind == ledger.First:
		j.placeFirst(c, file)
	case j.Kind == ledger.Baseline:
	case !c.GoTest.Cover:
		j.refused()
	default:
		j.Files.Profile, j.Files.CoverDir = file("profile"), file("cover")
	}
}

// placeFirst prepares what the go command gets of a process.
func (j *job) placeFirst(c *Config, file func(kind string) string) {
	s := j.suite
	resumed := make(map[string]bool)
	for _, t := range j.Tests {
		if t.Resumed {
			resumed[t.Name] = true
		}
	}
	line := ""
	if !j.All || !c.SeedChosen {
		line = j.shuffleLine()
	}
	j.Out = s.out.Process(j.inParts(stream.ProcessOptions{Verbatim: j.All, ShuffleLine: line, Resumed: resumed}))
	if c.cacheable() {
		j.Files.TestLog = file("log")
		s.files.testlogs = append(s.files.testlogs, j.Files.TestLog)
	}
	if j.All {
		// One process of its own: it writes where the go command wants it.
		j.Files.Profile, j.Files.CoverDir = j.Binary.Args.CoverProfile, j.Binary.Args.CoverDir
		return
	}
	if !c.GoTest.Cover {
		j.refused()
		return
	}
	j.Files.Profile, j.Files.CoverDir = file("profile"), file("cover")
	j.Files.Linked = s.files.list == listOnce && len(s.files.profiles) > 0
	s.files.profiles = append(s.files.profiles, j.Files.Profile)
	if j.Binary.UserCoverDir() != "" {
		s.files.coverDirs = append(s.files.coverDirs, j.Files.CoverDir)
	}
}

// refused gives a process without coverage the flags that the user has put behind -args: it
// refuses them, as under go test.
func (j *job) refused() {
	j.Files.Profile, j.Files.CoverDir = j.Binary.Args.CoverProfile, j.Binary.Args.CoverDir
}

// baselineClaim is what the process of s without tests must hold: nothing, unless a TestMain sets up
// what the package's tests hold.
func baselineClaim(s *suite) plan.Claim {
	c := plan.Claim{Key: -s.number} // those of the planner begin at 0
	if s.list.TestMain {
		c.Need.Names = s.account.Locks(s.account.Everything())
	}
	return c
}

// newBaseline returns a process of s without tests, which writes in dir.
func newBaseline(c *Config, s *suite, number int, dir string) *job {
	s.files.baseline = filepath.Join(dir, fmt.Sprint("baseline", number))
	needs := c.World.needs(s, []*ledger.Task{s.account.Everything()})
	return &job{suite: s, claim: baselineClaim(s), said: rerun.NewOutput(nil), needs: needs, Job: worker.Job{
		Binary: s.binary, Kind: ledger.Baseline, Known: true, Out: stream.Discard(),
		Files: worker.Files{Profile: s.files.baseline, CoverDir: s.files.baselineDir()},
	}}
}

// reproduce returns the command that runs the same tests in the same order, for a shell.
func (j *job) reproduce(c *Config) string {
	patterns, err := j.Patterns()
	if err != nil {
		return "" // a pattern that does not compile has run nothing
	}
	return gotest.ShellQuote(c.GoTest.Again(j.suite.path, patterns, j.Shuffle, j.StopsEarly))
}

// remember gives the history what a process has shown.
func (j *job) remember(record *history.Recorder, r *worker.Result) {
	if !j.Kind.Remembered() {
		return
	}
	path := j.suite.path
	if !r.First.IsZero() {
		record.Startup(path, r.First.Sub(r.Begun))
	}
	j.rememberSubtests(record, r)
	if j.Part != nil {
		return // the test is remembered when all of its parts have ended
	}
	for _, t := range r.Times {
		record.Add(path, t.Test, history.Outcome{Attempt: j.Attempt, Result: past(t.Result), Elapsed: t.Elapsed})
	}
	if r.Exit.Canceled {
		return // cut off: that says nothing of the tests
	}
	for _, t := range r.Broken {
		if !strings.Contains(t.Name, "/") {
			record.Add(path, t.Name, history.Outcome{Attempt: j.Attempt, Result: history.Fail, Elapsed: -1})
		}
	}
}

// hear follows the output of the process.
func (j *job) hear(m worker.Moment) {
	if m.Kind == testbin.KindOutput {
		j.said.Add(m.Test, m.Line, m.Partial)
		return
	}
	j.said.End()
}

// heard ends that. How a process died counts as output of the tests that it has cut off or
// left out, and of the package.
func (j *job) heard(r *worker.Result) {
	j.said.End()
	if len(r.Broken) == 0 && r.PackageFailure == "" {
		return
	}
	reason := []byte(r.Reason)
	j.said.Add("", reason, false)
	for _, t := range r.Broken {
		if !strings.Contains(t.Name, "/") {
			j.said.Add(t.Name, reason, false)
		}
	}
	for _, tests := range [][]ledger.Planned{r.Skipped, r.Lost} {
		for _, t := range tests {
			j.said.Add(t.Name, reason, false)
		}
	}
}

// inParts adds to what the go command gets of a process which part of a test it runs.
func (j *job) inParts(o stream.ProcessOptions) stream.ProcessOptions {
	if j.Part != nil {
		o.Part, o.Leads = j.Tests[0].Name, j.Tests[0].Part == 1
	}
	return o
}

// blamed reports that a test in parts has failed by this process, though it may have passed its part.
func (j *job) blamed() bool {
	if j.Part == nil {
		return false
	}
	u := j.suite.account.UnitOf(j.Tests[0].Name)
	return len(u.Failed) > 0 && u.Process == j.Number
}

// shown is what the process of a part has shown of its test.
func (j *job) shown(r *worker.Result) ledger.Shown {
	if j.Part == nil || r.Err != nil {
		return ledger.Shown{}
	}
	if n := len(r.Times); n > 0 {
		last := r.Times[n-1]
		shown := ledger.Shown{Skipped: last.Result == testbin.KindSkip, Empty: len(r.Subtests) == 0, Known: true, Took: last.Elapsed, Subtests: last.Inside}
		for _, t := range r.Subtests {
			shown.Ran = append(shown.Ran, strings.TrimPrefix(t.Test, last.Test+"/"))
		}
		return shown
	}
	return ledger.Shown{Took: r.Ran(j.Tests[0].Name)}
}

// rememberSubtests gives the history what a process has shown of subtests of tests that may be split.
func (j *job) rememberSubtests(record *history.Recorder, r *worker.Result) {
	added := make(map[string]int)
	for _, t := range r.Subtests {
		root, _, _ := strings.Cut(t.Test, "/")
		if added[root]++; !j.suite.splits.has(root) || added[root] > history.MaxSubtests {
			continue
		}
		record.Add(j.suite.path, t.Test, history.Outcome{Attempt: j.Attempt, Result: past(t.Result), Elapsed: t.Elapsed})
	}
}
