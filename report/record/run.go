package record

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/testevent"
)

// Run is a record in a form that reports can be made of. It holds every test, but the output of those
// only that did not simply pass.
type Run struct {
	Manifest  Manifest
	Packages  []*RunPackage // by path
	Tests     []*Test       // by package, then in the order in which they were first seen
	Processes []Process     // by their start
	Stderr    string        // of the go command
	// Covered is the total of the coverage profile, of 0 statements if there is none; LeastCovered are
	// its packages, those that lack most first.
	Covered      cover.Share
	LeastCovered []cover.PackageShare
}

// RunPackage is a package of a run.
type RunPackage struct {
	Path     string
	Status   Status // of the first pass
	Elapsed  time.Duration
	Cached   bool
	Coverage string // the line that tells it; "": none
}

// Status is how a test ended.
type Status string

// These are the words of go test, and one for what has none.
const (
	Passed  Status = "pass"
	Failed  Status = "fail"
	Skipped Status = "skip"
	NoEnd   Status = "none" // it began, and the run ended before it did
	// Quarantined is of a test that failed, and whose quarantine keeps that from failing the run.
	Quarantined Status = "quarantined"
)

// Test is a test or subtest of a run, with all its attempts.
type Test struct {
	Package  string
	Name     string // "": the package as a whole, which failed without a failed test
	Unit     Unit
	Attempts []TestAttempt
	Excused  *Known // its quarantine, if its failure does not fail the run; nil: nothing excuses it
}

// TestAttempt is one run of a test.
type TestAttempt struct {
	Number  int // 0: the first pass; with -count there are several of a number
	Status  Status
	Start   time.Time // zero: not known
	Elapsed time.Duration
	Output  string // "" for one that passed
	Cut     int    // bytes that were left out of the middle of Output
	Missing int    // bytes that the record does not have; a line of Output says where, if it is not cut
	Process int    // its number; -1: none is known
}

// Last returns the last attempt.
func (t *Test) Last() TestAttempt { return t.Attempts[len(t.Attempts)-1] }

// Status is how the test ended in its last attempt: a failure that is excused is none.
func (t *Test) Status() Status {
	s := t.Raw()
	if s == Failed && t.Excused != nil {
		return Quarantined
	}
	return s
}

// Raw is how the test ended in its last attempt, in go test's words.
func (t *Test) Raw() Status {
	last := t.Last()
	for _, a := range t.Attempts {
		if a.Number == last.Number && a.Status == Failed {
			return Failed
		}
	}
	return last.Status
}

// Flaky reports whether the test failed and then passed in a rerun.
func (t *Test) Flaky() bool {
	return t.Status() == Passed && slices.ContainsFunc(t.Attempts, func(a TestAttempt) bool { return a.Status == Failed })
}

// Root is the root test that the test is, or belongs to.
func (t *Test) Root() string { return root(t.Name) }

// Message is the line of a failed attempt's output that says most about why: where it panicked, else the
// last thing that it reported with file and line, else the first line that is its own.
func (a TestAttempt) Message() string {
	first, reported := "", ""
	for line := range strings.Lines(a.Output) {
		text := strings.TrimSpace(line)
		if text == "" || framing(text) {
			continue
		}
		first = cmp.Or(first, text)
		switch {
		case strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: "):
			return text
		case strings.HasPrefix(text, "Error:"): // what assertions print below their location
			if rest := strings.TrimSpace(strings.TrimPrefix(text, "Error:")); rest != "" {
				reported = rest
			}
		case located(text):
			reported = text
		}
	}
	return cmp.Or(reported, first)
}

// located reports whether a line is one of a Log, Error or Fatal that says something: name.go:12: text.
func located(line string) bool {
	place, text, ok := strings.Cut(line, ": ")
	if !ok || strings.TrimSpace(text) == "" || strings.ContainsAny(place, " \t") {
		return false
	}
	file, number, ok := strings.Cut(place, ".go:")
	return ok && file != "" && number != "" && strings.Trim(number, "0123456789:") == ""
}

// framing reports whether a line is the testing package's and not the test's.
func framing(line string) bool {
	for _, prefix := range []string{"=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME ", "--- FAIL: ", "--- SKIP: ", "--- PASS: "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// Load reads all of r.
func Load(r *Reader) (*Run, error) {
	l := &loader{run: &Run{Manifest: r.Manifest}, tests: map[testKey]*Test{}, packages: map[string]*RunPackage{}}
	l.open, l.failed = map[openKey]*open{}, map[openKey]bool{}
	l.units()
	for p, err := range r.Processes() {
		if err != nil {
			return nil, err
		}
		l.run.Processes = append(l.run.Processes, p)
	}
	slices.SortStableFunc(l.run.Processes, func(a, b Process) int {
		return cmp.Or(a.Start.Compare(b.Start), a.Number-b.Number)
	})
	for e, err := range r.Events() {
		if err != nil {
			return nil, err
		}
		l.event(&e)
	}
	if err := l.lines(r); err != nil {
		return nil, err
	}
	if err := l.coverage(r); err != nil {
		return nil, err
	}
	l.finish()
	return l.run, nil
}

// lines takes what is told outside of events: stderr, and what was rerun.
func (l *loader) lines(r *Reader) error {
	var text output
	for line, err := range r.Lines() {
		switch {
		case err != nil:
			return err
		case line.Side == Stderr:
			text.add(string(line.Text) + "\n")
		case line.Side == Begin:
			l.rerun(line.Attempt)
		}
	}
	l.run.Stderr, _ = text.text()
	return nil
}

// coverage takes the profile. One that is none, as redaction may leave it, is no reason to have no report.
func (l *loader) coverage(r *Reader) error {
	in, err := r.Coverage()
	if err != nil || in == nil {
		return err
	}
	if profile, err := cover.Parse(in); err == nil {
		l.run.Covered, l.run.LeastCovered = profile.Total(), profile.Packages()
	}
	return in.Close()
}

type testKey struct{ pkg, test string }

type openKey struct {
	testKey
	attempt int
}

// open is an attempt of which the end has not come.
type open struct {
	attempt TestAttempt
	output  output
}

// loader turns events into a Run.
type loader struct {
	run      *Run
	tests    map[testKey]*Test
	packages map[string]*RunPackage
	open     map[openKey]*open
	failed   map[openKey]bool  // packages, of which a test has failed in the attempt that runs
	order    []openKey         // of open, by their beginning; may hold those that have ended
	unit     map[testKey]Unit  // by root test
	builds   map[string]string // output of builds, by import path
}

func (l *loader) units() {
	l.unit, l.builds = map[testKey]Unit{}, map[string]string{}
	for _, p := range l.run.Manifest.Packages {
		for _, u := range p.Units {
			tests := u.Tests
			if len(tests) == 0 {
				tests = []string{u.Name}
			}
			for _, t := range tests {
				l.unit[testKey{p.Path, t}] = u
			}
		}
	}
}

func (l *loader) event(e *Event) {
	if e.Action == "build-output" {
		l.builds[e.ImportPath] += e.Output
		return
	}
	if e.Package == "" {
		return
	}
	if l.packages[e.Package] == nil {
		p := &RunPackage{Path: e.Package, Status: NoEnd}
		l.packages[e.Package] = p
		l.run.Packages = append(l.run.Packages, p)
	}
	key := openKey{testKey{e.Package, e.Test}, e.Attempt.Number}
	o := l.open[key]
	if o == nil {
		if e.Test == "" && e.Action == "start" {
			e.Action = "run"
		}
		o = &open{attempt: TestAttempt{Number: e.Attempt.Number, Status: NoEnd, Start: e.Time, Process: e.Process}}
		l.open[key] = o
		l.order = append(l.order, key)
	}
	switch e.Action {
	case "output":
		o.output.add(e.Output)
		if e.Key == testevent.KeyMissing {
			o.attempt.Missing += testevent.ParseMissing(e.Value).Bytes
		}
	case "pass", "fail", "skip":
		l.end(key, o, e)
	}
}

// end takes the end of a test or package.
func (l *loader) end(key openKey, o *open, e *Event) {
	delete(l.open, key)
	o.attempt.Status, o.attempt.Elapsed = Status(e.Action), duration(e.Elapsed)
	if e.Test == "" {
		l.endPackage(key, o, e)
		return
	}
	if o.attempt.Status == Failed {
		l.failed[openKey{testKey{key.pkg, ""}, key.attempt}] = true
	}
	l.add(key, o)
}

// endPackage ends a package, and with it the tests of it that died without an end.
func (l *loader) endPackage(key openKey, o *open, e *Event) {
	for _, test := range l.order {
		died := l.open[test]
		if died == nil || test.pkg != key.pkg || test.attempt != key.attempt || test.test == "" {
			continue
		}
		delete(l.open, test)
		died.attempt.Status = Failed
		l.failed[key] = true
		l.add(test, died)
	}
	l.order = slices.DeleteFunc(l.order, func(k openKey) bool { return l.open[k] == nil })
	p := l.packages[key.pkg]
	text, _ := o.output.text()
	if key.attempt == 0 {
		p.Status, p.Elapsed = o.attempt.Status, o.attempt.Elapsed
		p.Cached = strings.Contains(text, "\t(cached)")
		p.Coverage = coverageLine(text)
	}
	// A package is a test of its own if none of its tests can be blamed, and then in its reruns too.
	blamed := o.attempt.Status == Failed && !l.failed[key]
	delete(l.failed, key)
	if e.FailedBuild != "" {
		o.output.add(l.builds[e.FailedBuild])
	}
	if blamed || l.tests[key.testKey] != nil && e.Attempt.Unit == "" && e.Attempt.Number > 0 {
		l.add(key, o)
	}
}

func coverageLine(text string) string {
	for line := range strings.Lines(text) {
		if i := strings.Index(line, "coverage: "); i >= 0 && strings.Contains(line, "% of statements") {
			return strings.TrimSpace(line[i:])
		}
	}
	return ""
}

// add adds an attempt that has ended to its test.
func (l *loader) add(key openKey, o *open) {
	t := l.tests[key.testKey]
	if t == nil {
		t = &Test{Package: key.pkg, Name: key.test}
		l.tests[key.testKey] = t
		l.run.Tests = append(l.run.Tests, t)
	}
	if o.attempt.Status != Passed {
		o.attempt.Output, o.attempt.Cut = o.output.text()
	}
	t.Attempts = append(t.Attempts, o.attempt)
}

// finish adds the tests that have not ended, and sorts.
func (l *loader) finish() {
	for _, key := range l.order {
		if o := l.open[key]; o != nil && key.test != "" {
			delete(l.open, key)
			l.add(key, o)
		}
	}
	for _, t := range l.run.Tests {
		t.Unit = l.unitOf(t)
	}
	l.run.excuse()
	slices.SortStableFunc(l.run.Tests, func(a, b *Test) int { return cmp.Compare(a.Package, b.Package) })
	slices.SortFunc(l.run.Packages, func(a, b *RunPackage) int { return cmp.Compare(a.Path, b.Path) })
}

// unitOf returns the unit of a test. Without one in the manifest, what was rerun tells of groups.
func (l *loader) unitOf(t *Test) Unit {
	if u, ok := l.unit[testKey{t.Package, t.Root()}]; ok {
		return u
	}
	return Unit{Name: t.Root()}
}

// rerun takes the group of what was rerun, for records whose manifest names none.
func (l *loader) rerun(a Attempt) {
	if a.Unit == "" || len(a.Tests) == 0 || len(a.Tests) == 1 && a.Tests[0] == a.Unit {
		return
	}
	for _, name := range a.Tests {
		key := testKey{a.Package, name}
		if _, ok := l.unit[key]; !ok {
			l.unit[key] = Unit{Name: a.Unit, Group: a.Unit, Tests: a.Tests}
		}
	}
}

// maxOutput is how much of a test's output a report can have: half from its beginning, half from its
// end.
const maxOutput = 256 << 10

// output collects text, without the middle of a long one.
type output struct {
	head, tail []byte
	cut        int
}

func (o *output) add(s string) {
	const half = maxOutput / 2
	if room := half - len(o.head); room > 0 && len(o.tail) == 0 && len(s) <= room {
		o.head = append(o.head, s...)
		return
	}
	o.tail = append(o.tail, s...)
	if len(o.tail) > 2*half {
		n := len(o.tail) - half
		o.cut += n
		o.tail = append(o.tail[:0], o.tail[n:]...)
	}
}

// text returns what was kept, and how much was not. A line says where it was.
func (o *output) text() (string, int) {
	tail, cut := o.tail, o.cut
	if n := len(tail) - maxOutput/2; n > 0 {
		tail = tail[n:]
		cut += n
	}
	if cut == 0 {
		return string(o.head) + string(tail), 0
	}
	return string(o.head) + "\n[... the middle is left out ...]\n" + strings.ToValidUTF8(string(tail), ""), cut
}
