package machine

import (
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestCanceled: when the run is canceled an agent still takes what waits, though it has no worker free,
// and says that it was not started: the leader waits for that.
func TestCanceled(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t)
	a.lease("x", 1)
	a.lease("y", 1)
	a.do("Start x as 4 of 6; Start y as 5 of 6")
	run := testRun
	run.State.Phase, run.State.Signal = remote.Canceled, 2
	a.Heard(a.now, run)
	a.fetch = errand{}
	if acts := a.Due(a.now); !slices.ContainsFunc(acts, func(act Act) bool { _, ok := act.(Fetch); return ok }) {
		t.Errorf("it takes nothing: %s", texts(acts))
	}
	a.lease("z", 1)
	a.do("Put z stopped")
}
