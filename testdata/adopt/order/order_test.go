package order

import "testing"

var account string

func TestOpen(*testing.T) { account = "open" }

func TestOther(*testing.T) {}

func TestAnother(*testing.T) {}

// TestDeposit needs what TestOpen leaves behind.
func TestDeposit(t *testing.T) {
	if account == "" {
		t.Error("there is no account")
	}
}

func TestLast(*testing.T) {}
