package adopt

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/hunt"
)

// found makes a finding that passes as go test runs it.
func found(pkg, unit string, kind hunt.Kind, culprits ...string) hunt.Finding {
	f := hunt.Finding{Package: pkg, Unit: unit, Kind: kind, InOrder: hunt.Tally{Runs: 2}, Fix: "//cohort:x"}
	for _, c := range culprits {
		other, test, ok := strings.Cut(c, " ")
		if !ok {
			other, test = pkg, c
		}
		f.Culprits = append(f.Culprits, hunt.Place{Package: other, Test: test})
	}
	return f
}

// with changes a finding.
func with(f hunt.Finding, change func(*hunt.Finding)) hunt.Finding {
	change(&f)
	return f
}

// needs changes a finding to one that passes only after others.
func needs(f *hunt.Finding) { f.Needs = true }

// text is the rules and refusals in short.
func text(a *Adoption) string {
	var parts []string
	for _, r := range a.Rules() {
		var tests []string
		for _, t := range r.Tests {
			tests = append(tests, strings.TrimSuffix(t.Package+"."+t.Name, "."))
		}
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s", r.Kind, r.Name))+": "+strings.Join(tests, " "))
	}
	for _, r := range a.Refusals() {
		word, _, _ := strings.Cut(strings.TrimPrefix(r.Why, "it is "), ":")
		parts = append(parts, fmt.Sprintf("not %s.%s: %s", r.Test.Package, r.Test.Name, word))
	}
	return strings.Join(parts, "; ")
}

// TestPropose has the weakest rule for each kind of finding, and those for which there is none.
func TestPropose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		findings []hunt.Finding
		want     string
	}{
		{"nothing", nil, ""},
		{"order", []hunt.Finding{found("m/p", "TestB", hunt.OrderDependent, "TestA")}, "group p-a: m/p.TestA m/p.TestB"},
		{"order, no culprit", []hunt.Finding{found("m/p", "TestB", hunt.OrderDependent)}, "source order: m/p"},
		{"order, no group helps", []hunt.Finding{with(found("m/p", "TestB", hunt.OrderDependent, "TestA"), func(f *hunt.Finding) { f.Fix = "" })}, "source order: m/p"},
		{"needs, no culprit", []hunt.Finding{with(found("m/p", "TestB", hunt.OrderDependent), needs)}, "one process: m/p"},
		{"needs, no group helps", []hunt.Finding{with(found("m/p", "TestB", hunt.OrderDependent, "TestA"), func(f *hunt.Finding) { f.Fix, f.Needs = "", true })}, "one process: m/p"},
		{"two groups share a test", []hunt.Finding{
			found("m/p", "TestB", hunt.OrderDependent, "TestA"), found("m/p", "TestD", hunt.OrderDependent, "TestC"),
			found("m/p", "TestE", hunt.OrderDependent, "TestD"), found("m/p", "TestF", hunt.OrderDependent, "TestA", "TestC"),
		}, "group p-a: m/p.TestA m/p.TestB m/p.TestC m/p.TestD m/p.TestE m/p.TestF"},
		{"the same names in two packages", []hunt.Finding{
			found("m/p", "TestB", hunt.OrderDependent, "TestA"), found("n/p", "TestB", hunt.OrderDependent, "TestA"),
		}, "group p-a: m/p.TestA m/p.TestB; group p-a-: n/p.TestA n/p.TestB"},
		{"clash", []hunt.Finding{found("m/p", "TestB", hunt.Clash, "TestA"), found("m/p", "TestA", hunt.Clash, "TestB")}, "lock p-a: m/p.TestA m/p.TestB"},
		{"clash of packages", []hunt.Finding{found("m/p", "TestB", hunt.Clash, "m/q TestA")}, "lock p-b: m/p.TestB m/q.TestA"},
		{"odd names", []hunt.Finding{found("m/v1.x+y", "TestÄb", hunt.OrderDependent, "TestA_1")}, "group v1-x-y-a_1: m/v1.x+y.TestA_1 m/v1.x+y.TestÄb"},
		{"clash and order", []hunt.Finding{
			found("m/p", "TestB", hunt.Clash, "TestA"), found("m/p", "TestC", hunt.OrderDependent, "TestB"),
		}, "lock p-a: m/p.TestA m/p.TestB; group p-b: m/p.TestB m/p.TestC"},
		{"shares something unknown", []hunt.Finding{found("m/p", "TestB", hunt.LoadDependent)}, "serial: m/p.TestB"},
		{"too slow", []hunt.Finding{with(found("m/p", "TestB", hunt.LoadDependent), func(f *hunt.Finding) { f.Starved = true })}, "not m/p.TestB: short of time on a busy machine"},
		{"outside the tests", []hunt.Finding{found("m/p", "", hunt.LoadDependent)}, "one process: m/p"},
		{"one process is stronger", []hunt.Finding{
			found("m/p", "TestB", hunt.OrderDependent, "TestA"), found("m/p", "TestC", hunt.OrderDependent), found("m/p", "", hunt.OrderDependent),
			found("m/p", "TestD", hunt.Clash, "m/q TestD"),
		}, "one process: m/p; lock p-d: m/p.TestD m/q.TestD"},
		{"broken", []hunt.Finding{found("m/p", "TestB", hunt.Broken)}, "not m/p.TestB: broken"},
		{"broken in source order", []hunt.Finding{
			with(found("m/p", "TestB", hunt.OrderDependent, "TestA"), func(f *hunt.Finding) { f.InOrder.Failures = 2 }),
		}, "not m/p.TestB: broken"},
		{"flaky", []hunt.Finding{found("m/p", "TestB", hunt.Random)}, "not m/p.TestB: flaky (failed 0 of 0)"},
		{"flaky in source order", []hunt.Finding{with(found("m/p", "TestB", hunt.Clash, "TestA"), func(f *hunt.Finding) { f.InOrder.Failures = 1 })}, "not m/p.TestB: flaky (failed 0 of 0)"},
		{"no time", []hunt.Finding{found("m/p", "TestB", hunt.Unexplained)}, "not m/p.TestB: there was no time to explain it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := text(New(tt.findings, nil)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestProve has proofs as lists of what fails round by round, and what becomes of the rules.
func TestProve(t *testing.T) {
	t.Parallel()
	order := found("m/p", "TestB", hunt.OrderDependent, "TestA")
	clash := found("m/p", "TestB", hunt.Clash, "m/q TestA")
	for _, tt := range []struct {
		name     string
		findings []hunt.Finding
		failed   []string // by round, "" for none; after the last nothing fails
		want     string
		rounds   int // in all
		proved   bool
	}{
		{"nothing to prove", nil, nil, "", 0, false},
		{"holds", []hunt.Finding{order}, nil, "group p-a: m/p.TestA m/p.TestB", 4, true},
		{"group, then source order", []hunt.Finding{order}, []string{"", "m/p.TestB"}, "source order: m/p", 6, true},
		{"group that needs, then one process", []hunt.Finding{with(order, needs)}, []string{"", "m/p.TestB"}, "one process: m/p", 6, true},
		{"joined to a group that needs", []hunt.Finding{with(order, needs), found("m/p", "TestC", hunt.OrderDependent, "TestB")}, []string{"m/p.TestC"}, "one process: m/p", 5, true},
		{"source order, then one process", []hunt.Finding{order}, []string{"m/p.TestB", "m/p.TestB"}, "one process: m/p", 6, true},
		{"two tests of a package fail at once", []hunt.Finding{order}, []string{"m/p.TestA m/p.TestB"}, "source order: m/p", 5, true},
		{"given up", []hunt.Finding{order}, []string{"m/p.TestB", "m/p.TestB", "m/p.TestA"}, "not m/p.: no rule keeps it", 3, false},
		{"given up, others hold", []hunt.Finding{order, found("m/q", "TestB", hunt.OrderDependent, "TestA")}, []string{"m/p.TestB", "m/p.TestB", "m/p.TestA", "m/p.TestA"},
			"group q-a: m/q.TestA m/q.TestB; not m/p.: no rule keeps it", 7, true},
		{"lock, then serial", []hunt.Finding{clash}, []string{"m/p.TestB"}, "lock p-b: m/p.TestB m/q.TestA; serial: m/p.TestB", 5, true},
		{"all of a lock serial", []hunt.Finding{clash}, []string{"m/p.TestB m/q.TestA"}, "serial: m/p.TestB; serial: m/q.TestA", 5, true},
		{"serial, then one process", []hunt.Finding{clash}, []string{"m/p.TestB", "m/p.TestB"},
			"one process: m/p; lock p-b: m/p.TestB m/q.TestA; serial: m/p.TestB", 6, true},
		{"a test without a rule", []hunt.Finding{order}, []string{"m/p.TestC"}, "group p-a: m/p.TestA m/p.TestB; not m/p.TestC: failed in a proof and never before (seed 1, 4 workers)", 4, true},
		{"what is not adopted fails", []hunt.Finding{order, found("m/p", "TestX", hunt.Random)}, []string{"m/p.TestX", "m/p.TestX", "m/p.TestX", "m/p.TestX"},
			"group p-a: m/p.TestA m/p.TestB; not m/p.TestX: flaky (failed 0 of 0)", 4, true},
		{"never the same twice", []hunt.Finding{order}, strings.Fields(strings.Repeat("m/p.TestC m/p.TestD m/p.TestE m/p.TestF ", 4)),
			"", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := New(tt.findings, []Round{{1, 4}, {2, 2}, {3, 8}, {4, 1}})
			rounds := 0
			for {
				if _, more := a.Next(); !more {
					break
				}
				var failed []Test
				if rounds < len(tt.failed) {
					for name := range strings.FieldsSeq(tt.failed[rounds]) {
						pkg, test, _ := strings.Cut(name, ".")
						failed = append(failed, Test{pkg, test})
					}
				}
				a.Observe(failed)
				if rounds++; rounds > 100 {
					t.Fatal("it never ends")
				}
			}
			passed, of := a.Proved()
			if tt.want == "" && tt.findings != nil {
				return // it ends
			}
			if got := text(a); got != tt.want || rounds != tt.rounds || (passed == of) != tt.proved {
				t.Errorf("got  %s after %d rounds, %d of %d\nwant %s after %d rounds", got, rounds, passed, of, tt.want, tt.rounds)
			}
		})
	}
}

// TestReasons has the culprit in each reason.
func TestReasons(t *testing.T) {
	t.Parallel()
	placed := found("m/p", "TestB", hunt.OrderDependent, "TestA")
	placed.Culprits[0].File, placed.Culprits[0].Line = "a_test.go", 7
	for _, tt := range []struct {
		f    hunt.Finding
		want string
	}{
		{placed, "TestB fails after TestA (a_test.go:7)"},
		{with(placed, func(f *hunt.Finding) { f.Needs = true }), "TestB needs TestA (a_test.go:7)"},
		{found("m/p", "TestB", hunt.Clash, "m/q TestA", "TestC"), "TestB clashes with m/q TestA or TestC"},
		{found("m/p", "TestB", hunt.OrderDependent), "TestB depends on what runs before it; no small set of tests is to blame"},
		{found("m/p", "", hunt.LoadDependent), "the package fails while other test processes run; no small set of tests is to blame"},
	} {
		a := New([]hunt.Finding{tt.f}, nil)
		if got := a.Rules()[0].Reasons; !slices.Equal(got, []string{tt.want}) {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
