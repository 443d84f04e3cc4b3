package hunt

import (
	"math"

	"github.com/gotestcohort/cohort/scheduler/history"
)

// tally counts the runs of something and how many of them failed.
type tally struct{ runs, failed int }

func (t tally) add(o tally) tally { return tally{t.runs + o.runs, t.failed + o.failed} }

// always reports whether every run failed, and there was one.
func (t tally) always() bool { return t.runs > 0 && t.failed == t.runs }

// inverse counts passes where t counts failures.
func (t tally) inverse() tally { return tally{t.runs, t.runs - t.failed} }

// rate returns the estimated rate of failure, never 0 or 1: what was seen n
// times may be otherwise the next time (Jeffreys' prior).
func (t tally) rate() float64 { return (float64(t.failed) + 0.5) / (float64(t.runs) + 1) }

// low returns the lower bound of the rate of failure, with 95% confidence (Wilson's).
func (t tally) low() float64 {
	low, _ := history.Wilson(t.failed, t.runs)
	return low
}

// fisher returns the probability that chance alone puts at least x.failed of
// all the failures into x, if x and base fail equally often: Fisher's exact
// test, one-sided.
func fisher(x, base tally) float64 {
	failed, runs := x.failed+base.failed, x.runs+base.runs
	if failed == 0 || failed == runs || x.runs == 0 || base.runs == 0 {
		return 1
	}
	p := 0.0
	for k := x.failed; k <= min(failed, x.runs); k++ {
		if failed-k <= base.runs {
			p += math.Exp(logChoose(x.runs, k) + logChoose(base.runs, failed-k) - logChoose(runs, failed))
		}
	}
	return min(p, 1)
}

// logChoose returns the logarithm of the binomial coefficient.
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// runsToSee returns how often to run what fails at that rate to see it fail
// at least once, but for a remaining doubt.
func runsToSee(rate, doubt float64) int {
	switch {
	case rate <= 0:
		return math.MaxInt32
	case rate >= 1:
		return 1
	}
	return int(min(math.Ceil(math.Log(doubt)/math.Log1p(-rate)), math.MaxInt32))
}

// sprt is Wald's sequential test between two rates: after each run it says
// whether enough is known.
type sprt struct {
	pass, fail float64 // what one run adds to the evidence for the high rate
	evidence   float64 // logarithm of the likelihood ratio
}

// errorOdds is the odds against a wrong answer of an sprt. A bisection of a
// thousand tests asks ten times, so that it goes wrong once in fifty.
const errorOdds = 500

// newSPRT returns a test between low < high. They are kept a little apart from
// 0 and 1, so that no single run decides alone.
func newSPRT(low, high float64) *sprt {
	low, high = max(low, 0.005), min(high, 0.95)
	return &sprt{pass: math.Log((1 - high) / (1 - low)), fail: math.Log(high / low)}
}

// add takes in what came of some runs.
func (s *sprt) add(t tally) {
	s.evidence += float64(t.failed)*s.fail + float64(t.runs-t.failed)*s.pass
}

// decided reports whether the answer is known, and whether it is the high rate.
func (s *sprt) decided() (high, ok bool) {
	limit := math.Log(errorOdds)
	return s.evidence > 0, math.Abs(s.evidence) >= limit
}
