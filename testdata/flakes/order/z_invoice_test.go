package order

import (
	"strings"
	"testing"
)

// TestEuroInvoice is the polluter: it does not set the currency back.
func TestEuroInvoice(t *testing.T) {
	Currency = "EUR"
	if got := Amount(99); !strings.HasSuffix(got, "EUR") {
		t.Errorf("Amount(99) = %q, want euros", got)
	}
}
