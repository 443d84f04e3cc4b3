package main

import (
	"fmt"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/hunt"
	"github.com/gotestcohort/cohort/scheduler/hunt/adopt"
)

// tellAdoption prints the rules as debts to pay, what no rule is written for, and a last line.
func (c *command) tellAdoption(a *adopt.Adoption, rep *hunt.Report, head string) error {
	var b strings.Builder
	rules, refusals := a.Rules(), a.Refusals()
	if len(rules) > 0 {
		fmt.Fprintf(&b, "=== %s: %s\n", head, plural(len(rules), "debt", "debts"))
	}
	for _, r := range rules {
		fmt.Fprintf(&b, "%s: %s\n", strings.Join(r.Packages(), ", "), ruleText(r))
		for _, reason := range r.Reasons {
			fmt.Fprintf(&b, "    %s\n", reason)
		}
		fmt.Fprintf(&b, "    to pay: %s\n", payment(r))
	}
	if len(rules) > 0 {
		b.WriteString("\n")
	}
	if len(refusals) > 0 {
		b.WriteString("=== Not adopted\n")
	}
	for _, r := range refusals {
		fmt.Fprintf(&b, "%s: %s\n", strings.TrimSpace(r.Test.Package+" "+r.Test.Name), r.Why)
	}
	if len(refusals) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "ADOPT %d tests in %d packages, %d runs, %d processes, seed %d: ", rep.Units, rep.Packages, rep.Rounds, rep.Processes, rep.Seed)
	passed, of := a.Proved()
	switch {
	case len(rules) == 0 && len(refusals) == 0:
		b.WriteString("every test passed in every way: nothing is written\n")
	case len(rules) == 0:
		b.WriteString("nothing is written\n")
	case passed < of:
		fmt.Fprintf(&b, "%s, which passed only %d of %d proofs\n", plural(len(rules), "rule", "rules"), passed, of)
	default:
		fmt.Fprintf(&b, "%s, proved by %d runs\n", plural(len(rules), "rule", "rules"), of)
	}
	_, err := fmt.Fprint(c.stdout, b.String())
	return err
}

// plural is a number with its word.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// ruleText is a rule in words.
func ruleText(r *adopt.Rule) string {
	var names []string
	for _, t := range r.Tests {
		if t.Name != "" {
			names = append(names, t.Name)
		}
	}
	tests := strings.Join(names, ", ")
	switch r.Kind {
	case adopt.Lock:
		return fmt.Sprintf("lock %s: %s never run at the same time", r.Name, tests)
	case adopt.Group:
		return fmt.Sprintf("group %s: %s run in one process, in source order", r.Name, tests)
	case adopt.Serial:
		return fmt.Sprintf("serial: nothing runs while %s does", tests)
	case adopt.Source:
		return "shuffle: off: its tests run in source order"
	}
	return "dist: loadpackage: it is one process, as go test runs it"
}

// payment says what makes a rule needless.
func payment(r *adopt.Rule) string {
	switch r.Kind {
	case adopt.Lock:
		return "give each test its own (port 0, t.TempDir)"
	case adopt.Group:
		return "let each test set up what it needs, and clean up with t.Cleanup"
	case adopt.Serial:
		return "find out with cohort tool flaky --test what it shares"
	}
	return "cohort tool flaky, one test after the other: let each set up what it needs"
}
