package history

import (
	"slices"
	"strings"
	"time"
)

// The bounds of the file. None of them is a matter of correctness: what is forgotten is learned again.
const (
	// maxOutcomes is what a test's reliability is judged by: 32 outcomes show a failure rate of 10% with
	// 97% probability, and older ones say more about old code than about the test.
	maxOutcomes = 32
	// maxSamples is how many durations an estimate is the median of, see samples.median.
	maxSamples = 5
	// maxVariants is how many ways of running (race, cover, short, ...) a test keeps durations of.
	maxVariants = 8
	// maxRuns is how many runs outcomes can refer to. A suite that is always run whole needs maxOutcomes of them;
	// the rest is for people who run one package at a time.
	maxRuns = 1000
	// maxTests bounds the file to some 25 MB. The packages run longest ago go first.
	maxTests = 250_000
	// keepTestRuns is for how many runs of its package a test is kept that no longer shows up. It may be behind
	// a build tag or a -run pattern that only some of the runs have.
	keepTestRuns = 50
	// A package that is not run goes when both of these have passed. Counting runs as well makes one run
	// under a clock that is years ahead harmless.
	keepPackageRuns = 200
	keepPackageTime = 90 * 24 * time.Hour
)

// Result is how a test ended.
type Result byte

// The results, with the letters they have in the file.
const (
	Pass Result = 'p'
	Fail Result = 'f'
	Skip Result = 's'
)

// String returns the word that go test uses.
func (r Result) String() string {
	switch r {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case Skip:
		return "skip"
	}
	return "unknown"
}

// state is the content of a history file. One that can be reached from a Snapshot never changes again.
type state struct {
	module string
	// next is the number of the next run. Numbers are never used twice, so that tests that a save does not
	// touch need no rewriting, and order does not depend on the clock.
	next int
	runs []runInfo // by number, ascending
	pkgs []*pkgState
}

// runInfo is one run (or one round of a hunt): what outcomes have in common.
type runInfo struct {
	num      int
	start    int64 // Unix milliseconds, as the clock said
	seed     int64
	shuffled bool
	id       string
}

// sameRun reports whether two entries, perhaps of two files, describe one run.
func (r runInfo) sameRun(o runInfo) bool {
	return r.id == o.id && r.start == o.start && r.seed == o.seed && r.shuffled == o.shuffled
}

// pkgState is a package. Packages are sorted by path, tests by name.
type pkgState struct {
	path    string
	runs    int  // how many runs ran something of it
	last    int  // number of the latest of them
	owed    bool // it failed outside its tests, or did not run: see Debt
	startup []samples
	tests   []testState
}

// testState is a top-level test.
type testState struct {
	name      string
	seen      int // the package's runs when the test was last seen
	owed      bool
	outcomes  []outcomeSpan
	durations []samples
}

// outcomeSpan is the same outcome in the consecutive runs first..last, oldest span first. Most tests always
// pass, so that one span is all they need.
type outcomeSpan struct {
	first, last int
	attempt     int
	result      Result
}

func (s outcomeSpan) len() int { return s.last - s.first + 1 }

// samples are the latest measurements of one quantity in one variant, oldest first.
type samples struct {
	variant string
	when    int64 // start of the run of the newest, Unix seconds
	micros  []int64
}

// median is the estimate. An exponentially weighted mean was the other candidate: with weights that make one
// outlier harmless (a busy machine, a cold cache: ten times the usual duration) it takes many runs to follow
// a real change, and the other way round. The median of five ignores two outliers and follows a change in
// three runs. Its larger variance under plain noise does not matter to a scheduler.
func (s samples) median() time.Duration {
	if len(s.micros) == 0 {
		return 0
	}
	sorted := slices.Clone(s.micros)
	slices.Sort(sorted)
	// The upper of two middles: taking a test for too long costs less than starting it too late.
	return time.Duration(sorted[len(sorted)/2]) * time.Microsecond
}

// pkg returns the package, or nil.
func (st *state) pkg(path string) *pkgState {
	i, ok := slices.BinarySearchFunc(st.pkgs, path, func(p *pkgState, path string) int { return strings.Compare(p.path, path) })
	if !ok {
		return nil
	}
	return st.pkgs[i]
}

// test returns the test, or nil.
func (p *pkgState) test(name string) *testState {
	i, ok := slices.BinarySearchFunc(p.tests, name, compareTestName)
	if !ok {
		return nil
	}
	return &p.tests[i]
}

func compareTestName(t testState, name string) int { return strings.Compare(t.name, name) }

// run returns the run with that number, or nil if it has been forgotten.
func (st *state) run(num int) *runInfo {
	i, ok := slices.BinarySearchFunc(st.runs, num, func(r runInfo, num int) int { return r.num - num })
	if !ok {
		return nil
	}
	return &st.runs[i]
}

// find picks the samples of a variant. Another variant's are better than none: they still tell long tests from
// short ones. The plain variant comes first, then the alphabet decides.
func find(all []samples, variant string) (samples, bool) {
	best := -1
	for i, s := range all {
		switch {
		case s.variant == variant:
			return s, true
		case best < 0 || s.variant < all[best].variant:
			best = i
		}
	}
	if best < 0 {
		return samples{}, false
	}
	return all[best], true
}

// addOutcome appends one outcome.
func addOutcome(spans []outcomeSpan, run, attempt int, result Result) []outcomeSpan {
	if n := len(spans); n > 0 {
		l := &spans[n-1]
		if l.last == run-1 && l.attempt == attempt && l.result == result {
			l.last = run
			return spans
		}
	}
	return append(spans, outcomeSpan{first: run, last: run, attempt: attempt, result: result})
}

// trimOutcomes drops the outcomes of runs before oldest, and the oldest of the rest beyond maxOutcomes. Spans may
// be out of order: of two concurrent runs, the one saved later may have started earlier.
func trimOutcomes(spans []outcomeSpan, oldest int) []outcomeSpan {
	spans = slices.DeleteFunc(spans, func(s outcomeSpan) bool { return s.last < oldest })
	left := maxOutcomes
	for i := len(spans) - 1; i >= 0; i-- {
		if left == 0 {
			return slices.Delete(spans, 0, i+1)
		}
		s := &spans[i]
		s.first = max(s.first, oldest, s.last-left+1)
		left -= s.len()
	}
	return spans
}

// addSamples appends measurements to the samples of a variant.
func addSamples(all []samples, variant string, when int64, micros []int64) []samples {
	i := slices.IndexFunc(all, func(s samples) bool { return s.variant == variant })
	if i < 0 {
		if len(all) >= maxVariants {
			all = slices.Delete(all, oldestSamples(all), oldestSamples(all)+1)
		}
		all = append(all, samples{variant: variant})
		i = len(all) - 1
	}
	s := &all[i]
	s.when = when
	s.micros = append(s.micros, micros...)
	if extra := len(s.micros) - maxSamples; extra > 0 {
		s.micros = slices.Delete(s.micros, 0, extra)
	}
	return all
}

func oldestSamples(all []samples) int {
	oldest := 0
	for i, s := range all {
		if s.when < all[oldest].when {
			oldest = i
		}
	}
	return oldest
}
