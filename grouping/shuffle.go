package grouping

import "math/rand"

// Permutation returns the order in which go test -shuffle=SEED runs n tests:
// element i is the position in source order of the test that runs i-th.
func Permutation(n int, seed int64) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	// The generator of the testing package: its sequence is kept for ever by
	// the Go 1 promise. math/rand/v2 would give another one.
	rand.New(rand.NewSource(seed)).Shuffle(n, func(i, j int) {
		order[i], order[j] = order[j], order[i]
	})
	return order
}

// Order returns the tests in the order in which go test -shuffle=SEED runs
// them. Only those of [KindTest] change places; fuzz targets and examples come
// after them in the order given. All tests of the binary must be given, since
// the permutation depends on their number: -run and -skip are applied after it.
func Order(tests []Test, seed int64) []Test {
	var shuffled, rest []Test
	for _, t := range tests {
		if t.Kind == KindTest {
			shuffled = append(shuffled, t)
		} else {
			rest = append(rest, t)
		}
	}
	ordered := make([]Test, 0, len(tests))
	for _, i := range Permutation(len(shuffled), seed) {
		ordered = append(ordered, shuffled[i])
	}
	return append(ordered, rest...)
}
