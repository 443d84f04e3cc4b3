// Package covered has code that several tests run, each another part of it,
// and a part that none runs.
package covered

import "example.com/awkward/ok/covered/deep"

// Size says how big a number is.
func Size(n int) string {
	switch {
	case n < 0:
		return "negative"
	case n < deep.Limit(n):
		return "small"
	case n < 1000:
		return "large"
	}
	return "huge"
}

// Sum adds up, in a loop whose count shows in count and atomic mode.
func Sum(numbers ...int) int {
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	return sum
}

// Unused is run by no test.
func Unused() string {
	return "nobody calls this"
}
