package state

import "testing"

var currency = "USD"

func TestDefault(t *testing.T) {
	if currency != "USD" {
		t.Errorf("the currency is %s", currency)
	}
}

func TestOther(*testing.T) {}

func TestAnother(*testing.T) {}

// TestEuro does not put the currency back.
func TestEuro(*testing.T) { currency = "EUR" }
