//go:build !race

package built

// Race reports whether the tests have the race detector.
const Race = false
