// Package cover has branches that its tests reach one by one.
package cover

import "example.com/cover/part"

// Sign returns the sign of n.
func Sign(n int) string {
	if n < 0 {
		return "-"
	}
	if n > 0 {
		n = part.Halve(n)
		return "+"
	}
	return "0"
}

// Never is never called.
func Never() int {
	n := 1
	n++
	return n
}
