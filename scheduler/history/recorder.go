package history

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Run identifies a run, or one round of a hunt: whatever has its own seed.
type Run struct {
	// ID is the COHORT_RUN_ID. Runs with the same ID, start and seed are one run, also across merged files.
	ID string
	// Start is when it began, by the clock.
	Start time.Time
	// Seed is what the order was shuffled with. It counts only if Shuffled.
	Seed     int64
	Shuffled bool
	// Variant is the kind of run, as for History.Snapshot.
	Variant string
}

// Outcome is how one execution of a test ended.
type Outcome struct {
	// Attempt is 0 for the first, 1.. for reruns.
	Attempt int
	Result  Result
	// Elapsed is what the test took. Measure it between the test's events: the figure that the testing package
	// prints is rounded to 10 ms, which makes a thousand tests of 4 ms look free. Negative means unknown.
	Elapsed time.Duration
}

// Recorder collects what happens in one run. Its methods may be called concurrently.
type Recorder struct {
	run Run

	mu   sync.Mutex
	pkgs map[string]*pkgDelta
}

// delta is what a Recorder holds at one moment.
type delta struct {
	recorder *Recorder
	pkgs     map[string]*pkgDelta
}

type pkgDelta struct {
	startup []int64
	tests   map[string]*testDelta
	debts   []Debt
}

type testDelta struct {
	outcomes []outcomeDelta
	good     []int64 // durations of passes and skips
	bad      []int64 // durations of failures
}

type outcomeDelta struct {
	attempt int
	result  Result
}

// NewRun returns a Recorder whose content the next Save takes along. A run in which nothing is recorded is not
// remembered.
func (h *History) NewRun(run Run) *Recorder {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Recorder{run: run, pkgs: make(map[string]*pkgDelta)}
	h.recorders = append(h.recorders, r)
	return r
}

// Declared says which top-level tests the package has, run or not. It keeps those from being forgotten that a
// -run pattern leaves out. It does not keep names.
func (r *Recorder) Declared(pkg string, names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pkg(pkg)
	for _, name := range names {
		p.test(name)
	}
}

// Startup adds the time from the start of one of the package's processes to its first test.
func (r *Recorder) Startup(pkg string, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pkg(pkg)
	p.startup = appendBounded(p.startup, micros(d), maxSamples)
}

// Add adds the outcome of a top-level test, or of a direct subtest of one that may be split, under its full name.
// Call it once per execution, in the order in which they ended. Do not call it for tests that never started.
func (r *Recorder) Add(pkg, test string, o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.pkg(pkg).test(test)
	t.outcomes = appendBounded(t.outcomes, outcomeDelta{max(o.Attempt, 0), o.Result}, maxOutcomes)
	switch {
	case o.Elapsed < 0:
	case o.Result == Fail:
		t.bad = appendBounded(t.bad, micros(o.Elapsed), maxSamples)
	default:
		t.good = appendBounded(t.good, micros(o.Elapsed), maxSamples)
	}
}

func micros(d time.Duration) int64 { return min(max(d.Microseconds(), 0), maxNumber) }

func appendBounded[T any](s []T, v T, limit int) []T {
	if len(s) >= limit {
		s = slices.Delete(s, 0, len(s)-limit+1)
	}
	return append(s, v)
}

func (r *Recorder) pkg(path string) *pkgDelta {
	p := r.pkgs[path]
	if p == nil {
		p = &pkgDelta{tests: make(map[string]*testDelta)}
		r.pkgs[path] = p
	}
	return p
}

func (p *pkgDelta) test(name string) *testDelta {
	t := p.tests[name]
	if t == nil {
		t = &testDelta{}
		p.tests[name] = t
	}
	return t
}

// take empties the recorder. It returns nil if there was nothing.
func (r *Recorder) take() *delta {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pkgs) == 0 {
		return nil
	}
	d := &delta{recorder: r, pkgs: r.pkgs}
	r.pkgs = make(map[string]*pkgDelta)
	return d
}

// giveBack undoes take after a failed save. What was recorded meanwhile is newer.
func (r *Recorder) giveBack(d *delta) {
	r.mu.Lock()
	defer r.mu.Unlock()
	newer := r.pkgs
	r.pkgs = d.pkgs
	for path, from := range newer {
		into := r.pkg(path)
		into.startup = appendAll(into.startup, from.startup, maxSamples)
		into.debts = append(into.debts, from.debts...)
		for name, t := range from.tests {
			to := into.test(name)
			to.outcomes = appendAll(to.outcomes, t.outcomes, maxOutcomes)
			to.good = appendAll(to.good, t.good, maxSamples)
			to.bad = appendAll(to.bad, t.bad, maxSamples)
		}
	}
}

func appendAll[T any](into, from []T, limit int) []T {
	for _, v := range from {
		into = appendBounded(into, v, limit)
	}
	return into
}

// apply adds a delta to a state that nobody else sees yet.
func (st *state) apply(d *delta) {
	run := d.recorder.run
	num := st.number(run)
	for _, path := range slices.Sorted(maps.Keys(d.pkgs)) {
		p := st.pkg(path)
		if p == nil {
			p = &pkgState{path: path}
			i, _ := slices.BinarySearchFunc(st.pkgs, path, func(p *pkgState, path string) int { return strings.Compare(p.path, path) })
			st.pkgs = slices.Insert(st.pkgs, i, p)
		}
		if p.last != num && len(d.pkgs[path].tests)+len(d.pkgs[path].startup) > 0 { // else an earlier Save has counted this run
			p.runs++
		}
		p.last = max(p.last, num)
		p.apply(d.pkgs[path], num, run)
		p.settle(d.pkgs[path].debts)
	}
}

// number returns the number of a run: a new one, unless an earlier Save has given it one.
func (st *state) number(run Run) int {
	info := runInfo{num: st.next, start: run.Start.UnixMilli(), id: run.ID, seed: run.Seed, shuffled: run.Shuffled}
	for _, known := range slices.Backward(st.runs) {
		if known.sameRun(info) {
			return known.num
		}
	}
	st.next++
	st.runs = append(st.runs, info)
	return info.num
}

// apply adds the tests of a delta, and keeps the order of names.
func (p *pkgState) apply(d *pkgDelta, num int, run Run) {
	when := run.Start.Unix()
	if len(d.startup) > 0 {
		p.startup = addSamples(p.startup, run.Variant, when, d.startup)
	}
	var added []testState
	for _, name := range slices.Sorted(maps.Keys(d.tests)) {
		t := p.test(name)
		if t == nil {
			added = append(added, testState{name: name})
			t = &added[len(added)-1]
		}
		t.apply(d.tests[name], num, run.Variant, when)
		t.seen = p.runs
	}
	if len(added) > 0 {
		p.tests = append(p.tests, added...)
		slices.SortFunc(p.tests, func(a, b testState) int { return cmp.Compare(a.name, b.name) })
	}
}

func (t *testState) apply(d *testDelta, num int, variant string, when int64) {
	for _, o := range d.outcomes {
		t.outcomes = addOutcome(t.outcomes, num, o.attempt, o.result)
	}
	durations := d.good
	if len(durations) == 0 && !slices.ContainsFunc(t.durations, func(s samples) bool { return s.variant == variant }) {
		// A failure may end early or hang: its duration is only better than none.
		durations = d.bad
	}
	if len(durations) > 0 {
		t.durations = addSamples(t.durations, variant, when, durations)
	}
}
