package main_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// compare returns what is wrong with a run.
func (o *soakRun) compare(r *soakRound) []string {
	c := &soakCheck{o: o, r: r}
	for _, left := range o.left {
		c.problem("left over: %s", left)
	}
	green := true
	for _, p := range r.pkgs {
		seen := o.results(p)
		want := r.predict(p, seen, o.saysOutside(p))
		green = green && len(want.failed) == 0
		c.results(p, want, seen)
		c.runs(p, want, seen)
		c.groups(p)
	}
	c.tokens()
	if wantExit := map[bool]int{true: 0, false: 1}[green]; o.exit != wantExit {
		c.problem("exit %d, want %d", o.exit, wantExit)
	}
	for _, e := range o.log {
		if e.what == "violation" {
			c.problem("%s: %s", e.pkg, e.how)
		}
	}
	return c.problems
}

// A soakCheck collects problems.
type soakCheck struct {
	o        *soakRun
	r        *soakRound
	problems []string
}

func (c *soakCheck) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// saysOutside reports whether cohort said, in the first pass, that a process of p failed outside
// its tests.
func (o *soakRun) saysOutside(p *soakPkg) bool {
	for _, e := range o.events {
		switch {
		case e.Package != p.path() || e.Test != "":
		case strings.HasPrefix(e.Output, "cohort: the process failed outside its tests"):
			return true
		case e.Action == "fail" || e.Action == "pass": // the rest is of reruns
			return false
		}
	}
	return false
}

// results are the results of each test in p as cohort reported them, in order.
// Those of the package itself have no name.
func (o *soakRun) results(p *soakPkg) map[string][]string {
	results := make(map[string][]string)
	for _, e := range o.events {
		if e.Package == p.path() && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			results[e.Test] = append(results[e.Test], e.Action)
		}
	}
	return results
}

func (c *soakCheck) results(p *soakPkg, want *soakWant, seen map[string][]string) {
	for _, results := range [][]string{want.packages, seen[""]} {
		if len(results) > 1 {
			slices.Sort(results[1:])
		}
	}
	if !slices.Equal(want.packages, seen[""]) {
		c.problem("%s: package results %v, want %v", p.name, seen[""], want.packages)
	}
	names := slices.Collect(maps.Keys(want.results))
	for name := range seen {
		if _, ok := want.results[name]; !ok && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		root, _, _ := strings.Cut(name, "/")
		got, wanted := seen[name], want.results[name]
		if !slices.Equal(got, wanted) && !(want.loose[root] != "" && c.near(name, got, wanted, want)) {
			c.problem("%s %s: results %v, want %v", p.name, name, got, wanted)
		}
	}
}

// near reports whether results are possible where chance has a part in them.
func (c *soakCheck) near(name string, got, want []string, w *soakWant) bool {
	if strings.Contains(name, "/") {
		return true
	}
	if len(got) == 0 || len(got) > max(len(want), c.r.count*(c.r.reruns+1)) {
		return false
	}
	if noneGreen(got, want) {
		return true
	}
	// With -count an attempt in which the process died has fewer results than it should: count from the end.
	reversed := func(s []string) []string {
		s = slices.Clone(s)
		slices.Reverse(s)
		return s
	}
	return c.r.count > 1 && len(got) < len(want) && slices.Contains(got, "fail") && noneGreen(reversed(got), reversed(want))
}

// noneGreen reports whether no result passed that should have failed.
func noneGreen(got, want []string) bool {
	for i, result := range got {
		if i < len(want) && result == "pass" && want[i] == "fail" {
			return false
		}
	}
	return true
}

// runs compares how often each test ran.
func (c *soakCheck) runs(p *soakPkg, want *soakWant, seen map[string][]string) {
	got := make(map[string]int)
	starts := make(map[string]int) // in all attempts
	for _, e := range c.firstAndReruns(p) {
		if e.how == "start" && e.what != "process" {
			got[e.what+" "+e.attempt]++
			starts[e.what]++
		}
	}
	for name := range want.loose {
		ended := slices.DeleteFunc(slices.Clone(seen[name]), func(result string) bool { return result == "skip" })
		// A paused test cannot fail. But one that goes on beside others may die
		// with them before it says here that it has started.
		if len(ended) > starts[name] && !p.diesInParallel() {
			c.problem("%s %s ran %d times, but its results are %v", p.name, name, starts[name], seen[name])
		}
	}
	for key, n := range got {
		test, _, _ := strings.Cut(key, " ")
		if want.starts[key] != n && (want.loose[test] == "" || n > max(c.r.count, want.starts[key])) {
			c.problem("%s %s ran %d times, want %d (test, attempt)", p.name, key, n, want.starts[key])
		}
	}
	for key, n := range want.starts {
		test, _, _ := strings.Cut(key, " ")
		if got[key] == 0 && n > 0 && want.loose[test] == "" {
			c.problem("%s %s did not run (test, attempt)", p.name, key)
		}
	}
}

// firstAndReruns are p's log entries without those of probes, which run what
// failed once more to explain it.
func (c *soakCheck) firstAndReruns(p *soakPkg) []soakEntry {
	var entries []soakEntry
	for _, e := range c.o.log {
		if e.pkg == p.name && e.attempt != "probe" {
			entries = append(entries, e)
		}
	}
	return entries
}

// groups checks that declared groups have a process of their own, and order.
func (c *soakCheck) groups(p *soakPkg) {
	m := &soakModel{r: c.r, p: p}
	units := m.units()
	if !m.split(units) || m.bundled(units) {
		return
	}
	unitOf := make(map[string]int)
	for i, u := range units {
		for _, t := range u.tests {
			unitOf[t.name] = i
		}
	}
	type process struct {
		unit int
		last string
	}
	processes := make(map[string]process) // of declared groups
	members := make(map[string]string)    // group and attempt: process
	for _, e := range c.firstAndReruns(p) {
		i, ok := unitOf[e.what]
		if !ok || e.how != "start" || m.packageRerun(e) {
			continue
		}
		u := units[i]
		was, known := processes[e.pid]
		switch {
		case !u.declared && (known || e.group != ""):
			c.problem("%s %s, which is in no group, ran in group %q", p.name, e.what, e.group)
		case !u.declared:
			continue
		case e.group != u.name:
			c.problem("%s %s: COHORT_GROUP=%q, want %q", p.name, e.what, e.group, u.name)
		case known && (was.unit != i || (e.what < was.last && c.r.count == 1)):
			c.problem("%s %s ran after %s in one process", p.name, e.what, was.last)
		}
		processes[e.pid] = process{i, e.what}
		key := u.name + " " + e.attempt
		if pid := members[key]; pid != "" && pid != e.pid {
			c.problem("%s: group %s ran in two processes", p.name, key)
		}
		members[key] = e.pid
	}
}

// packageRerun reports whether an entry may be of an attempt of the whole package: one whose TestMain fails, or in
// which a parallel test may have been reported after the one that ended the process.
func (m *soakModel) packageRerun(e soakEntry) bool {
	return e.attempt != "0" && e.group == "" &&
		(m.p.diesInParallel() || slices.Contains([]string{"early", "panic", "teardown", "blind"}, m.p.mainDoes(0)))
}

var soakToken = regexp.MustCompile(`token (\S+) (\S+) (\d+)`)

// tokens checks that what a test prints is said to be its own, and only once.
func (c *soakCheck) tokens() {
	got := make(map[string]int)
	for _, e := range c.o.events {
		for _, m := range soakToken.FindAllStringSubmatch(e.Output, -1) {
			if e.Package != "soak/"+m[1] || e.Test != strings.ReplaceAll(m[2], " ", "_") {
				c.problem("%s %s: what %s %s printed", e.Package, e.Test, m[1], m[2])
			}
			got[m[1]+" "+m[2]+" "+m[3]]++
		}
	}
	ran := make(map[string]int)
	parallel := make(map[string]bool) // may die with another test before they print
	split := make(map[string]bool)    // what a part prints that passes is not shown
	for _, p := range c.r.pkgs {
		for _, t := range p.tests {
			for attempt := range c.r.reruns + 1 {
				split[fmt.Sprint(p.name, " ", t.name, " ", attempt)] = attempt == 0 && c.r.parts(p, t) > 1
				parallel[fmt.Sprint(p.name, " ", t.name, " ", attempt)] = t.does(attempt).Parallel
			}
		}
		for _, e := range c.firstAndReruns(p) {
			if e.how == "start" && e.what != "process" {
				ran[p.name+" "+e.what+" "+e.attempt]++
			}
		}
	}
	for key, n := range ran {
		if split[key] && 0 < got[key] && got[key] < n {
			continue
		}
		if got[key] != n && !(parallel[key] && got[key] < n) {
			c.problem("%s ran %d times, its output is there %d times", key, n, got[key])
		}
	}
}

// diesInParallel reports whether a parallel test ends a process in any attempt.
func (p *soakPkg) diesInParallel() bool {
	return slices.ContainsFunc(p.tests, func(t *soakTest) bool {
		for attempt, d := range t.attempts {
			if d.Parallel && outcomeOf(t, attempt, false).dies {
				return true
			}
		}
		return false
	})
}
