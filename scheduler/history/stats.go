package history

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// TestStats is what the history says about one test.
type TestStats struct {
	Package string
	Test    string
	// Runs counts passes and failures, reruns included; skips tell nothing about reliability.
	Runs     int
	Failures int
	Skips    int
	// Flips counts how often a failure followed a pass or a pass a failure. A test that broke and was mended has
	// two; a flaky one gathers more.
	Flips int
	// Rate is Failures/Runs, Low and High its 95% Wilson interval; all 0 if it never ran.
	Rate, Low, High float64
	// LastSeen and LastFailure are starts of runs, by their clocks; zero if unknown.
	LastSeen    time.Time
	LastFailure time.Time
	// FailureSeed is the seed of the last failure's run, if FailureShuffled.
	FailureSeed     int64
	FailureShuffled bool
	// Estimate is what the test takes; Timed tells whether that is known.
	Estimate time.Duration
	Timed    bool
}

// Stats returns one entry per test, sorted by package and name.
func (s *Snapshot) Stats() []TestStats {
	var all []TestStats
	for _, p := range s.state.pkgs {
		for _, t := range p.tests {
			if isSubtest(t.name) {
				continue
			}
			ts := TestStats{Package: p.path, Test: t.name}
			ts.Estimate, ts.Timed = estimate(t.durations, s.variant)
			ts.count(s.state.past(t.outcomes))
			all = append(all, ts)
		}
	}
	return all
}

func (ts *TestStats) count(past []PastOutcome) {
	var before Result
	for _, o := range past {
		ts.LastSeen = o.Time
		if o.Result == Skip {
			ts.Skips++
			continue
		}
		ts.Runs++
		if o.Result == Fail {
			ts.Failures++
			ts.LastFailure, ts.FailureSeed, ts.FailureShuffled = o.Time, o.Seed, o.Shuffled
		}
		if before != 0 && before != o.Result {
			ts.Flips++
		}
		before = o.Result
	}
	if ts.Runs > 0 {
		ts.Rate = float64(ts.Failures) / float64(ts.Runs)
		ts.Low, ts.High = Wilson(ts.Failures, ts.Runs)
	}
}

// Wilson returns the 95% confidence interval of a rate of which hits of n were seen. n must be positive.
func Wilson(hits, n int) (low, high float64) {
	const z = 1.959964 // the 97.5% quantile of the normal distribution
	rate, size := float64(hits)/float64(n), float64(n)
	middle := rate + z*z/(2*size)
	half := z * math.Sqrt(rate*(1-rate)/size+z*z/(4*size*size))
	scale := 1 + z*z/size
	// The bounds are in 0..1 but for rounding.
	return max(0, (middle-half)/scale), min(1, (middle+half)/scale)
}

// LeastReliable returns the tests that failed, those that surely fail most often first: by the lower end of the
// interval, so that one failure in one run does not outrank ten in twelve. limit 0 is no limit.
func LeastReliable(all []TestStats, limit int) []TestStats {
	failed := slices.DeleteFunc(slices.Clone(all), func(ts TestStats) bool { return ts.Failures == 0 })
	slices.SortStableFunc(failed, func(a, b TestStats) int {
		return cmp.Or(cmp.Compare(b.Low, a.Low), cmp.Compare(b.Flips, a.Flips))
	})
	return first(failed, limit)
}

// Slowest returns the tests with a known duration, longest first. limit 0 is no limit.
func Slowest(all []TestStats, limit int) []TestStats {
	timed := slices.DeleteFunc(slices.Clone(all), func(ts TestStats) bool { return !ts.Timed })
	slices.SortStableFunc(timed, func(a, b TestStats) int { return cmp.Compare(b.Estimate, a.Estimate) })
	return first(timed, limit)
}

func first(all []TestStats, limit int) []TestStats {
	if limit > 0 && len(all) > limit {
		return all[:limit]
	}
	return all
}
