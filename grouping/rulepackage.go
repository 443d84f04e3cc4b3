package grouping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Keys of Rule.Set that are about packages as a whole. A rule that sets one matches by Package
// alone.
const (
	KeyDist     = "dist"     // Dist
	KeyShuffle  = "shuffle"  // PackageOrder
	KeyTestMain = "testmain" // bool: a package with a TestMain is split
)

// PackageOrder is the order of the tests of a package.
type PackageOrder struct {
	// Shuffled reports whether it is random, by Seed if Seeded and else by the seed of the run.
	Shuffled, Seeded bool
	Seed             int64
}

// Manner is what rules say of a package as a whole. What they do not say is zero or nil.
type Manner struct {
	Dist          Dist
	Order         *PackageOrder
	SplitTestMain *bool
}

// Manner returns what the rules say of a package as a whole.
func (r *Rules) Manner(importPath string) Manner {
	var m Manner
	for _, setting := range r.Settings(Subject{Package: importPath}) {
		switch value := setting.Value; setting.Key {
		case KeyDist:
			m.Dist = value.(Dist) // NewRules has checked the types
		case KeyShuffle:
			order := value.(PackageOrder)
			m.Order = &order
		case KeyTestMain:
			split := value.(bool)
			m.SplitTestMain = &split
		}
	}
	return m
}

// packageKey reports whether a key is about packages as a whole.
func packageKey(key string) bool {
	return slices.Contains([]string{KeyDist, KeyShuffle, KeyTestMain}, key)
}

// checkPackage returns what is wrong with such a key.
func (r *Rule) checkPackage(key string) []error {
	var errs []error
	if m := r.Match; m.Label != nil || m.Test != nil || m.Group != nil {
		errs = append(errs, fmt.Errorf("%s is about whole packages: match by package alone, not by label, test or group", key))
	}
	var ok bool
	switch value := r.Set[key]; key {
	case KeyDist:
		var dist Dist
		if dist, ok = value.(Dist); ok {
			if _, err := ParseDist(string(dist)); err != nil {
				errs = append(errs, fmt.Errorf("dist: %w", err))
			}
		}
	case KeyShuffle:
		_, ok = value.(PackageOrder)
	case KeyTestMain:
		_, ok = value.(bool)
	}
	if !ok {
		errs = append(errs, errors.New(key+": the value has a wrong type"))
	}
	return errs
}

// SubjectOfPackage returns what rules see of a package as a whole, such as one that failed outside
// its tests: the labels that all of its tests have.
func SubjectOfPackage(p *Package) Subject {
	s := Subject{Package: p.ImportPath}
	for i, t := range p.Tests {
		if i == 0 {
			s.Labels = slices.Clone(t.Labels)
		}
		s.Labels = slices.DeleteFunc(s.Labels, func(label string) bool { return !slices.Contains(t.Labels, label) })
	}
	return s
}

// Sets reports whether a rule sets one of the keys.
func (r *Rules) Sets(keys ...string) bool {
	return r != nil && slices.ContainsFunc(r.rules, func(rule Rule) bool {
		return slices.ContainsFunc(keys, func(key string) bool { _, ok := rule.Set[key]; return ok })
	})
}

// Values returns the values that rules give a key, in their order.
func (r *Rules) Values(key string) []any {
	if r == nil {
		return nil
	}
	var values []any
	for _, rule := range r.rules {
		if value, ok := rule.Set[key]; ok {
			values = append(values, value)
		}
	}
	return values
}

// Text returns what the rules say of some keys, as a text that is another one if that is
// something else; "" if they say nothing.
func (r *Rules) Text(keys ...string) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	for _, rule := range r.rules {
		var set []string
		for _, key := range keys {
			if value, ok := rule.Set[key]; ok {
				set = append(set, fmt.Sprintf("%s=%q", key, fmt.Sprint(value)))
			}
		}
		if len(set) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", rule.Match, strings.Join(set, " "))
		}
	}
	return b.String()
}

// String returns the conditions in words of a configuration file.
func (c Condition) String() string {
	var parts []string
	add := func(given bool, key string, value fmt.Stringer) {
		if given {
			parts = append(parts, fmt.Sprintf("%s=%q", key, value))
		}
	}
	add(c.Label != nil, "label", c.Label)
	add(c.Test != nil, "test", c.Test)
	if c.Package != "" {
		parts = append(parts, fmt.Sprintf("package=%q", c.Package))
	}
	add(c.Group != nil, "group", c.Group)
	return strings.Join(parts, " ")
}
