package scheduler

import (
	"maps"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// subtests is the account of the subtests of one process: a rerun that passes
// without one that failed before has shown nothing about it.
type subtests struct {
	failed map[string]bool
	// owed failed in earlier attempts and have not been seen in this one.
	owed map[string]bool
}

// note takes a report. A skipped test owes none of its subtests.
func (s *subtests) note(kind testbin.Kind, test string) {
	delete(s.owed, test)
	switch {
	case kind == testbin.KindSkip:
		maps.DeleteFunc(s.owed, func(name string, _ bool) bool { return strings.HasPrefix(name, test+"/") })
	case kind == testbin.KindFail && strings.Contains(test, "/"):
		s.failed[test] = true
	}
}

// missing returns the names of what is owed, in order.
func (s *subtests) missing() []string { return slices.Sorted(maps.Keys(s.owed)) }

// next returns what the next attempt owes.
func (s *subtests) next() map[string]bool {
	all := maps.Clone(s.failed)
	maps.Copy(all, s.owed)
	return all
}
