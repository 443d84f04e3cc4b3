package machine

import (
	"slices"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// meeting says how two batches stand to each other that might run at the same time.
type meeting uint8

const (
	apart meeting = iota // they may
	aside                // they must not, and each has to run
	same                 // they must not, and what one does need not be done by the other
)

// meet returns how two batches stand to each other. Parts of a test need not be the same part. A lock is
// taken for one that a single process may hold at a time.
func meet(a, b remote.Claim) meeting {
	switch {
	case SharesTests(a, b) && !(a.Part && b.Part):
		return same
	case a.Serial || b.Serial, SharesTests(a, b), sharesAny(a.Locks, b.Locks):
		return aside
	}
	return apart
}

// SharesTests reports whether a test may be in both of two batches.
func SharesTests(a, b remote.Claim) bool {
	if a.Package != b.Package {
		return false
	}
	some := func(c remote.Claim) bool { return c.All || len(c.Tests) > 0 }
	return a.All && some(b) || b.All && some(a) || sharesAny(a.Tests, b.Tests)
}

func sharesAny(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
