package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/hunt"
)

// Refusal is a test for which no rule is written.
type Refusal struct {
	Test Test
	// Why says it in words: it is broken, random, too slow, ...
	Why string
}

// Round is one run of the suite.
type Round struct {
	Seed    int64
	Workers int
}

// Adoption is the state of an adoption.
type Adoption struct {
	rules    []*Rule
	refusals []Refusal
	rounds   []Round
	proved   int // rounds that have passed with the rules as they are
	tried    int // rounds in all
	last     Round
}

// maxTries is how many times the rounds there may be runs in all: each package can need one more
// when a rule does not hold.
const maxTries = 4

// New begins an adoption with what a hunt has found. The rules are proved when all rounds pass.
func New(findings []hunt.Finding, rounds []Round) *Adoption {
	a := &Adoption{rounds: rounds}
	var rules []*Rule
	for i := range findings {
		if rule, why := propose(&findings[i]); rule != nil {
			rules = append(rules, rule)
		} else {
			a.refuse(testOf(&findings[i]), why)
		}
	}
	a.rules = merge(rules)
	return a
}

// testOf is the test that a finding is about.
func testOf(f *hunt.Finding) Test { return Test{f.Package, f.Unit} }

// propose returns the weakest rule that may keep a unit passing, or why there is none.
func propose(f *hunt.Finding) (*Rule, string) {
	rule := &Rule{Tests: []Test{testOf(f)}, Reasons: []string{reason(f)}}
	if f.Unit == "" {
		rule.Kind = Whole
	}
	switch {
	case f.InOrder.Failures > 0 && f.InOrder.Failures == f.InOrder.Runs, f.Kind == hunt.Broken:
		return nil, "it is broken: it fails as go test runs it too"
	case f.InOrder.Failures > 0, f.Kind == hunt.Random, f.Kind == hunt.NotRepeatable:
		return nil, fmt.Sprintf("it is flaky (failed %d of %d): cohort tool flaky explains it", f.Rounds.Failures, f.Rounds.Runs)
	case f.Kind == hunt.Unexplained:
		return nil, "there was no time to explain it"
	case f.Starved:
		return nil, "it is short of time on a busy machine: wait for the event itself and not for a fixed time, or write //cohort:serial"
	case f.Unit == "":
		return rule, ""
	case f.Kind == hunt.Clash:
		rule.Kind = Lock
	case f.Kind == hunt.OrderDependent && len(f.Culprits) > 0 && f.Fix != "":
		rule.Kind, rule.needs = Group, f.Needs
	case f.Kind == hunt.OrderDependent:
		rule.Kind, rule.Tests = ordered(f.Needs), []Test{{Package: f.Package}}
		return rule, ""
	default:
		rule.Kind = Serial
		return rule, ""
	}
	for _, c := range f.Culprits {
		rule.join(&Rule{Tests: []Test{{c.Package, c.Test}}})
	}
	return rule, ""
}

// ordered is the rule for a package of which no group of tests keeps its order. Source order alone
// does not keep a test that needs others: these may run in another process, which depends on how
// fast the processes are, so that a few proofs may pass all the same.
func ordered(needs bool) Kind {
	if needs {
		return Whole
	}
	return Source
}

// reason says in a line what is the matter with a unit, and who the culprit is.
func reason(f *hunt.Finding) string {
	who := f.Unit
	if who == "" {
		who = "the package"
	}
	culprits := make([]string, len(f.Culprits))
	for i, c := range f.Culprits {
		culprits[i] = c.Test
		if c.File != "" {
			culprits[i] = fmt.Sprintf("%s (%s:%d)", c.Test, c.File, c.Line)
		}
		if c.Package != f.Package {
			culprits[i] = c.Package + " " + culprits[i]
		}
	}
	blamed := strings.Join(culprits, " and ")
	switch {
	case f.Kind == hunt.Clash:
		return who + " clashes with " + strings.Join(culprits, " or ")
	case f.Kind == hunt.OrderDependent && blamed != "" && f.Needs:
		return who + " needs " + blamed
	case f.Kind == hunt.OrderDependent && blamed != "":
		return who + " fails after " + blamed
	case f.Kind == hunt.OrderDependent:
		return who + " depends on what runs before it; no small set of tests is to blame"
	}
	return who + " fails while other test processes run; no small set of tests is to blame"
}

func (a *Adoption) refuse(t Test, why string) {
	if !slices.ContainsFunc(a.refusals, func(r Refusal) bool { return r.Test == t }) {
		a.refusals = append(a.refusals, Refusal{t, why})
	}
}

// Rules returns the rules as they are, sorted by package and test.
func (a *Adoption) Rules() []*Rule { return a.rules }

// Refusals returns what no rule is for.
func (a *Adoption) Refusals() []Refusal { return a.refusals }

// Proved returns how many rounds have passed with the rules as they are, of how many.
func (a *Adoption) Proved() (passed, of int) { return a.proved, len(a.rounds) }

// Next returns the round to run with the rules as they are; false if they are proved, there is
// nothing to prove, or too much was tried: see Proved.
func (a *Adoption) Next() (Round, bool) {
	if len(a.rules) == 0 || a.proved >= len(a.rounds) || a.tried >= maxTries*len(a.rounds) {
		return Round{}, false
	}
	a.last = a.rounds[a.proved]
	return a.last, true
}

// Observe takes the tests that have failed in the round that Next returned. A rule that did not
// hold becomes a stronger one, and the proof begins again.
func (a *Adoption) Observe(failed []Test) {
	a.tried++
	a.proved++
	raised := make(map[string]bool) // packages: one stronger rule at a time
	for _, t := range failed {
		if !a.refused(t) && !raised[t.Package] && a.raise(t) {
			a.proved, raised[t.Package] = 0, true
		}
	}
	a.rules = merge(a.rules)
}

// refused reports whether a failure of the test says nothing about rules.
func (a *Adoption) refused(t Test) bool {
	return slices.ContainsFunc(a.refusals, func(r Refusal) bool {
		return r.Test == t || r.Test.Package == t.Package && (r.Test.Name == "" || t.Name == "")
	})
}

// raise puts a stronger rule in place of the one that did not keep a test passing.
// It reports whether there was one.
func (a *Adoption) raise(t Test) bool {
	where := fmt.Sprintf("(seed %d, %d workers)", a.last.Seed, a.last.Workers)
	at := -1
	for i, r := range a.rules {
		if r.covers(t) && (at < 0 || r.Kind > a.rules[at].Kind) {
			at = i
		}
	}
	if at < 0 {
		a.refuse(t, "failed in a proof and never before "+where+": find out with cohort tool flaky, or adopt again with more --runs")
		return false
	}
	old := a.rules[at]
	whole := &Rule{Kind: Whole, Tests: []Test{{Package: t.Package}}, Reasons: slices.Clone(old.Reasons)}
	switch old.Kind {
	case Lock: // it stays for the other tests
		a.rules = append(a.rules, &Rule{Kind: Serial, Tests: []Test{t}, Reasons: whole.Reasons})
	case Group:
		whole.Kind = ordered(old.needs)
		a.rules[at] = whole
	case Serial:
		a.rules = append(a.rules, whole)
	case Source:
		a.rules[at] = whole
	case Whole:
		a.rules = slices.Delete(a.rules, at, at+1)
		a.refuse(Test{Package: t.Package}, fmt.Sprintf("no rule keeps it: %s failed in one process too %s", t.Name, where))
	}
	return true
}
