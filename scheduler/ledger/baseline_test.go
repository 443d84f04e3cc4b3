package ledger

import (
	"testing"

	"github.com/gotestcohort/cohort/grouping"
)

// TestAskBaseline: the process without tests starts if it was asked for, even though the processes do not
// count, once nothing waits or runs, and once. That it fails is no reason of its own.
func TestAskBaseline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ask   bool
		tasks int // processes that run a part of the package
		want  bool
	}{
		"asked":       {true, 2, true},
		"not asked":   {false, 2, false},
		"one process": {true, 1, false},
	} {
		unit := func(name string) *Unit { return &Unit{Def: grouping.Unit{Tests: []grouping.Test{{Name: name}}}} }
		units := []*Unit{unit("A"), unit("B")}
		a := NewAccount(Spec{Mode: Split, Units: units, Names: map[string]int{"A": 1, "B": 1}, Count: 1, CPUs: 1})
		tasks := a.Take()
		if tc.ask {
			a.AskBaseline()
		}
		end := func() { a.Book(Report{Settlement: Settlement{}}) }
		if tc.tasks == 1 {
			a.Start(tasks)
			end()
		} else {
			a.Start(tasks[:1])
			a.Start(tasks[1:])
			end()
			if a.NeedsBaseline() {
				t.Errorf("%s: it starts while a process runs", name)
			}
			end()
		}
		if got := a.NeedsBaseline(); got != tc.want || a.Settled() == tc.want {
			t.Errorf("%s: needed %v, settled %v", name, got, a.Settled())
		}
		if !tc.want {
			continue
		}
		before := len(a.Failures())
		a.StartBaseline()
		a.AskBaseline() // too late
		a.BookBaseline(false)
		if a.NeedsBaseline() || !a.Settled() || len(a.Failures()) != before {
			t.Errorf("%s: needed %v, settled %v, failures %q", name, a.NeedsBaseline(), a.Settled(), a.Failures())
		}
	}
}
