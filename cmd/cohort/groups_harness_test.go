package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGroups runs the real cohort on testdata/groups, whose tests write down where and
// when they run and do what a script asks for, and looks at what became of them.
func TestGroups(t *testing.T) {
	t.Parallel()
	g := newGroups(t)
	for name, test := range map[string]func(*testing.T){
		"properties":  g.testProperties,
		"order":       g.testOrder,
		"dist":        g.testDist,
		"testmain":    g.testTestMain,
		"directives":  g.testDirectives,
		"environment": g.testEnvironment,
		"locks":       g.testLocks,
		"failfast":    g.testFailFast,
		"reruns":      g.testReruns,
		"delay":       g.testDelay,
		"falsegreen":  g.testFalseGreen,
		"output":      g.testOutput,
		"reproduce":   g.testReproduce,
		"plugins":     g.testPlugins,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// groups runs cohort on the module testdata/groups.
type groups struct {
	*differ
	dir string
	// cohort is a program of which a thousand may start: the one that differ builds.
	cohort string
}

func newGroups(t *testing.T) *groups {
	t.Helper()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("the program under test knows no groups")
	}
	return &groups{differ: d, dir: filepath.Join(d.root, "testdata", "groups"), cohort: d.subject}
}

// traced is a run of cohort with what its tests wrote down.
type traced struct {
	run
	processes []*process // in the order of their starts
	lines     int
}

// process is one test process.
type process struct {
	pid        int
	pkg        string
	env        map[string]string // what cohort told it
	first      int               // its first line in the log
	last       int
	start, end int64    // Unix nanoseconds: when it began, and when its last test ended
	tests      []string // in the order they began
	ended      int      // tests that ended
}

// worker, attempt and group are what the process was told.
func (p *process) worker() string  { return p.env["COHORT_WORKER"] }
func (p *process) attempt() string { return p.env["COHORT_ATTEMPT"] }
func (p *process) group() string   { return p.env["COHORT_GROUP"] }

// String says what a process did, but not when.
func (p *process) String() string {
	return fmt.Sprintf("%s[%s]#%s: %s", p.pkg, p.group(), p.attempt(), strings.Join(p.tests, " "))
}

// run runs cohort with a script of what the tests are to do.
func (g *groups) run(t *testing.T, script string, args ...string) traced {
	t.Helper()
	return g.runIn(t, g.dir, []string{"TRACE_SCRIPT=" + script}, args...)
}

// runIn runs cohort in dir. What failed is not explained: that would run tests again. Each run has a history of its own: none knows another.
func (g *groups) runIn(t *testing.T, dir string, env []string, args ...string) traced {
	t.Helper()
	files := t.TempDir()
	log, events := filepath.Join(files, "log"), filepath.Join(files, "events")
	env = slices.Concat([]string{"TRACE_LOG=" + log, "COHORT_HISTORY=off"}, env)
	all := slices.Concat([]string{g.cohort, "--no-color", "--format=testname", "--explain-failures=off", "--jsonfile=" + events}, args)
	r := traced{run: g.command(t, dir, env, all...)}
	if f, err := os.Open(events); err == nil {
		defer f.Close() // it was only read
		r.events = decode(t, r.run, f)
	}
	r.read(t, log)
	return r
}

// read reads the log of the tests.
func (r *traced) read(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	running := make(map[int]*process)
	for line := range bytes.Lines(data) {
		var l struct {
			Event, Package, Test string
			Pid                  int
			Time                 int64
			Env                  map[string]string
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%s: %v: %s", r.command, err, line)
		}
		p := running[l.Pid]
		if l.Event == "process" { // also when the system gives a number again
			p = &process{pid: l.Pid, pkg: l.Package, env: l.Env, first: r.lines, start: l.Time}
			running[l.Pid] = p
			r.processes = append(r.processes, p)
		}
		p.last, p.end = r.lines, l.Time
		switch l.Event {
		case "begin":
			p.tests = append(p.tests, l.Test)
		case "end":
			p.ended++
		}
		r.lines++
	}
}

// of returns the processes of a package in an attempt.
func (r *traced) of(pkg, attempt string) []*process {
	var list []*process
	for _, p := range r.processes {
		if p.pkg == pkg && p.attempt() == attempt {
			list = append(list, p)
		}
	}
	return list
}

// results returns what came of each test, in order: "pass pass", "fail skip".
func (r *traced) results() map[string]string {
	all := make(map[string]string)
	for _, e := range r.events {
		if e.Test == "" || e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
			continue
		}
		name := filepath.Base(e.Package) + "." + e.Test
		all[name] = strings.TrimSpace(all[name] + " " + e.Action)
	}
	return all
}

// wantExit fails the test if cohort's exit code is another one.
func (r *traced) wantExit(t *testing.T, want int) {
	t.Helper()
	if r.exit != want {
		t.Errorf("%s: exit code %d, want %d\n%s%s", r.command, r.exit, want, r.stdout, r.stderr)
	}
}

// wantText fails the test if a text is not in what cohort printed.
func (r *traced) wantText(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !bytes.Contains(r.stdout, []byte(text)) && !bytes.Contains(r.stderr, []byte(text)) {
			t.Errorf("%s: no %q in\n%s%s", r.command, text, r.stdout, r.stderr)
		}
	}
}

// wantProcesses fails the test if the processes of a package in an attempt did not run
// these tests; each of want is what one of them ran, in order.
func (r *traced) wantProcesses(t *testing.T, pkg, attempt string, want ...string) {
	t.Helper()
	var got []string
	for _, p := range r.of(pkg, attempt) {
		got = append(got, strings.Join(p.tests, " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: attempt %s of %s:\ngot  %q\nwant %q", r.command, attempt, pkg, got, want)
	}
}

// wantResults fails the test if the results of the tests are not these. Those of others
// do not matter.
func (r *traced) wantResults(t *testing.T, want map[string]string) {
	t.Helper()
	got := r.results()
	for test, result := range want {
		if got[test] != result {
			t.Errorf("%s: %s: %q, want %q\n%s", r.command, test, got[test], result, r.stdout)
		}
	}
}
