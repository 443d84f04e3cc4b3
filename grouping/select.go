package grouping

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Selection is what of a package is to run.
type Selection struct {
	// Units are the units with the members that run, as [Units] returns them.
	Units []Unit
	// Added are the members that run although they are not selected, or not in full, since they
	// come before one that is, by group. It is empty with PartialGroups.
	Added []Added
	// Warnings are sorted by file and line.
	Warnings []Warning

	filter *Filter
	skip   string
	plain  bool
	whole  map[string]bool // names that run with all subtests, whatever -run and -skip say
}

// Added says what a group has beyond what is selected. Names are in the order of the group.
type Added struct {
	Group string
	// Tests are the members that nothing selects.
	Tests []string
	// Widened are the members of which -run or -skip select a part; they run in full.
	Widened []string
}

// Select returns what of a package is to run. It differs from [Units] for declared groups, whose
// members are steps of which each needs the ones before it: every member that comes before one
// that runs, runs too, and with all its subtests, also if -skip or a / in -run leaves it out or
// a part of it. The last member that is selected is the exception: what -run and -skip say of its
// subtests holds, as nothing comes after it. So -run TestPay/card runs the members before TestPay
// and of TestPay the subtest card; members after it do not run.
//
// With PartialGroups nothing is added, and a warning per group names what is left out before a
// member that runs.
//
// A group is selected by label, or by Only, as a whole. Under [Load] no test is in a group, and
// under [LoadPackage] the package is what go test would run of it: there nothing is added.
func Select(p *Package, o Options) (*Selection, error) {
	s, err := choose(p, o)
	if err != nil {
		return nil, err
	}
	var added []Added
	var warnings []Warning
	for _, d := range s.drafts {
		switch {
		case d.kind != declared:
		case o.PartialGroups:
			if w, ok := d.leftOut(p, s.filter); ok {
				warnings = append(warnings, w)
			}
		default:
			if a := s.complete(d); len(a.Tests)+len(a.Widened) > 0 {
				added = append(added, a)
			}
		}
	}
	sel := s.selection(p, o)
	sel.Added = added
	sel.Warnings = append(sel.Warnings, warnings...)
	sortWarnings(sel.Warnings)
	return sel, nil
}

// Plain reports whether this is what a test binary runs that is given the -run and -skip patterns
// of the user as they are.
func (s *Selection) Plain() bool { return s.plain }

// Partial reports whether of a test that runs some subtests may not, since -run or -skip select a part.
func (s *Selection) Partial(name string) bool { return !s.whole[name] && s.filter.partial(name) }

// Keep leaves only the units of which keep reports true. They then run by their names, so that the
// selection is no longer plain.
func (s *Selection) Keep(keep func(Unit) bool) {
	s.plain = false
	s.Units = slices.DeleteFunc(s.Units, func(u Unit) bool { return !keep(u) })
}

// Patterns returns the values of -test.run and -test.skip with which a test binary runs exactly
// these tests of the selection, and of each the subtests that it should. The second is given
// instead of the user's own -skip; "" means no such flag.
func (s *Selection) Patterns(names []string) (run, skip string, err error) {
	if !slices.ContainsFunc(names, func(name string) bool { return s.whole[name] }) {
		run, err = s.filter.RunPattern(names)
		return run, s.skip, err
	}
	run, err = s.filter.runPattern(names, s.whole)
	return run, s.filter.skipPattern(names, s.whole), err
}

// choice is a package in the making: all of its units, and which tests of them are selected.
type choice struct {
	filter *Filter
	drafts []*draft
	whole  map[string]bool
}

// draft is a unit with all its tests.
type draft struct {
	unitKey
	tests  []Test
	labels []string // of all tests
	chosen []bool   // by the tests' numbers
}

// choose makes the drafts of a package and decides what is selected.
func choose(p *Package, o Options) (*choice, error) {
	filter, err := NewFilter(o.Run, o.Skip)
	if err != nil {
		return nil, err
	}
	groups, err := declaredGroups(p, o)
	if err != nil {
		return nil, err
	}
	s := &choice{filter: filter, whole: make(map[string]bool)}
	files := fileByName(p)
	index := make(map[unitKey]*draft)
	labels := make(map[string][]string) // by name
	for _, t := range p.Tests {
		t.Group = groups[t.Name]
		key := keyOf(t, o.Dist, p.ImportPath, files)
		d := index[key]
		if d == nil {
			d = &draft{unitKey: key}
			index[key] = d
			s.drafts = append(s.drafts, d)
		}
		d.tests = append(d.tests, t)
		d.labels = union(d.labels, t.Labels)
		labels[t.Name] = union(labels[t.Name], t.Labels)
	}
	for _, d := range s.drafts {
		d.choose(filter, o, labels)
	}
	return s, nil
}

// choose decides which tests of the unit are selected.
func (d *draft) choose(filter *Filter, o Options, labels map[string][]string) {
	d.chosen = make([]bool, len(d.tests))
	if o.Only != nil && !slices.ContainsFunc(d.tests, func(t Test) bool { return o.Only(t.Name) }) {
		return
	}
	for i, t := range d.tests {
		has := labels[t.Name]
		if d.kind == declared {
			has = d.labels
		}
		d.chosen[i] = filter.Match(t.Name) && (o.Label == nil || o.Label.Match(has))
	}
}

// last returns the number of the last test that runs, or -1.
func (d *draft) last() int {
	for i, chosen := range slices.Backward(d.chosen) {
		if chosen {
			return i
		}
	}
	return -1
}

// complete lets every member of a group run, whole, that comes before one that runs.
func (s *choice) complete(d *draft) Added {
	a := Added{Group: d.group}
	// A name may stand for two members, of which the second comes after what was the last: then
	// members before that one are missing in turn.
	for i := 0; i < d.last(); i++ {
		if d.chosen[i] {
			continue
		}
		name := d.tests[i].Name
		a.Tests = append(a.Tests, name)
		s.whole[name] = true
		for j, t := range d.tests {
			d.chosen[j] = d.chosen[j] || t.Name == name
		}
	}
	last := d.last()
	for i := range max(last, 0) {
		name := d.tests[i].Name
		follows := func(t Test) bool { return t.Name != name }
		if !s.whole[name] && s.filter.partial(name) && slices.ContainsFunc(d.tests[i+1:last+1], follows) {
			a.Widened = append(a.Widened, name)
			s.whole[name] = true
		}
	}
	return a
}

// leftOut returns the warning for a group of which members do not run, or not in full, that come
// before one that runs.
func (d *draft) leftOut(p *Package, filter *Filter) (w Warning, ok bool) {
	var missing []string
	last := d.last()
	for i := range max(last, 0) {
		name := d.tests[i].Name
		switch {
		case !d.chosen[i]:
			missing = append(missing, name)
		case filter.partial(name) && name != d.tests[last].Name:
			missing = append(missing, "a part of "+name)
		}
	}
	if len(missing) == 0 {
		return w, false
	}
	t := d.tests[last]
	return Warning{File: filepath.Join(p.Dir, t.File), Line: t.Line, Text: fmt.Sprintf(
		"group %s runs without %s, which comes before %s: steps that need it may fail (--whole-groups runs it too)",
		d.group, enumerate(slices.Compact(missing)), t.Name)}, true
}

// enumerate lists the first names and says how many more there are.
func enumerate(names []string) string {
	const most = 5
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// selection returns the units of the tests that run, and what is to be said of them.
func (s *choice) selection(p *Package, o Options) *Selection {
	sel := &Selection{filter: s.filter, skip: o.Skip, plain: len(s.whole) == 0, whole: s.whole}
	for _, d := range s.drafts {
		u := Unit{Group: d.group, Declared: d.kind == declared}
		asked := false
		for i, t := range d.tests {
			sel.plain = sel.plain && d.chosen[i] == s.filter.Match(t.Name)
			if d.chosen[i] {
				u.add(t)
				asked = asked || t.Split
				sel.Warnings = append(sel.Warnings, unitWarnings(p, t, d.unitKey, o.Dist)...)
			}
		}
		if len(u.Tests) == 0 {
			continue
		}
		name := u.Tests[0].Name
		if u.Split && s.filter.partial(name) {
			u.Split = false
		} else if asked && d.kind == single && !u.Split {
			t := u.Tests[0]
			sel.Warnings = append(sel.Warnings, Warning{File: filepath.Join(p.Dir, t.File), Line: t.Line, Text: fmt.Sprintf(
				"%s is not split: the internal and the external test package both have a test of that name", t.Name)})
		}
		sel.Units = append(sel.Units, u)
	}
	// The order of units is that of their first members that run.
	place := make(map[testID]int, len(p.Tests))
	for i, t := range p.Tests {
		place[testID{t.Name, t.External}] = i
	}
	slices.SortStableFunc(sel.Units, func(a, b Unit) int {
		return place[testID{a.Tests[0].Name, a.Tests[0].External}] - place[testID{b.Tests[0].Name, b.Tests[0].External}]
	})
	sortWarnings(sel.Warnings)
	return sel
}
