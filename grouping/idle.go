package grouping

import (
	"fmt"
	"slices"
	"strings"
)

// IdleOrders returns a warning for each rule whose order has no effect on one of the packages, because
// that is one process in source order. dist is the run's, for packages that no rule gives one.
func IdleOrders(r *Rules, dist Dist, paths []string) []Warning {
	var found idle
	for _, path := range slices.Sorted(slices.Values(paths)) {
		ordered := dist == LoadPackage
		settings := r.Settings(Subject{Package: path})
		for _, s := range settings {
			if s.Key == KeyDist {
				ordered = s.Value.(Dist) == LoadPackage // NewRules has checked the types
			}
		}
		for _, s := range settings {
			if s.Key == KeyShuffle && ordered && s.Value.(PackageOrder).Shuffled {
				found.add(s, fmt.Sprintf("shuffle has no effect on %s: with dist loadpackage its tests run in source order", path))
			}
		}
	}
	return found.warnings
}

// IdleSettings returns a warning for each rule with a value that cannot take from a test what a
// directive gives it. The rules have been applied to the packages.
func IdleSettings(r *Rules, packages []*Package) []Warning {
	var found idle
	for _, p := range slices.SortedFunc(slices.Values(packages), func(a, b *Package) int { return strings.Compare(a.ImportPath, b.ImportPath) }) {
		for _, t := range p.Tests {
			for _, s := range r.Settings(SubjectOf(p, t)) {
				value, directive, gives := "[]", "", false
				switch s.Key {
				case KeySerial:
					value, directive, gives = "false", wordSerial, t.Serial && !s.Value.(bool)
				case KeyLock:
					directive, gives = wordLock, len(t.Locks) > 0 && len(s.Value.([]string)) == 0
				case KeyLabels:
					directive, gives = wordLabel, len(t.Labels) > 0 && len(s.Value.([]string)) == 0
				}
				if gives {
					found.add(s, fmt.Sprintf("%s: %s has no effect on %s of %s, which has //cohort:%s", s.Key, value, t.Name, p.ImportPath, directive))
				}
			}
		}
	}
	return found.warnings
}

// idle are the warnings of settings without effect, one of each.
type idle struct {
	warnings []Warning
	told     map[string]bool // by source and key
}

func (i *idle) add(s Setting, text string) {
	if key := s.Source + " " + s.Key; !i.told[key] {
		if i.told == nil {
			i.told = make(map[string]bool)
		}
		i.told[key] = true
		i.warnings = append(i.warnings, Warning{Text: s.Source + ": " + text})
	}
}
