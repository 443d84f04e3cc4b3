package node

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// TestNeeds: what a process needs of its worker goes along with what its set-ups see, and nothing else of
// the leader's environment.
func TestNeeds(t *testing.T) {
	t.Parallel()
	cmd := world.Command{Shell: "x"}
	w := &World{Setups: []world.Setup{{Name: "a", Run: cmd}, {Name: "b", Run: cmd, PerAttempt: true}}, Dir: "/m/sub", ID: "r"}
	spec := testbin.Spec{
		Env: []string{"HOME=/h", "NET=old", "NET=lan", "SHOWN=1"}, Given: []string{"NET"},
		Needs: &testbin.Needs{Setups: []int{1}, Attempt: 2, Package: "m/p", Unit: "TestA"},
	}
	from := leaving{root: "/m", names: []string{"SHOWN"}}
	n, err := w.needs(from, spec)
	if err != nil || n.check() != nil {
		t.Fatal(err, n.check())
	}
	if got := strings.Join(n.Env, " "); got != "NET=lan SHOWN=1" || n.Dir != "sub" || n.lasting() != 1 || n.For != (world.Attempt{Number: 2, Package: "m/p", Unit: "TestA"}) {
		t.Errorf("%+v", n)
	}
	other := *n
	other.Env = []string{"NET=wan"}
	same := *n
	same.Own, same.For = []int{0}, world.Attempt{}
	if n.key() == other.key() || n.key() != same.key() {
		t.Error("worlds of two leaders are taken for one, or one for two")
	}
	if n, err := w.needs(from, testbin.Spec{}); n != nil || err != nil {
		t.Errorf("a process that needs nothing: %v, %v", n, err)
	}
	for want, wrong := range map[string]func() error{
		"none are known":             func() error { _, err := (*World)(nil).needs(from, spec); return err },
		"is not below the module's":  func() error { _, err := (&World{Dir: "/other"}).needs(from, spec); return err },
		"which is not below":         func() error { return (&Needs{Dir: "../x"}).check() },
		"needs set-up 1 of 0":        func() error { return (&Needs{Dir: ".", Own: []int{1}}).check() },
		"without a command":          func() error { return (&Needs{Dir: ".", Setups: []world.Setup{{}}}).check() },
		"behind one of each attempt": func() error { return (&Needs{Dir: ".", Setups: []world.Setup{w.Setups[1], w.Setups[0]}}).check() },
	} {
		if err := wrong(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestOutcomes: what came of a command is the same on the leader, by its clock, and fits into a message.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	o := world.Outcome{
		Action: world.Action{Part: world.Part{Worker: 3, Number: 1}, TearDown: true}, Name: "db", Command: "x", Err: errors.New("exit status 1"),
		Output: strings.Repeat("x", 90<<10), Start: now.Add(time.Hour), End: now.Add(time.Hour + time.Second),
	}
	all := bounded([]Outcome{packOutcome(1, o), packOutcome(2, o)})
	if n := len(all[0].Output) + len(all[1].Output); n > maxOutcomes || n < maxOutcomes/3 {
		t.Errorf("%d bytes are kept", n)
	}
	got := all[1].outcome("n1", now.Add(-time.Minute), now)
	if got.Part != o.Part || !got.TearDown || got.Machine != "n1" || got.Err == nil || got.Err.Error() != o.Err.Error() || !got.End.Equal(now) || got.End.Sub(got.Start) != time.Second {
		t.Errorf("%+v", got)
	}
	o.Err, o.For = nil, world.Attempt{Package: "m"}
	if packOutcome(1, o).Output != "" {
		t.Error("the output of a set-up of one attempt that went well is sent")
	}
}
