package scheduler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// suite is a test binary under way: what the go command wants run, and what is known of it. Once
// it has been loaded it belongs to the owner of the run's state.
type suite struct {
	number int
	suiteTests
	req *gotest.Request

	binary  worker.Binary
	file    *binaryFile
	account *ledger.Account
	out     *stream.Merger
	files   suiteFiles
	cover   coverSum
	said    *rerun.Output // what the failed processes of the first attempt have printed

	ctx  context.Context // of the processes of the first pass
	stop context.CancelCauseFunc

	splits splitTests

	warnings []grouping.Warning
	// shown is what its tests have shown, for those who choose by it next time.
	shown shownTests
	// inputs are source files that the result depends on beyond what is compiled.
	inputs []string
	err    error // directives that are wrong
	busy   busyTime
	// lost reports that nothing can be added to what the go command has reported: its exec-test
	// is gone, or a file that no rerun brings back.
	lost bool
}

// suiteTests are the tests of a binary, and how they are spread.
type suiteTests struct {
	// path is the import path; list is nil if the go command's list of tests cannot be read.
	path   string
	list   *grouping.Package
	manner manner
}

// suiteFiles are what the processes of the first attempt write, in order of dispatch.
type suiteFiles struct {
	profiles, testlogs []string
	// coverDirs are the processes' own folders of raw coverage data, none if nobody wants that.
	coverDirs []string
	baseline  string // the profile of the process without tests, "" for none
	// list tells that the go command names packages that the binary does not link: see coverList.
	list coverList
	// coverage is what follows the figure in the line with the percentage, if hasCoverage.
	coverage    string
	hasCoverage bool
}

// coverList is which process of a package tells that nothing is covered of packages that its binary does not
// link: under -coverpkg the go command gives each process a list of them, to read which takes longer than
// many tests do. Once is enough, but in a package with a TestMain, where a process may end without a word.
type coverList uint8

const (
	// listEach is that all do, or that there is nothing to tell.
	listEach coverList = iota
	// listOnce is that the first one does.
	listOnce
	// listLost is that the first one has died: the one without tests does.
	listLost
)

// loader makes suites of the go command's requests.
type loader struct {
	cfg *Config
	// dir is the run's private folder, binaries the one for test binaries.
	dir, binaries string
	// env makes the environment of the tests.
	env func([]string) []string
}

// load reads what the binary's tests are. It reads files and writes to the request, so that it
// runs in a goroutine of its own, before the owner knows the suite.
func (l *loader) load(number int, req *gotest.Request) *suite {
	c := l.cfg
	s := &suite{
		number: number, req: req, said: rerun.NewOutput(nil), file: newBinaryFile(req.Binary, l.binaries, number),
		out: stream.New(req, c.Strict, func() (*os.File, error) { return os.CreateTemp(l.dir, "out") }),
	}
	s.binary = worker.Binary{Program: req.Binary, Dir: req.Dir, Env: l.env(req.Env), Restore: s.file.restore, Args: gotest.ParseBinaryArgs(req.Args)}
	list, err := grouping.ReadTestmain(req.Binary)
	if err != nil {
		// A binary that was not made by this go command, or by one that keeps
		// its list elsewhere.
		s.path = filepath.Base(req.Binary)
		s.manner = c.mannerOf("")
		s.binary.MayIdle = c.GoTest.Exec != nil
		s.binary.Limit = new(grouping.Package).TimeLimits(c.TestTimeout)
		s.account = ledger.NewAccount(ledger.Spec{Mode: ledger.Opaque, Count: 1, CPUs: 1})
		s.warnings = append(s.warnings, grouping.Warning{Text: fmt.Sprintf("%v: all tests of the package run in one process", err)})
		s.refuse(c)
		return s
	}
	s.path, s.list, list.Dir = list.ImportPath, list, req.Dir
	if !list.TestMain && !c.away() && s.binary.CoverList() {
		s.files.list = listOnce
	}
	s.manner = c.mannerOf(s.path)
	s.describe(c)
	return s
}

// describe makes the account from the list of tests, and says what is wrong with it.
func (s *suite) describe(c *Config) {
	names := make(map[string]int)
	for _, t := range s.list.Tests {
		names[t.Name]++
	}
	s.binary.MayIdle = c.GoTest.Exec != nil || s.list.TestMain
	s.binary.Knows = func(name string) bool { return names[name] > 0 || slices.Contains(s.list.Benchmarks, name) }
	units, err := s.units(c)
	s.binary.Limit = s.list.TimeLimits(c.TestTimeout)
	args := s.binary.Args
	s.split(c, units)
	mode := ledger.ModeOf(ledger.Traits{
		Units: len(units), Declared: len(units) > 0 && units[0].Def.Declared,
		TestMain: s.list.TestMain, SplitTestMain: s.manner.splitTestMain,
		Unknown: args.Opaque, Together: args.FailFast || s.manner.dist == grouping.LoadPackage,
		Parts: slices.ContainsFunc(units, func(u *ledger.Unit) bool { return len(u.Parts) > 0 }),
	})
	s.account = ledger.NewAccount(ledger.Spec{
		Mode: mode, Units: units, Names: names, Count: args.Count, CPUs: args.CPUs,
		TestMain: s.list.TestMain, Workers: c.Hands(), ListSize: maxList(),
		Baseline: c.GoTest.Cover && c.GoTest.CoverMode != "set",
	})
	var divided shareError
	switch {
	case errors.As(err, &divided):
		s.reject(err.Error())
	case err != nil:
		s.err = err
		s.reject("its directives are wrong")
		s.out.Add(err.Error() + "\n")
	case mode == ledger.Opaque:
		s.refuse(c)
	case c.tellsSeed(s.manner) && !mode.OneProcess():
		s.out.Add(fmt.Sprintf("-test.shuffle %d\n", c.Seed))
	}
}

// units returns the units of the package in the order of dispatch. An error is wrong directives, or
// of the shard plan.
func (s *suite) units(c *Config) ([]*ledger.Unit, error) {
	warnings, err := grouping.Annotate(s.list, c.source())
	if err != nil {
		return nil, err
	}
	c.Rules.Apply(s.list)
	args := s.binary.Args
	options := c.Grouping(s.path, gotest.Patterns{Run: args.Run, Skip: args.Skip})
	sel, err := grouping.Select(s.list, options)
	var directives *grouping.DirectiveError
	if errors.As(err, &directives) {
		return nil, err
	}
	if err != nil {
		// A -run or -skip that does not compile: the binary says so itself.
		args.Opaque = true
		return nil, nil
	}
	if err := s.takeShare(c, sel); err != nil {
		return nil, err
	}
	s.warnings = append(warnings, sel.Warnings...)
	s.shown.partial = sel.Partial
	if w, ok := grouping.TestMainGroups(s.list, sel.Units); ok && c.GroupFailFast && !s.manner.splitTestMain {
		s.warnings = append(s.warnings, w)
	}
	if !sel.Plain() && !args.Opaque {
		s.binary.Selection = sel
	}
	s.inputs = inputs(s.list, options)
	return inOrder(sel.Units, s.list.Tests, s.manner), nil
}

// inputs returns the source files of which comments decide what runs of a package. A comment
// changes nothing in the binary, so the go command does not ask for them before it repeats a
// result.
func inputs(p *grouping.Package, o grouping.Options) []string {
	grouped := slices.ContainsFunc(p.Tests, func(t grouping.Test) bool { return t.Group != "" })
	if o.Label == nil && !(grouped && (o.Run != "" || o.Skip != "")) {
		return nil
	}
	var files []string
	for _, t := range p.Tests {
		if file := filepath.Join(p.Dir, t.File); t.File != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// inOrder sorts units by the first of their tests: in source order, or in the order that the
// seed makes of all tests of the package.
func inOrder(defs []grouping.Unit, tests []grouping.Test, m manner) []*ledger.Unit {
	if m.shuffle {
		tests = grouping.Order(tests, m.seed)
	}
	place := make(map[string]int)
	for i, t := range slices.Backward(tests) {
		place[t.Name] = i // the first place of the name stays
	}
	units := make([]*ledger.Unit, len(defs))
	for i, def := range defs {
		u := &ledger.Unit{Def: def, Order: len(tests)}
		for _, t := range def.Tests {
			u.Order = min(u.Order, place[t.Name])
		}
		units[i] = u
	}
	slices.SortStableFunc(units, func(a, b *ledger.Unit) int { return a.Order - b.Order })
	return units
}

// canSplit reports whether tests of the package may run in parts at all: not if they share a process
// with others, nor if they run several times in one, where no two parts would be in step.
func (s *suite) canSplit() bool {
	a := s.binary.Args
	return !s.list.TestMain && !a.Opaque && !a.FailFast && a.Count*a.CPUs == 1 && s.manner.dist != grouping.LoadPackage
}

// split gives parts to the units that may be split and of which enough is known.
func (s *suite) split(c *Config, units []*ledger.Unit) {
	for _, u := range units {
		switch {
		case !u.Def.Split:
		case s.list.TestMain:
			s.warnings = append(s.warnings, notSplit(s.list, u.Def.Tests[0]))
		case s.canSplit():
			if s.splits == nil {
				s.splits = make(splitTests)
			}
			name := u.Def.Name()
			u.Parts, s.splits[name] = c.divide(s.path, name)
		}
	}
}

// lingers reports whether the processes of s go on after their closing lines without doing anything:
// the race detector waits a second for late reports. With a TestMain they may still tear something
// down.
func (s *suite) lingers(c *Config) bool {
	return !c.away() && c.GoTest.Race && s.list != nil && !s.list.TestMain && s.binary.Args.CPUs == 1
}
