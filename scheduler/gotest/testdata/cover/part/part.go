// Package part is covered through another package's tests.
package part

// Halve returns half of n.
func Halve(n int) int {
	for n%2 == 0 && n > 0 {
		return n / 2
	}
	return (n - 1) / 2
}
