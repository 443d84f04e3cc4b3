package adopt

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is what a rule does.
type Kind uint8

// The kinds, the weakest first.
const (
	Lock   Kind = iota // the tests do not run at the same time
	Group              // the tests run in one process, in source order
	Serial             // nothing runs at the same time as the tests
	Source             // the package's tests run in source order, in one process or more
	Whole              // the package is one process in source order, as go test runs it
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{"lock", "group", "serial", "source order", "one process"}[k]
}

// Test is a top-level test.
type Test struct {
	Package string // import path
	Name    string // "" for what a package does outside its tests
}

// Rule keeps tests passing.
type Rule struct {
	Kind Kind
	// Name is that of the lock or group.
	Name string
	// Tests are what the rule is about, sorted. A rule of kind Source or Whole has one without a
	// name: its package. Only a lock has tests of several packages.
	Tests []Test
	// Reasons say what is the matter, with the culprit: a debt to pay.
	Reasons []string
	// needs reports that one of the tests fails without others before it.
	needs bool
}

// Packages returns the packages of the rule's tests, sorted.
func (r *Rule) Packages() []string {
	var list []string
	for _, t := range r.Tests {
		list = append(list, t.Package)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Names returns the names of the rule's tests in a package.
func (r *Rule) Names(pkg string) []string {
	var list []string
	for _, t := range r.Tests {
		if t.Package == pkg && t.Name != "" {
			list = append(list, t.Name)
		}
	}
	return list
}

// packageWide reports whether the rule is about packages as a whole.
func (r *Rule) packageWide() bool { return r.Kind >= Source }

// covers reports whether the rule is about a test.
func (r *Rule) covers(t Test) bool {
	if r.packageWide() {
		return r.Tests[0].Package == t.Package
	}
	return slices.Contains(r.Tests, t)
}

// touches reports whether two rules are about a common test.
func (r *Rule) touches(o *Rule) bool {
	return slices.ContainsFunc(r.Tests, func(t Test) bool { return slices.Contains(o.Tests, t) })
}

// join adds the tests and reasons of another rule.
func (r *Rule) join(o *Rule) {
	r.Tests = append(r.Tests, o.Tests...)
	slices.SortFunc(r.Tests, compareTests)
	r.Tests = slices.Compact(r.Tests)
	r.needs = r.needs || o.needs
	for _, reason := range o.Reasons {
		if !slices.Contains(r.Reasons, reason) {
			r.Reasons = append(r.Reasons, reason)
		}
	}
}

func compareTests(a, b Test) int {
	return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
}

// merge joins rules of one kind that have a test in common: a test is in one group, and what
// clashes needs one lock. A package's stronger rule replaces its weaker ones, locks aside: they
// keep its tests apart from those of other packages.
func merge(rules []*Rule) []*Rule {
	var merged []*Rule
	for _, r := range rules {
		var rest []*Rule
		for _, m := range merged {
			if m.Kind == r.Kind && m.touches(r) {
				m.join(r)
				r = m
			} else {
				rest = append(rest, m)
			}
		}
		merged = append(rest, r)
	}
	all := slices.Clone(merged)
	merged = slices.DeleteFunc(merged, func(r *Rule) bool { return r.needless(all) })
	slices.SortFunc(merged, func(a, b *Rule) int {
		return cmp.Or(compareTests(a.Tests[0], b.Tests[0]), cmp.Compare(a.Kind, b.Kind))
	})
	name(merged)
	return merged
}

// needless reports whether stronger rules do what a rule does.
func (r *Rule) needless(all []*Rule) bool {
	by := func(kind Kind) func(Test) bool {
		return func(t Test) bool {
			return slices.ContainsFunc(all, func(o *Rule) bool { return o.Kind == kind && o.covers(t) })
		}
	}
	switch r.Kind {
	case Lock:
		return !slices.ContainsFunc(r.Tests, func(t Test) bool { return !by(Serial)(t) })
	case Group, Source:
		return by(Whole)(r.Tests[0])
	}
	return false
}

// plain is a character as names of locks and groups may have it.
func plain(c rune) rune {
	if c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return c
	}
	return '-'
}

// name names locks and groups after their first tests, each differently.
func name(rules []*Rule) {
	seen := make(map[string]bool)
	for _, r := range rules {
		if r.Kind > Group {
			continue
		}
		word := strings.ToLower(strings.Trim(strings.TrimPrefix(r.Tests[0].Name, "Test"), "_"))
		if word == "" {
			word = "test"
		}
		dir := r.Tests[0].Package[strings.LastIndex(r.Tests[0].Package, "/")+1:]
		r.Name = strings.Map(plain, dir+"-"+word)
		for seen[r.Name] {
			r.Name += "-"
		}
		seen[r.Name] = true
	}
}
