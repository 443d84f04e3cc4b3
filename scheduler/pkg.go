package scheduler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// pkg is a test binary that the go command wants run, and the account of it.
// After prepare it belongs to the scheduler's owner goroutine.
type pkg struct {
	number int
	req    *gotest.Request
	args   *gotest.BinaryArgs
	merge  *merger

	ctx  context.Context // of the first attempt's processes
	stop context.CancelCauseFunc

	// path is the import path. list is nil if the go command's list of tests
	// could not be read: then the binary runs once, as it is.
	path string
	list *grouping.Package
	// units are in the order of dispatch, byTest finds one by test name.
	units  []*unit
	byTest map[string]*unit
	// multiplicity is how often a name is in the list.
	multiplicity map[string]int
	// whole reports that all units run in one process, serial that no other
	// process may run beside one that runs them all.
	whole, serial bool
	warnings      []grouping.Warning
	err           error // directives that are wrong

	tasks     []*task // as prepare made them
	rest      []*task // of a whole package: they run one after the other
	waiting   int     // tasks not yet dispatched
	canceled  bool    // what waits is not to run any more
	running   int     // processes
	processes int     // started so far, reruns aside
	finished  bool

	// idle are tests that a program of -exec did not run, ran whether it ran others:
	// it may run all tests or none.
	idle     []planned
	ran      bool
	failures []string // why the package fails beside its tests
	lost     bool     // its exec-test is gone: the go command has its own story
	code     int      // exit status of the first process that had a bad one

	baseline           string   // the profile of a process without tests, "" for none
	profiles, testlogs []string // files of the processes, in order of dispatch
	coverage           string   // what follows the figure
	hasCoverage        bool

	backup string      // a second name of the binary, "" if there is none
	mode   os.FileMode // of the binary when it came
	binary string      // what reruns start, "" if there is none
	first  *batch      // the process that failed outside its tests, or nil
	ended  time.Time   // when the last process of the first attempt ended
}

// unit is what is scheduled: a group or a single test.
type unit struct {
	pkg   *pkg
	def   grouping.Unit
	order int // place in the order of dispatch
	// failed names the members that failed in the first attempt (or that did
	// not run, if the group lost its process to another test), owed the subtests.
	failed []string
	owed   map[string]bool
	first  *batch    // that ran, or last ran, in the first attempt
	ended  time.Time // when the last attempt ended
}

// task is a unit, or what is left of one, that waits for a process. A task
// without a unit is the whole package, or with part the planned tests of it,
// whatever units they are in.
type task struct {
	unit    *unit
	part    bool
	planned []planned
	count   int // the -test.count that what is left needs, 0 for the user's
}

// prepare reads what the binary's tests are and makes their units. It runs in
// a goroutine of its own, before the owner knows the package.
func prepare(number int, req *gotest.Request, c *Config, m *merger) *pkg {
	p := &pkg{number: number, req: req, args: gotest.ParseBinaryArgs(req.Args), merge: m, byTest: make(map[string]*unit)}
	src, err := os.ReadFile(filepath.Join(filepath.Dir(req.Binary), "_testmain.go"))
	if err == nil {
		p.list, err = grouping.ParseTestmain(src)
	}
	if err != nil {
		// A binary that was not made by this go command, or by one that keeps
		// its list elsewhere.
		p.list, p.whole = nil, true
		p.path = filepath.Base(req.Binary)
		p.tasks = []*task{{}}
		return p
	}
	p.path, p.list.Dir = p.list.ImportPath, req.Dir
	p.multiplicity = make(map[string]int)
	for _, t := range p.list.Tests {
		p.multiplicity[t.Name]++
	}
	if p.err = p.makeUnits(c); p.err == nil {
		p.makeTasks(c)
	}
	return p
}

func (p *pkg) makeUnits(c *Config) error {
	warnings, err := grouping.Annotate(p.list, c.source())
	if err != nil {
		return err
	}
	units, more, err := grouping.Units(p.list, grouping.Options{
		Dist: c.Dist, Groups: c.Groups, Run: p.args.Run, Skip: p.args.Skip,
	})
	var directives *grouping.DirectiveError
	if errors.As(err, &directives) {
		return err
	}
	if err != nil {
		// A -run or -skip that does not compile: the binary says so itself.
		p.args.Opaque = true
		return nil
	}
	p.warnings = append(warnings, more...)
	place := make(map[string]int)
	tests := p.list.Tests
	if c.Shuffle {
		tests = grouping.Order(tests, c.Seed)
	}
	for i, t := range slices.Backward(tests) {
		place[t.Name] = i // the first place of the name stays
	}
	for _, def := range units {
		p.serial = p.serial || def.Serial
		u := &unit{pkg: p, def: def, order: len(tests)}
		for _, t := range def.Tests {
			u.order = min(u.order, place[t.Name])
			p.byTest[t.Name] = u
		}
		p.units = append(p.units, u)
	}
	slices.SortStableFunc(p.units, func(a, b *unit) int { return a.order - b.order })
	return nil
}

// makeTasks decides whether the package is split, and queues its tasks.
func (p *pkg) makeTasks(c *Config) {
	p.whole = p.args.Opaque || p.args.FailFast || c.Dist == grouping.LoadPackage
	switch {
	case len(p.units) == 1 && p.units[0].def.Declared:
		// One process in any case, and it is a group's: it stops as one.
	case len(p.units) <= 1 || p.list.TestMain && !c.SplitTestMain:
		p.whole = true
	}
	if p.whole {
		t := &task{}
		for _, u := range p.units {
			t.planned = append(t.planned, p.plan(u.def.Names())...)
		}
		if t.planned == nil {
			t.planned = []planned{} // known to be nothing
		}
		if p.args.Opaque {
			t.planned = nil
		}
		p.tasks = []*task{t}
		return
	}
	for _, u := range p.units {
		p.tasks = append(p.tasks, &task{unit: u, planned: p.plan(u.def.Names())})
	}
	if p.list.TestMain {
		p.tasks = bundle(p.tasks, c.Workers)
	}
}

// bundle puts tasks together if they need more processes than there are
// workers: each process of a package with a TestMain sets everything up again.
// Groups stay whole, but one that shares its process does not stop by itself.
func bundle(tasks []*task, workers int) []*task {
	alone, loose := 0, 0
	for _, t := range tasks {
		if t.unit.def.Group != "" || t.unit.def.Serial {
			alone++
		} else {
			loose = 1
		}
	}
	if alone+loose <= workers {
		return tasks
	}
	bundles := make([]*task, workers)
	for i := range bundles {
		bundles[i] = &task{part: true}
	}
	for i, t := range tasks {
		b := bundles[i%workers]
		b.planned = append(b.planned, t.planned...)
	}
	return bundles
}

// plan returns what one process is to do of the tests.
func (p *pkg) plan(names []string) []planned {
	tests := make([]planned, len(names))
	for i, name := range names {
		tests[i] = planned{name: name, want: p.multiplicity[name] * p.repeats(name)}
		if u := p.byTest[name]; u != nil && u.def.Declared {
			tests[i].group = u.def.Group
		}
	}
	return tests
}

// repeats is how often the testing package runs a test of that name: examples
// once, whatever -count and -cpu say.
func (p *pkg) repeats(name string) int {
	if len(name) >= 7 && name[:7] == "Example" {
		return 1
	}
	return p.args.Count * p.args.CPUs
}

// known reports whether the binary has a top-level test of that name.
func (p *pkg) known(name string) bool {
	if p.list == nil {
		return true
	}
	return p.multiplicity[name] > 0 || slices.Contains(p.list.Benchmarks, name)
}

// cancel drops what waits.
func (p *pkg) cancel() { p.canceled, p.waiting, p.rest = true, 0, nil }

// fail notes why the package fails beside its tests.
func (p *pkg) fail(format string, args ...any) {
	p.failures = append(p.failures, fmt.Sprintf(format, args...))
}
