package hunt

import (
	"slices"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// binary is a test binary that was kept for the hunt. It is not changed once
// it has been collected.
type binary struct {
	path    string // of the package
	program string // the file
	dir     string // where it runs
	env     []string
	args    *gotest.BinaryArgs
	list    *grouping.Package
	units   []*unit // in source order
	// itself stands for the failures of the package outside its tests.
	itself *unit
	// together reports that the units share one process in every round.
	together bool
	// fixed is the order of every round, nil for one that differs.
	fixed *order
	// selection is what differs from what args select, nil for nothing.
	selection *grouping.Selection
	// byTest finds the unit of a test.
	byTest map[string]*unit
	// shuffled and rest are the units of all tests that -shuffle permutes, and
	// of those that follow them; nil for a test that is not selected.
	shuffled, rest []*unit
	// known are all top-level tests, the ones that are not selected too.
	known map[string]bool
}

// unit is what is hunted: a group, a single test, or a package as a whole.
type unit struct {
	bin *binary
	// name is that of the group or test, "" for the package.
	name  string
	names []string // of its tests, in source order
	def   grouping.Unit
	place int // in source order
}

// newBinary enters the units in source order.
func newBinary(list *grouping.Package, units []grouping.Unit) *binary {
	b := &binary{path: list.ImportPath, list: list, args: gotest.ParseBinaryArgs(nil), byTest: make(map[string]*unit), known: make(map[string]bool)}
	b.itself = &unit{bin: b, place: len(units)}
	for _, t := range list.Tests {
		b.known[t.Name] = true
	}
	for i, def := range units {
		u := &unit{bin: b, name: def.Name(), names: def.Names(), def: def, place: i}
		b.units = append(b.units, u)
		for _, name := range u.names {
			b.byTest[name] = u
		}
	}
	for _, t := range list.Tests {
		if t.Kind == grouping.KindTest {
			b.shuffled = append(b.shuffled, b.byTest[t.Name])
		} else {
			b.rest = append(b.rest, b.byTest[t.Name])
		}
	}
	return b
}

// isPackage reports whether the unit stands for a whole package.
func (u *unit) isPackage() bool { return u == u.bin.itself }

// grouped reports whether the unit has an order of its own to keep.
func (u *unit) grouped() bool { return u.def.Group != "" }

// loose reports whether the unit may share a process.
func (u *unit) loose() bool { return !u.grouped() && !u.def.Serial }

// times is how often a process runs a name: the internal and the external test
// package may both have it.
func (u *unit) times(name string) int {
	n := 0
	for _, t := range u.def.Tests {
		if t.Name == name {
			n++
		}
	}
	return n
}

// order is the order in which one process runs its tests.
type order struct {
	shuffled bool
	seed     int64
}

// fixedOrder returns the order that a rule gives a package in every round, nil for none.
func fixedOrder(o *grouping.PackageOrder) *order {
	switch {
	case o == nil || o.Shuffled && !o.Seeded:
		return nil
	case !o.Shuffled:
		return &order{}
	}
	return &order{shuffled: true, seed: o.Seed}
}

// sorted returns the units in the order in which a process of b runs them. It
// does not change its argument. A group in the process keeps source order, so
// that there nothing is shuffled.
func (o order) sorted(b *binary, units []*unit) []*unit {
	units = slices.Clone(units)
	slices.SortFunc(units, func(x, y *unit) int { return x.place - y.place })
	if !o.shuffled || slices.ContainsFunc(units, (*unit).grouped) {
		return units
	}
	place := make([]int, len(b.units)) // from 1
	last := 0
	enter := func(u *unit) {
		if u != nil && place[u.place] == 0 { // the first place of a name counts
			last++
			place[u.place] = last
		}
	}
	for _, i := range grouping.Permutation(len(b.shuffled), o.seed) {
		enter(b.shuffled[i])
	}
	for _, u := range b.rest {
		enter(u)
	}
	slices.SortFunc(units, func(x, y *unit) int { return place[x.place] - place[y.place] })
	return units
}
