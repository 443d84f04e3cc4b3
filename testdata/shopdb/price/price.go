// Package price calculates what an order costs. It needs no database.
package price

import "fmt"

// Total returns the cents of a number of pieces: from ten on, each costs a tenth less.
func Total(cents, pieces int) int {
	total := cents * pieces
	if pieces >= 10 {
		total -= total / 10
	}
	return total
}

// Text writes cents as people read them.
func Text(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
