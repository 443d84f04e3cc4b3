package hunt

import (
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// Config says what is hunted and for how long. Nothing changes it after Run
// has been called.
type Config struct {
	// GoTest are the user's go test arguments. They are not a pass-through.
	GoTest *gotest.Args
	// Self is the absolute path of the cohort program.
	Self string
	// Toolexec is the value of the go command's -toolexec flag, "" for none.
	Toolexec string
	// Dir is where the go command runs, "" for the current directory.
	Dir string
	// Env is the whole environment of the go command and the tests.
	Env []string

	// Workers is the number of test processes that may run at a time, at least 1.
	Workers int
	// Dist and Groups are --dist and --group.
	Dist   grouping.Dist
	Groups []*regexp.Regexp
	// Rules are settings of single tests and packages, nil for none. A package whose order they fix
	// is hunted in that order.
	Rules *grouping.Rules
	// Locks says how many processes may hold a lock at the same time, 1 for a name that is not there.
	Locks map[string]int
	// SplitTestMain is --testmain=per-worker.
	SplitTestMain bool
	// Ordinary has rounds that are what go test and ordinary runs of cohort do, one round after the
	// other: no test runs twice in a process, with GOMAXPROCS=1, or in two processes at a time.
	Ordinary bool
	// Unprobed has the units that fail listed, and not explained.
	Unprobed bool
	// Judge is --test: only units with a test whose name matches are judged, while all others run
	// in parallel with them; nil judges all.
	Judge *regexp.Regexp
	// Seed is what the seeds of the rounds are made of: round i has Seed+i.
	Seed int64

	// Runs is the number of rounds, 0 for no limit.
	Runs int
	// For is how long the rounds go on, 0 for no limit. A round that has begun
	// is finished, so that every unit has run equally often.
	For time.Duration
	// UntilFail ends the rounds when a unit has failed.
	UntilFail bool
	// ProbeTime is after how long with one unit its probes make do with a first
	// answer; 0 for no limit.
	ProbeTime time.Duration

	// Progress, if not nil, is told how far the hunt is. Calls come one at a time,
	// from several goroutines, and hold up the hunt.
	Progress func(Progress)
	// Kill, once closed, kills what still runs after the end of Run's context
	// at once. Nil never does.
	Kill <-chan struct{}
}

// Phase is a part of a hunt.
type Phase uint8

// The phases in their order.
const (
	Building Phase = iota
	Rounds
	Surveying // all suspects at the same time
	Probing   // one suspect after the other, on an idle machine
)

// Progress is how far a hunt is.
type Progress struct {
	Phase Phase
	// Round is the number of rounds that have ended, Of how many there will
	// be, 0 if that is not known. While Surveying and Probing both count suspects.
	Round, Of int
	// Processes is the number of test processes that have ended.
	Processes int
	// Failed is the number of units that failed at least once.
	Failed int
	// New names the unit that has failed for the first time, "" if none has.
	New string
	// Left is how long the phase will go on at its present pace, 0 if that is
	// not known.
	Left time.Duration
}

// ErrNoTest says that nothing is to be judged: no test matches.
var ErrNoTest = errors.New("no test matches")

// judges reports whether a unit is judged. What a package does outside its tests is judged where
// all tests are.
func (c *Config) judges(u *unit) bool {
	return c.Judge == nil || !u.isPackage() && slices.ContainsFunc(u.names, c.Judge.MatchString)
}
