package order

import "testing"

// TestDefaultCurrency is the victim: it needs the variable as it was at first.
func TestDefaultCurrency(t *testing.T) {
	if got := Amount(1250); got != "12.50 USD" {
		t.Errorf("Amount(1250) = %q, want 12.50 USD", got)
	}
}
