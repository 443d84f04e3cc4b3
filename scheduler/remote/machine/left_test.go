package machine

import (
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestLeft: what is in the lane of a node that has gone or is sick is taken before that of others,
// until there is nothing, or the node is back.
func TestLeft(t *testing.T) {
	t.Parallel()
	l := newLeaderTest(t)
	left := func(want ...string) {
		t.Helper()
		if !slices.Equal(l.state.Left, want) {
			t.Errorf("left: %q, want %q", l.state.Left, want)
		}
	}
	n1 := remote.Node{Name: "n1", Slots: 2}
	l.Gone("n1")
	left() // there is nothing in its lane
	l.Node(n1)
	l.load["n1"] = 1
	l.Gone("n1")
	left("n1")
	l.Lanes(l.now, []remote.Lane{{Name: "n0", Waiting: 1}, {Name: "n1", Leased: 1}}, nil) // its lease may have run out
	left("n1")
	l.Lanes(l.now, []remote.Lane{{Name: "n0", Waiting: 1}, {Name: "n1"}}, nil)
	left()
	l.load["n1"] = 1
	l.Node(n1)
	l.Gone("n1")
	l.Gone("n0")
	left("n1")
	l.Node(n1)
	left()
	l.state.Sick = []string{"n1"}
	l.leave("n1")
	l.Node(n1)
	left("n1")

	a := newAgentTest(t)
	run := testRun
	run.State.Left = []string{"n5", "n7"}
	a.Heard(a.now, run)
	a.fetch = errand{}
	var lanes []string
	for _, act := range a.Due(a.now) {
		if f, ok := act.(Fetch); ok {
			lanes = f.Lanes
		}
	}
	if !slices.Equal(lanes, []string{LaneLong, "n5", "n7", "n1"}) {
		t.Errorf("it looks in %q", lanes)
	}
}

// TestLeavesInTheEnd: a node that goes when the run is over is not lost.
func TestLeavesInTheEnd(t *testing.T) {
	t.Parallel()
	l := newLeaderTest(t)
	l.Finish(0, "")
	l.do("SetState done map[n0:0 n1:2] [] 0")
	l.Gone("n1")
	l.do("")
}
