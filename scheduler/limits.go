package scheduler

import (
	"time"

	"github.com/gotestcohort/cohort/scheduler/artifact"
)

// LimitConfig says what tests may use.
type LimitConfig struct {
	// Locks says how many processes may hold a lock at the same time: 1 for a name that is not there.
	Locks map[string]int
	// TestTimeout is how long a test may run whose source and rules say nothing of that, 0 for any time.
	TestTimeout time.Duration
	// Artifacts keeps the files of failed tests under t.ArtifactDir; nil: they are temporary ones. With it
	// the tests must be built with Go 1.26 or newer.
	Artifacts *artifact.Store
}
