package ledger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
)

// partsCases are packages with a test that several processes run together.
func partsCases() map[string]accountCase {
	return map[string]accountCase{
		"parts, all pass": {mode: Split, units: "A.3 B", verdict: "A passed", steps: []accountStep{
			{"take A.1; A.2; A.3; B", "running 0 0 4 0"},
			{"start 1 A.2", "running 0 0 3 1"},
			{"start 2 A.1", "running 0 0 2 2"},
			{"end 1 0 +A +A/x pA/x pA PASS", "running 0 0 2 1"},
			{"start 3 B", "running 0 0 1 2"},
			{"end 3 0 +B pB PASS", "running 0 0 1 1"},
			{"end 2 0 +A pA PASS", "running 0 0 1 0"},
			{"start 4 A.3", "running 0 0 0 1"},
			{"end 4 0 +A +A/y pA/y sA PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"parts, one skips before its subtests": {mode: Split, units: "A.2", verdict: "A: A in 1; A failed since " + torn, steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 2 0 +A sA PASS", "running 0 0 0 1"},
			{"end 1 0 +A +A/x pA/x pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"parts, all skip": {mode: Split, units: "A.2", verdict: "A skipped", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 1 0 +A sA PASS", "running 0 0 0 1"},
			{"end 2 0 +A sA PASS", "running 0 0 0 0 settled"},
		}},
		"parts, two fail": {mode: Split, units: "A.3", verdict: "A: A in 1 at another time owes A/x owes A/y; A failed; status 1", steps: []accountStep{
			{"take A.1; A.2; A.3", "running 0 0 3 0"},
			{"start 1 A.1", "running 0 0 2 1"},
			{"start 2 A.2", "running 0 0 1 2"},
			{"start 3 A.3", "running 0 0 0 3"},
			{"end 1 1 +A +A/x fA/x fA FAIL", "running 0 0 0 2 failed"},
			{"end 3 1 +A +A/y fA/y fA FAIL", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"parts, one dies": {mode: Split, units: "A.2", verdict: "A: A in 2; A failed; status 2", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 2 2 +A +A/x", "running 0 0 0 1 failed"},
			{"end 1 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"parts, one is missed and runs again": {mode: Split, units: "A.2", verdict: "A passed", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"end 1 0 PASS", "running 1 0 1 0"},
			{"take A!.1", "running 0 0 2 0"},
			{"start 2 A.2", "running 0 0 1 1"},
			{"start 3 A!.1", "running 0 0 0 2"},
			{"end 3 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled"},
		}},
		"parts, one is missed twice": {mode: Split, units: "A.2", verdict: "A: A in 3; A failed", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 2 0 +A pA PASS", "running 0 0 0 1"},
			{"end 1 0 PASS", "running 1 0 0 0"},
			{"take A!.1", "running 0 0 1 0"},
			{"start 3 A!.1", "running 0 0 0 1"},
			{"end 3 0 PASS", "running 0 0 0 0 settled failed"},
		}},
		"parts, one dies before the test": {
			mode: Split, units: "A.2 B", verdict: "A failed since " + incomplete + "; the process ended before its first test (exit status 3); process 2; status 3",
			steps: []accountStep{
				{"take A.1; A.2; B", "running 0 0 3 0"},
				{"start 1 A.1", "running 0 0 2 1"},
				{"end 1 0 +A pA PASS", "running 0 0 2 0"},
				{"start 2 A.2", "running 0 0 1 1"},
				{"end 2 3", "dropping 0 0 0 0 settled failed"},
			},
		},
		"parts, one could not be run": {mode: Split, units: "A.2", verdict: "A failed since " + incomplete + "; no such program", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"error 1 no such program", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"parts, dropped": {mode: Split, units: "A.2", verdict: "A failed since " + incomplete + "; called off", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"fail called off", "running 0 0 1 1 failed"},
			{"drop", "dropping 0 0 0 1 failed"},
			{"end 1 0 +A pA PASS", "dropping 0 0 0 0 settled failed"},
		}},
		"parts, not begun": {mode: Split, units: "A.2", verdict: "good", process: Ending{MayIdle: true}, steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 1 0", "running 0 0 0 1"},
			{"end 2 0", "running 0 0 0 0 settled"},
		}},
		"parts, coverage from zero": {mode: Split, units: "A.2", spec: Spec{Baseline: true}, verdict: "A passed", steps: []accountStep{
			{"take A.1; A.2", "running 0 0 2 0"},
			{"start 1 A.1", "running 0 0 1 1"},
			{"start 2 A.2", "running 0 0 0 2"},
			{"end 1 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 baseline"},
			{"baseline", "running 0 0 0 1"},
			{"baseline passes", "running 0 0 0 0 settled"},
		}},
	}
}

// TestJoinedTime: the subtests of all parts count, of what the test does besides the longest.
func TestJoinedTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		shown []Shown
		want  time.Duration
	}{
		"subtests only":      {[]Shown{{Took: 3, Subtests: 3}, {Took: 5, Subtests: 5}}, 8},
		"a set-up in each":   {[]Shown{{Took: 13, Subtests: 3}, {Took: 17, Subtests: 5}}, 3 + 5 + 12},
		"parallel subtests":  {[]Shown{{Took: 3, Subtests: 9}, {Took: 2, Subtests: 8}}, 5},
		"one died at once":   {[]Shown{{Took: 0, Subtests: 0}, {Took: 2, Subtests: 2}}, 2},
		"nothing but a body": {[]Shown{{Took: 4}, {Took: 6}}, 6},
	} {
		var j joint
		for _, s := range tc.shown {
			j.add(Report{Shown: s, Settlement: Settlement{Ended: []Planned{{}}}})
		}
		if got, ok := j.whole("A", len(tc.shown), false); !ok || got.Took != tc.want || !got.Complete {
			t.Errorf("%s: %+v, %v, want %v", name, got, ok, tc.want)
		}
	}
}

// TestJoinedInterrupted: the end of a run makes no failures of what it has cut off.
func TestJoinedInterrupted(t *testing.T) {
	t.Parallel()
	ended := Settlement{Ended: []Planned{{Part: 1}}}
	for name, tc := range map[string]struct {
		parts []Settlement
		want  Joined
		begun bool
	}{
		"nothing began":     {[]Settlement{{Dropped: []Planned{{}}}}, Joined{Test: "A"}, false},
		"one ended":         {[]Settlement{ended}, Joined{Test: "A", Outcome: Skipped, Why: interrupted}, true},
		"one cut off":       {[]Settlement{{Cut: []Planned{{}}}}, Joined{Test: "A", Outcome: Skipped, Why: interrupted}, true},
		"one failed before": {[]Settlement{{Ended: []Planned{{}}, Failed: []string{"A"}}}, Joined{Test: "A", Outcome: Failed}, true},
		"both ended":        {[]Settlement{ended, ended}, Joined{Test: "A", Complete: true}, true},
	} {
		var j joint
		for _, s := range tc.parts {
			j.add(Report{Settlement: s})
		}
		if got, ok := j.whole("A", 2, true); ok != tc.begun || got != tc.want && ok {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, tc.want)
		}
	}
}

// TestRefusedParts: a test of which parts were reported as skipped instead of run is skipped, unless
// another part has failed.
func TestRefusedParts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ steps, want string }{
		"all":                 {"take A.1; A.2|refuse A.1|refuse A.2", "A skipped"},
		"one":                 {"take A.1; A.2|start 1 A.1|refuse A.2|end 1 0 +A pA PASS", "A skipped since " + incomplete + ""},
		"the other one fails": {"take A.1; A.2|start 1 A.1|refuse A.2|end 1 1 +A fA FAIL", "A: A in 1; A failed; status 1"},
	} {
		b := (&accountCase{mode: Split, units: "A.2"}).account()
		for step := range strings.SplitSeq(tc.steps, "|") {
			texts, refused := strings.CutPrefix(step, "refuse ")
			if !refused {
				if _, err := b.do(step); err != nil {
					t.Fatal(err)
				}
				continue
			}
			i := slices.IndexFunc(b.planner, func(task *Task) bool { return text(task) == texts })
			b.Refuse(b.planner[i : i+1])
			b.planner = slices.Delete(b.planner, i, i+1)
			b.BookRefused("no database")
		}
		if got := b.verdict(); got != tc.want || b.Passed() || !b.Settled() {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestNotStartedParts: a test that was given up before any of its parts began is named once.
func TestNotStartedParts(t *testing.T) {
	t.Parallel()
	tc := accountCase{mode: Split, units: "A.3 B C.2"}
	b := tc.account()
	for _, step := range []string{"take A.1; A.2; A.3; B; C.1; C.2", "start 1 C.2", "drop", "end 1 0 +C pC PASS"} {
		if _, err := b.do(step); err != nil {
			t.Fatal(err)
		}
	}
	if got := show(b.NotStarted()); got != "B A" {
		t.Errorf("not started: %s, want B A", got)
	}
}

// TestMissing: subtests that no part has run are asked for once, if all parts have passed and told
// what they ran.
func TestMissing(t *testing.T) {
	t.Parallel()
	parts := []grouping.Part{{Except: []string{"b", "c"}, Expect: []string{"a"}}, {Only: []string{"b", "c"}, Expect: []string{"b", "c"}}}
	ended := Settlement{Ended: []Planned{{Part: 1}}}
	ran := func(names ...string) Report { return Report{Settlement: ended, Shown: Shown{Known: true, Ran: names}} }
	skipped := Report{Settlement: ended, Shown: Shown{Known: true, Skipped: true, Empty: true}}
	for name, tc := range map[string]struct {
		reports []Report
		want    []string
	}{
		"all have run":      {[]Report{ran("a"), ran("b", "c")}, nil},
		"and a new one":     {[]Report{ran("a", "new"), ran("b", "c")}, nil},
		"one has not ended": {[]Report{ran("a")}, nil},
		"one is missing":    {[]Report{ran("a"), ran("c")}, []string{"b"}},
		"all are missing":   {[]Report{ran(), ran()}, []string{"a", "b", "c"}},
		"of the first":      {[]Report{ran(), ran("b", "c")}, []string{"a"}},
		"in another part":   {[]Report{ran("a", "b"), ran("c")}, nil},
		"a part failed":     {[]Report{ran("a"), {Settlement: Settlement{Ended: ended.Ended, Failed: []string{"A"}}, Shown: Shown{Known: true}}}, nil},
		"not known":         {[]Report{ran("a"), {Settlement: ended}}, nil},
		"all skip":          {[]Report{skipped, skipped}, nil},
		"one skips":         {[]Report{ran("a"), skipped}, nil}, // that is a failure
	} {
		u := &Unit{Def: grouping.Unit{Tests: []grouping.Test{{Name: "A"}}}, Parts: slices.Clone(parts)}
		for _, r := range tc.reports {
			u.joint.add(r)
		}
		if got := u.joint.missing(u.Parts); !slices.Equal(got, tc.want) {
			t.Errorf("%s: missing %v, want %v", name, got, tc.want)
		}
		more := u.missed(1)
		if want := tc.want != nil; (len(more) == 1 && more[0].Part == 3 && slices.Equal(u.Parts[2].Only, tc.want)) != want {
			t.Errorf("%s: to run %v in the parts %v", name, more, u.Parts)
		}
		if again := u.missed(1); again != nil {
			t.Errorf("%s: asked for twice: %v", name, again)
		}
	}
}
