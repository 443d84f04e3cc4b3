// Package price counts money in cents, so that nothing is lost by rounding.
package price

import "fmt"

// Cents is an amount of money.
type Cents int

// String returns the amount as a customer reads it: 1234 is "12.34".
func (c Cents) String() string { return fmt.Sprintf("%d.%02d", c/100, c%100) }

// WithTax adds tax of the given per cent, rounded to the nearest cent.
func (c Cents) WithTax(percent int) Cents {
	return c + (c*Cents(percent)+50)/100
}

// Discount takes the given per cent off, and never more than all of it.
func (c Cents) Discount(percent int) Cents {
	return c - c*Cents(min(percent, 100))/100
}
