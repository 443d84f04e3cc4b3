package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestSettleGroups has processes that run several groups beside loose tests, as in a
// package with TestMain: what begins with g or h is in a group.
func TestSettleGroups(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		plan    string
		process script.Process
		code    int
		want    string
		why     string // of what is skipped
	}{
		"dies in a group":       {"A g1 g2 h1 B", "+A pA +g1", 2, "ended: A g1; failed: g1; broken: g1; again: h1 B; skipped: g2", "g1 failed earlier in group g"},
		"dies beside a group":   {"g1 g2 A h1", "+g1 pg1 +A", 2, "ended: g1 A; failed: A; broken: A; again: h1; skipped: g2", "the process of group g ended early (exit status 2)"},
		"dies before a group":   {"A g1 g2", "+A", 2, "ended: A; failed: A; broken: A; again: g1 g2", ""},
		"dies after a group":    {"g1 g2 A B", "+g1 pg1 +g2 pg2 +A", 2, "ended: g1 g2 A; failed: A; broken: A; again: B", ""},
		"goes on after failure": {"g1 g2 A", "+g1 fg1 +g2 pg2 +A pA FAIL", 1, "ended: g1 g2 A; failed: g1", ""},
		"overlooks a member":    {"g1 g2 A", "+g1 pg1 +A pA PASS", 0, "ended: g1 A; lost: g2", ""},
		"overlooks a group":     {"g1 g2 A", "+A pA PASS", 0, "ended: A; again: g1! g2!", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tests := plans(tc.plan)
			for i, p := range tests {
				if strings.ContainsAny(p.Name[:1], "gh") {
					tests[i].Group = p.Name[:1]
				}
			}
			e, s := read(tc.process, Ending{Code: tc.code, Planned: tests})
			if got := s.String(); got != tc.want {
				t.Errorf("%q: got  %s\nwant %s", tc.process, got, tc.want)
			}
			for _, p := range s.Skipped {
				if p.Why != tc.why {
					t.Errorf("reason %q, want %q", p.Why, tc.why)
				}
			}
			checkSettlement(t, e, s)
		})
	}
}

// TestBundle checks that no more tasks are made than there are workers, and that none
// is lost.
func TestBundle(t *testing.T) {
	t.Parallel()
	for groups := range 6 {
		for loose := range 6 {
			for workers := 1; workers < 6; workers++ {
				var tasks []*Task
				for i := range groups + loose {
					u := &Unit{}
					if i < groups {
						u.Def = grouping.Unit{Group: "g", Declared: true}
					}
					tasks = append(tasks, &Task{Unit: u, Known: true, Tests: []Planned{{Name: string(rune('a' + i))}, {Name: string(rune('A' + i))}}})
				}
				got := bundle(tasks, workers)
				alone := 0
				var names []string
				for _, t := range got {
					if t.Unit == nil || t.Unit.Def.Group != "" {
						alone++
					}
					for _, p := range t.Tests {
						names = append(names, p.Name)
					}
				}
				slices.Sort(names)
				if alone > workers || len(slices.Compact(names)) != 2*(groups+loose) {
					t.Errorf("%d groups, %d loose tests, %d workers: %d tasks, %d tests", groups, loose, workers, alone, len(names))
				}
			}
		}
	}
}

// TestSubtests follows what a rerun has to show.
func TestSubtests(t *testing.T) {
	t.Parallel()
	owed := func() map[string]bool { return map[string]bool{"A/x": true, "A/x/y": true, "B/z": true} }
	for reports, want := range map[string]string{
		"":                         "A/x A/x/y B/z",
		"pA/x pA":                  "A/x/y B/z",
		"pA/x/y pA/x pA pB/z pB":   "",
		"sA":                       "B/z",
		"sA/x pA pB/z":             "",
		"sA/xx pA":                 "A/x A/x/y B/z",
		"fA/x/y fA/x fA pB/z fA/w": "",
	} {
		s := NewTranscript(owed())
		for _, word := range strings.Fields(reports) {
			kind := map[byte]testbin.Kind{'p': testbin.KindPass, 'f': testbin.KindFail, 's': testbin.KindSkip}[word[0]]
			s.Event(testbin.Event{Kind: kind, Test: word[1:]})
		}
		if got := strings.Join(s.Missing(), " "); got != want {
			t.Errorf("after %q: %q is missing, want %q", reports, got, want)
		}
	}
}
