package main_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// soakWant is what must be reported of a package.
type soakWant struct {
	// results are those of each test and subtest, in order, over all attempts.
	results map[string][]string
	// loose are tests whose every result may also be another one: what else ran
	// when a process died is chance.
	loose map[string]string
	// starts is how often a test runs, by name and attempt.
	starts map[string]int
	// orphans are tests whose group failed only in that it lost its process.
	orphans map[string]bool
	// packages are the package's own results; those after the first are of
	// attempts, in any order.
	packages []string
	// flaky are units that passed in the end, failed those that did not. The
	// package itself is "".
	flaky, failed []string
}

// A soakUnit is a unit: a group, or a test that is in none.
type soakUnit struct {
	name     string
	declared bool
	tests    []*soakTest
}

// A soakModel predicts what becomes of a package.
type soakModel struct {
	r    *soakRound
	p    *soakPkg
	seen map[string][]string // what was reported, for what is chance
	want *soakWant
}

// predict returns what must be reported of p. Where chance decides whether a
// unit is run again, seen, the results as they were reported, says so. Outside reports that cohort
// said of a process that it failed outside its tests: so it looks if a test that runs in parallel
// with the one that ends the process is reported last.
func (r *soakRound) predict(p *soakPkg, seen map[string][]string, outside bool) *soakWant {
	m := &soakModel{r: r, p: p, seen: seen, want: &soakWant{
		results: make(map[string][]string), loose: make(map[string]string), starts: make(map[string]int),
		orphans: make(map[string]bool),
	}}
	units := m.units()
	broken := m.first(units) || outside && p.diesInParallel()
	var failed []soakUnit
	for _, u := range units {
		if slices.ContainsFunc(u.tests, m.hasFailed) {
			failed = append(failed, u)
		}
	}
	if !broken && len(failed) == 0 {
		m.want.packages = []string{"pass"}
		return m.want
	}
	m.want.packages = []string{"fail"}
	if broken {
		all := soakUnit{declared: len(units) == 1 && units[0].declared}
		all.tests = inSourceOrder(units)
		failed = []soakUnit{all}
	}
	for _, u := range failed {
		if m.rerun(u) {
			m.want.flaky = append(m.want.flaky, u.name)
		} else {
			m.want.failed = append(m.want.failed, u.name)
		}
	}
	return m.want
}

// units are what -run and -skip select, and what comes before that in its group, in source order
// of their first tests.
func (m *soakModel) units() []soakUnit {
	selected := func(t *soakTest) bool {
		matches := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(t.name) }
		return matches(m.r.run) && (m.r.skip == "" || !matches(m.r.skip))
	}
	var units []soakUnit
	for _, t := range m.p.tests {
		u := soakUnit{name: t.name}
		switch group := m.r.groupOf(m.p, t); {
		case m.r.dist == "loadpackage":
			u.name = m.p.path()
		case group != "" && m.r.dist != "load":
			u = soakUnit{name: group, declared: true}
		case m.r.dist == "loadfile":
			u.name = t.file
		}
		i := slices.IndexFunc(units, func(o soakUnit) bool { return o.name == u.name && o.declared == u.declared })
		if i < 0 {
			i = len(units)
			units = append(units, u)
		}
		units[i].tests = append(units[i].tests, t)
	}
	for i := range units {
		u := &units[i]
		for len(u.tests) > 0 && !selected(u.tests[len(u.tests)-1]) {
			u.tests = u.tests[:len(u.tests)-1]
		}
		if !u.declared {
			u.tests = slices.DeleteFunc(u.tests, func(t *soakTest) bool { return !selected(t) })
		}
	}
	units = slices.DeleteFunc(units, func(u soakUnit) bool { return len(u.tests) == 0 })
	slices.SortStableFunc(units, func(a, b soakUnit) int {
		return slices.Index(m.p.tests, a.tests[0]) - slices.Index(m.p.tests, b.tests[0])
	})
	return units
}

// split reports whether the package may have several processes.
func (m *soakModel) split(units []soakUnit) bool {
	return len(units) > 1 && m.r.dist != "loadpackage" && !m.r.failFast && (!m.p.withMain || m.r.split)
}

// bundled reports whether units of a split package share processes, because
// each process of it sets everything up again.
func (m *soakModel) bundled(units []soakUnit) bool {
	needed, loose := 0, make(map[string]bool) // by locks
	for _, u := range units {
		alone := u.declared || len(u.tests) > 1 || strings.HasSuffix(u.name, ".go")
		if alone || slices.ContainsFunc(u.tests, func(t *soakTest) bool { return t.serial }) {
			needed++
		} else {
			loose[strings.Join(u.tests[0].locks, " ")] = true
		}
	}
	return m.p.withMain && m.split(units) && needed+len(loose) > m.r.workers
}

func inSourceOrder(units []soakUnit) []*soakTest {
	var all []*soakTest
	for _, u := range units {
		all = append(all, u.tests...)
	}
	slices.SortFunc(all, func(a, b *soakTest) int { return strings.Compare(a.name, b.name) })
	return all
}

// first predicts the first attempt and reports whether the package itself fails.
func (m *soakModel) first(units []soakUnit) bool {
	switch m.p.mainDoes(0) {
	case "early", "panic":
		return true
	case "idle":
		return false
	}
	split := m.split(units)
	anyFailed := false
	switch {
	case m.r.failFast:
		all := inSourceOrder(units)
		s := m.process(all, 0, true)
		for _, t := range all {
			m.record(t, s.results[t.name], s) // nothing is said of the rest
		}
	case !split && len(units) > 1 && m.r.count == 1:
		m.together(units)
	}
	for _, u := range units {
		group := u.declared && (split && !m.bundled(units) || len(units) == 1) && !m.r.failFast
		s := m.process(u.tests, 0, group && !m.r.keepOn)
		for _, t := range u.tests {
			switch {
			case group:
				m.record(t, s.results[t.name], s)
				m.skip(t, m.r.count-s.ended(t))
			case m.r.failFast:
			case split || m.r.count > 1 || len(units) == 1:
				m.alone(t)
				m.spread(t)
			}
			anyFailed = anyFailed || m.hasFailed(t)
		}
	}
	m.collateral(units, 0)
	switch m.p.mainDoes(0) {
	case "teardown":
		return true
	case "blind":
		return anyFailed
	}
	return false
}

// together predicts a package that is one process as long as none of its tests
// ends it. Of the groups that such a process had begun, the rest is skipped.
func (m *soakModel) together(units []soakUnit) {
	groups := make(map[string]string)
	for _, u := range units {
		for _, t := range u.tests {
			if u.declared {
				groups[t.name] = u.name
			}
		}
	}
	for left := inSourceOrder(units); len(left) > 0; {
		s := m.process(left, 0, false)
		begun := make(map[string]bool)
		for _, t := range left {
			begun[groups[t.name]] = begun[groups[t.name]] || groups[t.name] != "" && s.runs[t.name] > 0
		}
		var rest []*soakTest
		for _, t := range left {
			switch {
			case s.runs[t.name] > 0:
				m.record(t, s.results[t.name], s)
			case begun[groups[t.name]]:
				m.skip(t, 1)
				m.want.orphans[t.name] = true
			default:
				rest = append(rest, t)
			}
		}
		left = rest
	}
}

// alone predicts a test whose process may die with other tests, which then run
// in another one.
func (m *soakModel) alone(t *soakTest) {
	for range m.r.count {
		o := outcomeOf(t, 0, m.r.failFast)
		m.note(t, o.results, 0)
		if o.dies && !o.told {
			return // it counts as ended in all its runs
		}
	}
}

// collateral marks the tests that may have ended with another one's process.
func (m *soakModel) collateral(units []soakUnit, attempt int) {
	deadly := false
	for _, u := range units {
		for _, t := range u.tests {
			deadly = deadly || outcomeOf(t, attempt, false).dies
		}
	}
	for _, u := range units {
		for _, t := range u.tests {
			if deadly && t.does(attempt).Parallel {
				m.want.loose[t.name] = "fail"
			}
		}
	}
}

// rerun predicts the attempts of a failed unit, or of a package (without a
// name), and reports whether one passes.
func (m *soakModel) rerun(u soakUnit) bool {
	// A subtest that failed must be seen again before the unit may pass.
	owed := make(map[string]bool)
	for name, results := range m.want.results {
		root, _, isSub := strings.Cut(name, "/")
		if isSub && slices.Contains(results, "fail") &&
			slices.ContainsFunc(u.tests, func(t *soakTest) bool { return t.name == root }) {
			owed[name] = true
		}
	}
	for attempt := 1; attempt <= m.r.reruns; attempt++ {
		if m.attempt(u, attempt, owed) {
			m.want.packages = append(m.want.packages, "pass")
			return true
		}
		m.want.packages = append(m.want.packages, "fail")
	}
	return false
}

func (m *soakModel) attempt(u soakUnit, attempt int, owed map[string]bool) bool {
	main := m.p.mainDoes(attempt)
	if main == "early" || main == "panic" || main == "idle" {
		for _, t := range u.tests {
			m.skip(t, m.r.count)
		}
		for name := range owed {
			m.want.results[name] = append(m.want.results[name], "skip")
		}
		return main == "idle" && len(u.tests) == 0
	}
	s := m.process(u.tests, attempt, m.r.failFast || u.declared && !m.r.keepOn)
	for _, t := range u.tests {
		m.record(t, s.results[t.name], s)
		if missing := m.r.count - s.ended(t); !m.r.failFast || s.passed {
			m.skip(t, missing)
		}
		switch {
		case !s.died:
		case u.name == "":
			m.want.loose[t.name] = "any" // the order is random
		case t.does(attempt).Parallel:
			m.want.loose[t.name] = "any"
		}
	}
	return m.settleOwed(s, owed) && s.passed && main != "teardown"
}

// settleOwed takes the subtests that a process has run from those that it owes,
// and reports whether it owed no others.
func (m *soakModel) settleOwed(s *soakProcess, owed map[string]bool) bool {
	paid := true
	for name := range owed {
		root, _, _ := strings.Cut(name, "/")
		if len(s.results[name]) > 0 || slices.Contains(s.results[root], "skip") {
			delete(owed, name)
			continue
		}
		m.want.results[name] = append(m.want.results[name], "skip")
		paid = false
	}
	for name, results := range s.results {
		if strings.Contains(name, "/") && slices.Contains(results, "fail") {
			owed[name] = true
		}
	}
	return paid
}

// A soakProcess is what one process does.
type soakProcess struct {
	results      map[string][]string // of tops and subtests
	untold       map[string]bool     // died without a report
	attempt      int
	runs         map[string]int
	died, passed bool
}

// ended is how many of a test's runs are over.
func (s *soakProcess) ended(t *soakTest) int {
	if s.untold[t.name] {
		return 1 << 20
	}
	return len(s.results[t.name])
}

// process runs tests in order in one process.
func (m *soakModel) process(tests []*soakTest, attempt int, stopEarly bool) *soakProcess {
	s := &soakProcess{
		results: make(map[string][]string), untold: make(map[string]bool), runs: make(map[string]int),
		attempt: attempt, passed: true,
	}
	inOrder := slices.Clone(tests)
	slices.SortStableFunc(inOrder, func(a, b *soakTest) int {
		if a.does(attempt).Parallel == b.does(attempt).Parallel {
			return 0
		}
		if b.does(attempt).Parallel {
			return -1
		}
		return 1
	})
	for range m.r.count {
		for _, t := range inOrder {
			if s.died || (stopEarly && !s.passed) {
				return s
			}
			o := outcomeOf(t, attempt, stopEarly)
			s.runs[t.name]++
			for _, result := range o.results {
				s.results[result.name] = append(s.results[result.name], result.result)
			}
			s.died, s.untold[t.name] = o.dies, o.dies && !o.told
			s.passed = s.passed && o.results[len(o.results)-1].result != "fail"
		}
	}
	return s
}

// record takes over what a process says about a test.
func (m *soakModel) record(t *soakTest, results []string, s *soakProcess) {
	m.want.results[t.name] = append(m.want.results[t.name], results...)
	for name, results := range s.results {
		if strings.HasPrefix(name, t.name+"/") {
			m.want.results[name] = append(m.want.results[name], results...)
		}
	}
	m.want.starts[soakKey(t.name, s.attempt)] += s.runs[t.name]
}

func (m *soakModel) note(t *soakTest, results []soakResult, attempt int) {
	for _, r := range results {
		m.want.results[r.name] = append(m.want.results[r.name], r.result)
	}
	m.want.starts[soakKey(t.name, attempt)]++
}

func (m *soakModel) skip(t *soakTest, times int) {
	for range max(0, times) {
		m.want.results[t.name] = append(m.want.results[t.name], "skip")
	}
}

// hasFailed reports whether a test failed in its first attempt.
func (m *soakModel) hasFailed(t *soakTest) bool {
	if m.want.orphans[t.name] {
		return true
	}
	if m.want.loose[t.name] != "" {
		got := m.seen[t.name]
		return slices.Contains(got[:min(len(got), m.r.count)], "fail")
	}
	return slices.Contains(m.want.results[t.name], "fail")
}

func soakKey(test string, attempt int) string { return fmt.Sprint(test, " ", attempt) }

// soakResult is one result.
type soakResult struct{ name, result string }

// soakOutcome is what one run of a test gives; the test itself comes last.
type soakOutcome struct {
	results []soakResult
	dies    bool // with its process
	told    bool // after it was reported
}

// outcomeOf is what comes of one run of a test.
func outcomeOf(t *soakTest, attempt int, stopEarly bool) soakOutcome {
	d := t.does(attempt)
	var o soakOutcome
	failed := false
	names := make(map[string]int)
	var waiting []int // parallel subtests
	for _, sub := range d.Subs {
		if stopEarly && failed {
			break
		}
		name := t.name + "/" + strings.ReplaceAll(sub.Name, " ", "_")
		names[name]++
		if n := names[name]; n > 1 {
			name = fmt.Sprintf("%s#%02d", name, n-1)
		}
		result := sub.End
		if result == "panic" || result == "exit1" {
			o.dies, o.told, result = true, sub.End == "panic", "fail"
		}
		if sub.Parallel {
			waiting = append(waiting, len(o.results))
		} else if result == "fail" {
			failed = true
		}
		o.results = append(o.results, soakResult{name, result})
		if o.dies {
			break
		}
	}
	result := d.End
	if !o.dies {
		switch d.End {
		case "panic", "goexit", "exit0":
			o.dies, o.told = true, true
		case "exit1", "exit7", "throw", "kill", "goroutine", "hang":
			o.dies = true
		}
	}
	for _, i := range slices.Backward(waiting) {
		switch {
		case o.dies && o.told: // as in go test: the panic's report is the last, and they have none
			o.results = slices.Delete(o.results, i, i+1)
			continue
		case o.dies:
			o.results[i].result = "fail" // they never went on
		}
		failed = failed || o.results[i].result == "fail"
	}
	if o.dies || failed || result == "fatal" {
		result = "fail"
	}
	o.results = append(o.results, soakResult{t.name, result})
	return o
}
