package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// transitions are those that TestAccount covers; it fails if it misses one of them or takes
// another. A line has the mode and state of an account, and what happens to it in them: "end" is
// the end of a process whose settlement has nothing in it, "end-again" of one whose tests are to
// run again, and so on. Every transition is here for at least one mode. Those that depend on the
// mode (what is handed over first, where the rest of a process goes) are here for each.
//
// From running, drop leads to dropping, and so does the end of a process that died before its
// first test; close leads to closed, from both. Everything else stays in its state. What must not
// happen is in TestAccountCheck.
const transitions = `
	split running: take start error fail drop close
	split running: baseline baseline-passes baseline-fails
	split running: end-ended end-failed end-broken end-again end-skipped end-lost end-dropped end-idle end-package
	split dropping: take error fail drop close
	split dropping: baseline-passes baseline-fails
	split dropping: end-ended end-failed end-broken end-again end-dropped end-package
	split closed: take fail drop
	bundled running: take start drop close
	bundled running: baseline baseline-passes
	bundled running: end-ended end-failed end-broken end-again end-skipped end-dropped end-idle end-package
	bundled dropping: end-ended close
	whole running: take start fail drop close
	whole running: baseline baseline-passes
	whole running: end end-ended end-failed end-broken end-again end-skipped end-lost end-dropped end-idle end-package
	whole dropping: take end-ended end-failed end-broken end-again end-package close
	opaque running: take start error drop close
	opaque running: end end-failed end-package
	opaque dropping: end close
`

// accountCase is a package, and what happens to it: a line per step, and the state after it (see
// [bookkeeper.state] and [bookkeeper.do]).
type accountCase struct {
	mode    Mode
	units   string
	spec    Spec   // the rest of it
	process Ending // what its processes have in common
	steps   []accountStep
	verdict string
}

type accountStep struct{ do, state string }

// modeNames are the modes as the tables call them.
var modeNames = [...]string{Split: "split", Bundled: "bundled", Whole: "whole", Opaque: "opaque"}

// account makes the account of the case.
func (tc *accountCase) account() *bookkeeper {
	s := tc.spec
	s.Mode = tc.mode
	s.Units, s.Names = unitsOf(tc.units)
	s.Count, s.CPUs, s.Workers = max(1, s.Count), max(1, s.CPUs), max(1, s.Workers)
	if s.ListSize == 0 {
		s.ListSize = 1 << 10
	}
	return newBookkeeper(s, tc.process)
}

func TestAccount(t *testing.T) {
	t.Parallel()
	seen := make(map[string]map[string]bool)
	for name, tc := range accountCases() {
		b := tc.account()
		for i, step := range tc.steps {
			before := modeNames[tc.mode] + " " + b.State().String()
			what, err := b.do(step.do)
			if err != nil {
				t.Fatalf("%s, step %d, %s: %v", name, i+1, step.do, err)
			}
			b.Check()
			if got := b.state(); got != step.state {
				t.Errorf("%s, step %d, %s: %s, want %s", name, i+1, step.do, got, step.state)
			}
			if seen[before] == nil {
				seen[before] = make(map[string]bool)
			}
			for _, w := range what {
				seen[before][w] = true
			}
		}
		if got := b.verdict(); got != tc.verdict {
			t.Errorf("%s: %s, want %s", name, got, tc.verdict)
		}
	}
	for line := range strings.Lines(strings.TrimSpace(transitions)) {
		where, list, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for what := range strings.FieldsSeq(list) {
			if !seen[where][what] {
				t.Errorf("%s: no case for %s", where, what)
			}
			delete(seen[where], what)
		}
	}
	for where, rest := range seen {
		if len(rest) > 0 {
			t.Errorf("%s: not in the list: %v", where, slices.Sorted(maps.Keys(rest)))
		}
	}
}

// TestAccountCheck has accounts that cannot be, and how they come about.
func TestAccountCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		units string
		steps string // with | between them
		spoil func(a *Account)
		want  string // in the panic
	}{
		"started without a task":    {"A", "", func(a *Account) { a.Start([]*Task{a.TaskOf(a.Units()[0])}) }, "running has 1 tasks ready, 0 later, -1 with the planner, 1 processes"},
		"started after a drop":      {"A", "take A|drop|start 1 A", nil, "dropping has 0 tasks ready, 0 later, -1 with the planner, 1 processes"},
		"ended twice":               {"A", "take A|start 1 A|end 1 0 +A pA PASS|end 1 0 PASS", nil, "running has 0 tasks ready, 0 later, 0 with the planner, -1 processes"},
		"baseline ended twice":      {"A", "take A|start 1 A|end 1 0 +A pA PASS|baseline passes", nil, "-1 processes"},
		"dropping with a task":      {"A", "", func(a *Account) { a.state = Dropping }, "dropping has 1 tasks ready"},
		"dropping with a rest":      {"A", "drop", func(a *Account) { a.rest = []*Task{{}} }, "dropping has 0 tasks ready, 1 later"},
		"dropping, planner has one": {"A", "drop", func(a *Account) { a.waiting = []*Task{{}} }, "0 later, 1 with the planner"},
		"closed while one is ready": {"A", "close", nil, "closed has 1 tasks ready"},
		"closed while one waits":    {"A", "take A|close", nil, "closed has 0 tasks ready, 0 later, 1 with the planner, 0 processes"},
		"closed while one runs":     {"A", "take A|start 1 A|close", nil, "closed has 0 tasks ready, 0 later, 0 with the planner, 1 processes"},
		"baseline after the close":  {"A", "drop|close|baseline", nil, "closed has 0 tasks ready, 0 later, 0 with the planner, 1 processes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := (&accountCase{units: tc.units}).account()
			for step := range strings.SplitSeq(tc.steps, "|") {
				if step == "" {
					continue
				}
				if _, err := b.do(step); err != nil {
					t.Fatal(err)
				}
			}
			if tc.spoil != nil {
				b.Check()
				tc.spoil(b.Account)
			}
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tc.want) {
					t.Errorf("%s, want %s", got, tc.want)
				}
			}()
			b.Check()
		})
	}
}
