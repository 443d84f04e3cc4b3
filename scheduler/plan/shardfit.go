package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Whole reports whether the shard runs all of the package.
func (j ShardJob) Whole() bool { return j.First && len(j.Skip) == 0 }

// Has reports whether the shard runs a test of the package.
func (j ShardJob) Has(test string) bool {
	names := j.Run
	if j.First {
		names = j.Skip
	}
	_, listed := slices.BinarySearch(names, test)
	return listed != j.First
}

// Takes reports whether the shard runs the tests of a unit. A plan that gives some of them to this
// shard and others to another one is an error.
func (j ShardJob) Takes(tests []string) (bool, error) {
	for _, name := range tests {
		if j.Has(name) != j.Has(tests[0]) {
			return false, fmt.Errorf("the shard plan divides what must run in one process (%s and %s): make a new one", tests[0], name)
		}
	}
	return len(tests) > 0 && j.Has(tests[0]), nil
}

// Tests returns how many tests the plan names.
func (p *ShardPlan) Tests() int {
	n := 0
	for _, pkg := range p.Packages {
		for _, piece := range pkg.Pieces {
			n += len(piece.Tests)
		}
	}
	return n
}

// Package returns what the plan says of a package.
func (p *ShardPlan) Package(path string) (PlannedPackage, bool) {
	i, found := slices.BinarySearchFunc(p.Packages, path, func(a PlannedPackage, path string) int { return strings.Compare(a.Path, path) })
	if !found {
		return PlannedPackage{}, false
	}
	return p.Packages[i], true
}

// Check reports why the packages, as they are now, cannot be run by a plan that was made before: it
// names another package or a test that is gone, lacks a package, or divides what must not be divided.
// New tests are no reason: the first piece of their package takes them. Nor are tests of a package
// in which none can be found, since it cannot be parsed: what it has is known when it is built.
func (p *ShardPlan) Check(packages []ShardPackage) error {
	known := make(map[string]bool, len(packages))
	for _, pkg := range packages {
		known[pkg.Path] = true
		if err := p.Fits(pkg); err != nil {
			return err
		}
		tests := make(map[string]bool)
		for _, u := range pkg.Units {
			for _, name := range u.Tests {
				tests[name] = true
			}
		}
		planned, _ := p.Package(pkg.Path)
		for _, piece := range planned.Pieces {
			for _, name := range piece.Tests {
				if !tests[name] && !pkg.Unread {
					return fmt.Errorf("the shard plan has %s of package %s, which is not among the tests to run: make a new one", name, pkg.Path)
				}
			}
		}
	}
	for _, planned := range p.Packages {
		if !known[planned.Path] {
			return fmt.Errorf("the shard plan has package %s, which is not among those to test: make a new one", planned.Path)
		}
	}
	return nil
}

// Fits reports what of a package, as it is now, an older plan would tear apart: a unit whose tests
// it gives to several shards. A package that it does not know is an error too, since no shard
// would run it.
func (p *ShardPlan) Fits(pkg ShardPackage) error {
	planned, found := p.Package(pkg.Path)
	if !found {
		return fmt.Errorf("the shard plan has no package %s: make a new one", pkg.Path)
	}
	home := make(map[string]int)
	first := 0
	for _, piece := range planned.Pieces {
		if piece.First {
			first = piece.Shard
		}
		for _, name := range piece.Tests {
			home[name] = piece.Shard
		}
	}
	if pkg.Whole && len(planned.Pieces) > 1 {
		return fmt.Errorf("the shard plan divides package %s, which must run as a whole: make a new one", pkg.Path)
	}
	for _, u := range pkg.Units {
		for _, name := range u.Tests {
			if shardOf(home, first, name) != shardOf(home, first, u.Tests[0]) {
				return fmt.Errorf("the shard plan divides %s of package %s (%s and %s): make a new one", u.Name, pkg.Path, u.Tests[0], name)
			}
		}
	}
	return nil
}

// shardOf returns the shard of a test: the first piece's if the plan does not name it.
func shardOf(home map[string]int, first int, name string) int {
	if shard, ok := home[name]; ok {
		return shard
	}
	return first
}
