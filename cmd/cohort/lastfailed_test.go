package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// pastOf is what is owed and known, as words: p.T is a test of package p, and p the package.
type pastOf struct{ owed, known string }

func (p pastOf) Owes(pkg, test string) bool {
	has := func(word string) bool { return strings.Contains(" "+p.owed+" ", " "+word+" ") }
	return has(pkg) || has(pkg+"."+test)
}

func (p pastOf) Knows(pkg, test string) bool {
	return strings.Contains(" "+p.known+" "+p.owed+" ", " "+pkg+"."+test+" ")
}

// listOf is a package with such tests; those named after a group are in it.
func listOf(path string, names ...string) listed {
	p := &grouping.Package{ImportPath: path}
	for _, name := range names {
		group, _, found := strings.Cut(name, "_")
		if !found {
			group = ""
		}
		p.Tests = append(p.Tests, grouping.Test{Name: name, Group: group})
	}
	return listed{path, p}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	packages := []listed{listOf("p", "A", "B", "G_1", "G_2", "G_3"), listOf("q", "C", "D"), {path: "broken"}, listOf("none")}
	const all = "p.A p.B p.G_1 p.G_2 p.G_3 q.C q.D"
	for _, tc := range []struct {
		name           string
		owed, known    string
		run            string
		packages       string
		tests, owing   int
		others, broken int
	}{
		{"nothing", "", all, "", "broken", 0, 0, 7, 1},
		{"one", "p.A", all, "", "p broken", 1, 1, 6, 1},
		{"two packages", "q.C p.B", all, "", "p q broken", 2, 2, 5, 1},
		{"a group is whole", "p.G_2", all, "", "p broken", 3, 1, 4, 1},
		{"a package", "q", all, "", "q broken", 2, 2, 5, 1},
		{"a package without tests", "none", all, "", "broken", 0, 0, 7, 1},
		{"one that cannot be read", "broken", all, "", "broken", 0, 1, 7, 1},
		{"a new one", "p.A", "p.A p.B p.G_1 p.G_2 p.G_3 q.C", "", "p q broken", 2, 1, 5, 1},
		{"a new member of a group", "", "p.A p.B p.G_1 p.G_2 q.C q.D", "", "p broken", 3, 0, 4, 1},
		{"one that is gone", "p.Gone", all, "", "broken", 0, 0, 7, 1},
		{"-run selects it", "p.A", all, "A|B", "p broken", 1, 1, 1, 1},
		{"-run selects others", "p.A", all, "C", "broken", 0, 0, 1, 1},
		{"-run selects a part of a group", "p.G_3", all, "G_2", "p broken", 2, 0, 0, 1},
	} {
		options := func(string) grouping.Options { return grouping.Options{Run: tc.run} }
		got, err := choose(packages, pastOf{tc.owed, tc.known}, options)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got.packages, " ") != tc.packages || got.tests != tc.tests || got.owed != tc.owing || got.others != tc.others || got.broken != tc.broken {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if _, err := choose(packages, pastOf{}, func(string) grouping.Options { return grouping.Options{Run: "("} }); err == nil {
		t.Error("a pattern that is none is no error")
	}
}

func TestLastFailedValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]lastFailedValue{
		"history": {on: true}, "true": {on: true}, "off": {}, "false": {}, "run.cohort": {on: true, record: "run.cohort"}, "./history": {on: true, record: "./history"},
	} {
		var v lastFailedValue
		if err := v.Set(text); err != nil || v != want {
			t.Errorf("%q: %v, %+v", text, err, v)
		}
		var back lastFailedValue
		if err := back.Set(v.String()); want.on && (err != nil || back != v) {
			t.Errorf("%q is read back as %+v, %v", v.String(), back, err)
		}
	}
}

// TestRunPast says what the run of a record has left to do.
func TestRunPast(t *testing.T) {
	t.Parallel()
	test := func(pkg, name string, status record.Status) *record.Test {
		return &record.Test{Package: pkg, Name: name, Attempts: []record.TestAttempt{{Status: status}}}
	}
	past := newRunPast(&record.Run{
		Manifest: record.Manifest{Verdict: record.Verdict{
			Flaky:       []record.Outcome{{Package: "flaky", Name: "Test", Tests: []string{"Test"}}},
			Failed:      []record.Outcome{{Package: "p", Name: "g", Tests: []string{"A", "B"}}, {Package: "raw", Name: "Test"}, {Package: "main"}},
			Interrupted: []record.Timed{{Package: "cut", Test: "Cut", Elapsed: time.Second}},
			NotStarted:  []record.Timed{{Package: "cut", Test: "Waiting"}},
		}},
		Packages: []*record.RunPackage{
			{Path: "p", Status: record.Failed}, {Path: "flaky", Status: record.Failed}, {Path: "main", Status: record.Failed},
			{Path: "build", Status: record.Failed}, {Path: "cut", Status: record.Failed}, {Path: "unended", Status: record.NoEnd},
			{Path: "good", Status: record.Passed}, {Path: "raw", Status: record.Failed},
		},
		Tests: []*record.Test{
			test("p", "A", record.Failed), test("p", "C/sub", record.Passed), test("cut", "Cut", record.NoEnd), test("good", "Skipped", record.Skipped),
		},
	})
	for name, want := range map[testName]bool{
		{"p", "A"}: true, {"p", "B"}: true, {"p", "C"}: false, {"raw", "Test"}: true, {"raw", "Other"}: false, {"main", "Any"}: true,
		{"flaky", "Test"}: false, {"build", "Any"}: true, {"unended", "Any"}: true, {"cut", "Cut"}: true, {"cut", "Waiting"}: true,
		{"cut", "Other"}: false, {"good", "Skipped"}: false, {"good", ""}: false, {"build", ""}: true, {"cut", ""}: false,
	} {
		if got := past.Owes(name.Package, name.Test); got != want {
			t.Errorf("%v has to run again: %v", name, got)
		}
	}
	for name, want := range map[testName]bool{{"p", "A"}: true, {"p", "C"}: true, {"good", "Skipped"}: true, {"good", "New"}: false, {"cut", "Cut"}: false} {
		if got := past.Knows(name.Package, name.Test); got != want {
			t.Errorf("%v is known: %v", name, got)
		}
	}
}

// TestFailedAgain is the command for the failures that have none of their own.
func TestFailedAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		off  bool
		want string
	}{
		{nil, false, "cohort --last-failed"},
		{[]string{"-n", "4", "./...", "--", "-race"}, false, "cohort --last-failed -n 4 ./... -- -race"},
		{[]string{"--last-failed", "--", "-run", "A|B"}, false, "cohort --last-failed -- -run 'A|B'"},
		{[]string{"--last-failed=x", "--", "--last-failed"}, false, "cohort --last-failed -- --last-failed"},
		{[]string{strings.Repeat("x", maxAgain)}, false, "cohort --last-failed (and the same flags)"},
		{nil, true, ""},
	} {
		file := filepath.Join(t.TempDir(), "history")
		if tc.off {
			file = ""
		}
		h, warning := history.Open(file, "m")
		if warning != nil {
			t.Fatal(warning)
		}
		s := &scheduledSource{
			opts: &options{record: recordOptions{arguments: tc.args}}, memory: &memory{file: h, path: file},
			config: &scheduler.Config{GoTest: new(gotest.Args)},
		}
		if got := s.failedAgain(); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.args, got, tc.want)
		}
	}
}

func TestChosenSummary(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]chosen{
		"--last-failed: 1 test of 1 package":                          {packages: []string{"p"}, tests: 1},
		"--last-failed: 2 tests of 2 packages; 1 other is left out":   {packages: []string{"p", "q"}, tests: 2, others: 1},
		"--last-failed: 0 tests of 1 package; 22 others are left out": {packages: []string{"p"}, others: 22},
	} {
		if got := fmt.Sprint(c.summary()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
