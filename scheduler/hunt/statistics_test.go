package hunt

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFisher compares with sums of products of binomial coefficients, done by
// hand.
func TestFisher(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, base tally
		want    float64
	}{
		{tally{8, 8}, tally{8, 0}, 1.0 / 12870},
		{tally{4, 3}, tally{4, 1}, 17.0 / 70}, // the lady tasting tea
		{tally{10, 7}, tally{12, 2}, 8470.0 / 497420},
		{tally{8, 1}, tally{8, 0}, 0.5},
		{tally{8, 0}, tally{8, 1}, 1},
		{tally{8, 0}, tally{8, 0}, 1},
		{tally{8, 8}, tally{8, 8}, 1},
		{tally{}, tally{8, 3}, 1},
		{tally{3, 2}, tally{3, 1}, 10.0 / 20},
	} {
		if got := fisher(tt.x, tt.base); math.Abs(got-tt.want) > 1e-4*max(tt.want, 0.1) {
			t.Errorf("fisher(%v, %v) = %.6f, want %.6f", tt.x, tt.base, got, tt.want)
		}
	}
}

// TestInterval compares with published Wilson intervals: Newcombe (1998), table
// I, for 81/263, 15/148, 0/20 and 1/29; the others from the formula by hand.
func TestInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tally     Tally
		low, high float64
	}{
		{Tally{263, 81}, 0.2553, 0.3662},
		{Tally{148, 15}, 0.0624, 0.1605},
		{Tally{20, 0}, 0, 0.1611},
		{Tally{29, 1}, 0.0061, 0.1718},
		{Tally{10, 10}, 0.7225, 1},
		{Tally{100, 50}, 0.4038, 0.5962},
		{Tally{}, 0, 1},
	} {
		low, high := tt.tally.Interval()
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("interval of %v is %.4f to %.4f, want %.4f to %.4f", tt.tally, low, high, tt.low, tt.high)
		}
	}
}

func TestRunsToSee(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rate, doubt float64
		want        int
	}{
		{0.5, 0.05, 5}, {0.05, 0.05, 59}, {0.05, 0.01, 90}, {1, 0.01, 1}, {0, 0.01, math.MaxInt32}, {1e-300, 0.01, math.MaxInt32},
	} {
		if got := runsToSee(tt.rate, tt.doubt); got != tt.want {
			t.Errorf("runsToSee(%v, %v) = %d, want %d", tt.rate, tt.doubt, got, tt.want)
		}
	}
}

// TestSPRT draws from both rates and counts wrong answers: fewer than Wald's
// bound of one in errorOdds, with room for chance.
func TestSPRT(t *testing.T) {
	t.Parallel()
	const draws = 2000
	random := rand.New(rand.NewPCG(1, 2))
	for _, rates := range [][2]float64{{0.05, 0.94}, {0.05, 0.5}, {0.3, 0.6}, {0.03, 0.2}} {
		for side, truth := range rates {
			wrong, runs := 0, 0
			for range draws {
				test := newSPRT(rates[0], rates[1])
				for {
					runs++
					result := tally{runs: 1}
					if random.Float64() < truth {
						result.failed = 1
					}
					test.add(result)
					if high, ok := test.decided(); ok {
						if high != (side == 1) {
							wrong++
						}
						break
					}
				}
			}
			if wrong > 3*draws/errorOdds {
				t.Errorf("%v, truly %v: %d of %d answers are wrong", rates, truth, wrong, draws)
			}
			t.Logf("%v, truly %v: %.1f runs for an answer, %d wrong of %d", rates, truth, float64(runs)/draws, wrong, draws)
		}
	}
}

func TestTallyRateIsNeverCertain(t *testing.T) {
	t.Parallel()
	for _, tt := range []tally{{}, {1, 0}, {1, 1}, {1000, 0}, {1000, 1000}} {
		if rate := tt.rate(); rate <= 0 || rate >= 1 {
			t.Errorf("rate of %v is %v", tt, rate)
		}
	}
}
