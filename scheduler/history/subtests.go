package history

import (
	"slices"
	"strings"
	"time"
)

// Subtests are kept like tests, under their full names. They are no tests to anybody who asks for
// those.

// MaxSubtests bounds how many direct subtests of a test are worth remembering: more are not needed
// to spread them over processes, and the history file is read at each start.
const MaxSubtests = 1000

// Subtest is a direct subtest of a test that may be split.
type Subtest struct {
	// Name is what follows the test's name and the slash.
	Name string
	// Estimate is what it will probably take.
	Estimate time.Duration
}

// keepSubtestRuns is for how many runs of its package a subtest is kept that no longer shows up.
// Names that are made up anew each time would fill the file, and are soon learned again otherwise.
const keepSubtestRuns = 10

// Subtests returns the direct subtests of a test that showed up in the latest run that showed any,
// and are remembered with a duration, by name. A caller owns the slice.
func (s *Snapshot) Subtests(pkg, test string) []Subtest {
	p := s.state.pkg(pkg)
	if p == nil {
		return nil
	}
	prefix := test + "/"
	first, _ := slices.BinarySearchFunc(p.tests, prefix, compareTestName)
	var all []Subtest
	latest := 0
	for _, t := range p.tests[first:] {
		name, ok := strings.CutPrefix(t.name, prefix)
		if !ok {
			break
		}
		if t.seen > latest {
			all, latest = all[:0], t.seen
		}
		if t.seen < latest {
			continue
		}
		if d, ok := estimate(t.durations, s.variant); ok && name != "" && !isSubtest(name) {
			all = append(all, Subtest{Name: name, Estimate: d})
		}
	}
	return all
}

func isSubtest(name string) bool { return strings.Contains(name, "/") }
