// Package deep is covered by its own test and, with -coverpkg, by those of
// package covered.
package deep

// Limit returns where numbers like n stop to be small.
func Limit(n int) int {
	if n > 1_000_000 {
		return 100
	}
	return 10
}
