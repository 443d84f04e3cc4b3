// Package order formats amounts in a currency that is a package variable.
package order

import "fmt"

// Currency is what amounts are in.
var Currency = "USD"

// Amount formats an amount in cents.
func Amount(cents int) string {
	return fmt.Sprintf("%d.%02d %s", cents/100, cents%100, Currency)
}
