package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"gotest.tools/gotestsum/testjson"
)

// JUnitDetails adds to a JUnit file what gotestsum's does not have: where a test is, how it ran,
// the first line of what it said, and times that are not rounded.
type JUnitDetails struct {
	Sources Sources
	// Times are those that the Handler took; nil: none.
	Times *Times
	// Detail tells more of an attempt of a test; nil: nothing is known.
	Detail func(pkg, test string, attempt int) Detail

	mu    sync.Mutex
	tests map[string]map[string]Location // of each package, where its tests are
}

// Detail is what is known of an attempt of a test beyond its events.
type Detail struct {
	Group  string // "": none
	Worker string // its number; "": not known
	Seed   string // of the order in its process; "": source order, or not known
	Labels []string
	Owner  string // "": none
	// Machine is where it ran, of a run on several machines; "": not known.
	Machine string
}

// add fills c, the case of tc, whose own output is given if it failed.
func (d *JUnitDetails) add(c *xmlCase, pkg *testjson.Package, tc testjson.TestCase, output []string) {
	if at := d.location(tc, output); at.File != "" {
		c.File, c.Line = at.File, at.Line
	}
	c.Time = seconds(d.elapsed(pkg, tc))
	for _, failure := range []*xmlFailure{c.Failure, c.Error} {
		if failure != nil {
			failure.Message = message(output)
		}
	}
	var detail Detail
	if d.Detail != nil {
		detail = d.Detail(tc.Package, tc.Test.Name(), tc.RunID)
	}
	c.property("group", detail.Group)
	c.property("worker", detail.Worker)
	c.property("machine", detail.Machine)
	c.property("attempt", strconv.Itoa(tc.RunID))
	c.property("seed", detail.Seed)
	c.property("labels", strings.Join(detail.Labels, " "))
	c.property("owner", detail.Owner)
}

// property adds a property, unless it is empty or the test has set one of that name.
func (c *xmlCase) property(name, value string) {
	if value == "" {
		return
	}
	if c.Properties == nil {
		c.Properties = &xmlProperties{}
	}
	for _, p := range c.Properties.Properties {
		if p.Name == name {
			return
		}
	}
	c.Properties.Properties = append(c.Properties.Properties, xmlProperty{Name: name, Value: value})
}

// message is the first line of what a failed test printed.
func message(output []string) string {
	for _, line := range output {
		if text := strings.TrimSpace(plain(shortened(line))); text != "" {
			return text
		}
	}
	return "Failed"
}

// elapsed is what a test took. One that never ended took until its package did.
func (d *JUnitDetails) elapsed(pkg *testjson.Package, tc testjson.TestCase) time.Duration {
	if tc.Elapsed < 0 {
		end := pkg.Start.Add(pkg.Elapsed())
		if tc.Time.IsZero() || end.Before(tc.Time) {
			return 0
		}
		return end.Sub(tc.Time)
	}
	if d.Times == nil {
		return tc.Elapsed
	}
	return d.Times.of(tc)
}

// location is where a test failed, or else where it is.
func (d *JUnitDetails) location(tc testjson.TestCase, output []string) Location {
	if at := d.Sources.Find(tc.Package, output); at.File != "" {
		return at
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tests == nil {
		d.tests = map[string]map[string]Location{}
	}
	tests, ok := d.tests[tc.Package]
	if !ok {
		tests = d.Sources.tests(tc.Package)
		d.tests[tc.Package] = tests
	}
	root, _ := tc.Test.Split()
	return tests[root]
}

// tests finds where the functions of a package's test files are.
func (s Sources) tests(pkg string) map[string]Location {
	dir, ok := s.packageDir(pkg)
	if !ok || s.Root == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil
	}
	tests := map[string]Location{}
	for _, file := range files {
		name, _ := s.file(pkg, filepath.Base(file))
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil || name == "" {
			continue // the go command says what is wrong with it
		}
		for _, decl := range tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = Location{File: name, Line: fset.Position(f.Pos()).Line}
			}
		}
	}
	return tests
}

// Times are the times of tests as the clock saw them: go test rounds them to hundredths of a
// second. A Handler fills it; it is for one goroutine.
type Times struct {
	byCase map[timedCase]time.Duration
	// said is when a test said that it had ended: its event comes only with what follows.
	said map[[2]string]time.Time
}

type timedCase struct {
	pkg string
	id  int
}

// note takes the time of the test case that event has ended.
func (t *Times) note(event testjson.TestEvent, pkg *testjson.Package) {
	if event.PackageEvent() || event.Time.IsZero() {
		return
	}
	if t.byCase == nil {
		t.byCase, t.said = map[timedCase]time.Duration{}, map[[2]string]time.Time{}
	}
	key := [2]string{event.Package, event.Test}
	var ended []testjson.TestCase
	switch event.Action {
	case testjson.ActionOutput:
		if rest, ok := strings.CutPrefix(event.Output, "--- "); ok && strings.Contains(rest, ": "+event.Test+" (") {
			t.said[key] = event.Time
		}
		return
	case testjson.ActionPass:
		ended = pkg.Passed
	case testjson.ActionFail:
		ended = pkg.Failed
	case testjson.ActionSkip:
		ended = pkg.Skipped
	}
	if len(ended) == 0 || ended[len(ended)-1].Test.Name() != event.Test {
		return
	}
	tc, end := ended[len(ended)-1], event.Time
	if said, ok := t.said[key]; ok {
		end = said
		delete(t.said, key)
	}
	if !tc.Time.IsZero() {
		t.byCase[timedCase{tc.Package, tc.ID}] = refined(event.Elapsed, end.Sub(tc.Time))
	}
}

// rounding is how far go test's times are from the true ones, and a little for the events.
const rounding = 6 * time.Millisecond

// refined is a time that go test gave in seconds, or the one between the test's events if that
// is the same but for rounding. Otherwise the events came late, or the test was paused.
func refined(rounded float64, between time.Duration) time.Duration {
	d := time.Duration(rounded * float64(time.Second))
	if between >= 0 && (between-d).Abs() <= rounding {
		return between
	}
	return d
}

// of returns the time of a test case: what was noted, else what go test said.
func (t *Times) of(tc testjson.TestCase) time.Duration {
	if d, ok := t.byCase[timedCase{tc.Package, tc.ID}]; ok {
		return d
	}
	return tc.Elapsed
}
