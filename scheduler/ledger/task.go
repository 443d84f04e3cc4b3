package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
)

// Mode says how the tests of a package share processes.
type Mode uint8

// The modes of a package.
const (
	// Split makes a task of each unit.
	Split Mode = iota
	// Bundled is a package with a TestMain that is split: each process runs the set-up again,
	// so that there are no more tasks than workers.
	Bundled
	// Whole runs all tests in one process. After a crash one process at a time runs the rest.
	Whole
	// Opaque runs the binary once, as it is: which tests it runs is not known.
	Opaque
)

// Traits are what decides the mode of a package.
type Traits struct {
	// Units is the number of units, Declared whether one of them is a declared group.
	Units    int
	Declared bool
	// TestMain reports that the package has a TestMain, SplitTestMain that such packages are
	// split.
	TestMain, SplitTestMain bool
	// Unknown reports that it is not known which tests the binary runs, Together that the user
	// wants one process (-failfast, --dist=loadpackage).
	Unknown, Together bool
	// Parts reports that a unit is run in parts.
	Parts bool
}

// ModeOf decides how the tests of a package share processes.
func ModeOf(t Traits) Mode {
	soleGroup := t.Units == 1 && t.Declared
	switch {
	case t.Unknown:
		return Opaque
	case t.Together:
		return Whole
	case soleGroup:
		// One process in any case, and it is a group's: it stops as one.
	case t.Parts && !t.TestMain:
		// Its parts are tasks, even if it is the only unit.
	case t.Units <= 1 || t.TestMain && !t.SplitTestMain:
		return Whole
	}
	if t.TestMain {
		return Bundled
	}
	return Split
}

// OneProcess reports whether no two processes of the package run at the same time.
func (m Mode) OneProcess() bool { return m == Whole || m == Opaque }

// Unit is what is scheduled, a group or a single test, and what came of its first attempt.
type Unit struct {
	Def grouping.Unit
	// Order is its place in the order of dispatch.
	Order int
	// Failed names the members that failed in the first attempt, or that did not run because
	// the group lost its process to another test. Owed are the subtests that failed.
	Failed []string
	Owed   map[string]bool
	// Process is the number of the process that showed the failure, Ended when that ended.
	Process int
	Ended   time.Time
	// Parts are the parts in which the processes of the first attempt run it, nil if one process
	// runs it whole. Only a single test has any.
	Parts []grouping.Part
	joint joint
}

// Task is what is handed to a worker at once: a unit, the rest of one, or all tests of a package.
type Task struct {
	// Unit is nil if the task holds tests of several units.
	Unit *Unit
	// All reports that the task is the package as it is: its process gets the binary's own -run
	// pattern.
	All bool
	// Tests are what is to run, if Known. An empty list that is known runs nothing.
	Tests []Planned
	Known bool
	// Count is the -test.count that the tests need with the last of the -test.cpu list, 0 for the
	// user's with all of it.
	Count int
}

// Part returns the part of a test that the task is, nil for none.
func (t *Task) Part() *grouping.Part {
	if t.Unit == nil || len(t.Tests) != 1 || t.Tests[0].Part == 0 {
		return nil
	}
	return &t.Unit.Parts[t.Tests[0].Part-1]
}

// Size returns how many bytes the names of the task's tests take in a -test.run list.
func (t *Task) Size() int {
	size := 0
	for _, p := range t.Tests {
		size += len(p.Name) + len("|")
	}
	return size
}

// OwnProcess reports whether the task shares its process with no other.
func (t *Task) OwnProcess() bool { return t.Unit == nil || t.Unit.Def.Group != "" || t.Unit.Def.Serial }

// locks are those of the task's unit, as one text.
func (t *Task) locks() string { return strings.Join(t.Unit.Def.Locks, " ") }

// bundle puts tasks of one unit each together if they need more processes than there are workers.
// Groups stay whole, but one that shares its process does not stop by itself. What holds the same
// locks comes together, since a process holds those of all its tests.
func bundle(tasks []*Task, workers int) []*Task {
	alone := 0
	loose := make(map[string]bool) // by locks
	for _, t := range tasks {
		if t.OwnProcess() {
			alone++
		} else {
			loose[t.locks()] = true
		}
	}
	if alone+len(loose) <= workers {
		return tasks
	}
	bundles := make([]*Task, workers)
	for i := range bundles {
		bundles[i] = &Task{Known: true}
	}
	next := 0
	of := make(map[string]*Task) // by locks, of those that hold some
	for _, t := range tasks {
		b := of[t.locks()]
		if b == nil {
			b = bundles[next%workers]
			next++
		}
		if t.locks() != "" {
			of[t.locks()] = b
		}
		b.Tests = append(b.Tests, t.Tests...)
	}
	return slices.DeleteFunc(bundles, func(b *Task) bool { return len(b.Tests) == 0 })
}

// anySerial reports whether one of the tests may run beside no other process.
func anySerial(tests []Planned, of map[string]*Unit) bool {
	return slices.ContainsFunc(tests, func(t Planned) bool { return of[t.Name] != nil && of[t.Name].Def.Serial })
}
