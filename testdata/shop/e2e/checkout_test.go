// Package e2e tests the shop from the outside, as a customer meets it.
//
// The tests in this file are the steps of one purchase. Each goes on where the
// one before it stopped, so they need the same process and their order. That
// is what the directive on each of them says: they are one group.
package e2e

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"example.com/shop/cart"
	"example.com/shop/checkout"
	"example.com/shop/price"
	"example.com/shop/stock"
)

// purchase is what the steps hand on to each other.
var purchase struct {
	steps []string
	order *checkout.Order
}

// step notes that a step has begun, and tells in which process and after what.
func step(t *testing.T) {
	t.Helper()
	time.Sleep(150 * time.Millisecond) // a page loads
	before := strings.Join(purchase.steps, ", ")
	if before == "" {
		before = "nothing"
	}
	t.Logf("process %d, after %s", os.Getpid(), before)
	purchase.steps = append(purchase.steps, t.Name())
}

// order returns the order that the earlier steps have made.
func order(t *testing.T) *checkout.Order {
	t.Helper()
	if purchase.order == nil {
		t.Fatal("there is no order: TestCheckoutCart did not run before this, in this process")
	}
	return purchase.order
}

//cohort:group checkout
func TestCheckoutCart(t *testing.T) {
	step(t)
	shelf := stock.NewShelf()
	shelf.Put("tea", 5)
	c := &cart.Cart{}
	if err := c.Add(cart.Item{Article: "tea", Count: 2, Each: 450}); err != nil {
		t.Fatal(err)
	}
	begun, err := checkout.Begin(c, shelf)
	if err != nil {
		t.Fatal(err)
	}
	purchase.order = begun
}

//cohort:group checkout
func TestCheckoutAddress(t *testing.T) {
	step(t)
	if err := order(t).SendTo("1 Harbour Street"); err != nil {
		t.Fatal(err)
	}
}

// TestCheckoutPay is flaky: the payment service is slow to wake up, and its
// first customer gets a time-out. For the demo, "first" is cohort's attempt 0.
//
//cohort:group checkout
func TestCheckoutPay(t *testing.T) {
	step(t)
	charge := func(price.Cents) error {
		if os.Getenv("COHORT_ATTEMPT") == "0" {
			return errors.New("payment service: time-out")
		}
		return nil
	}
	if err := order(t).Pay(charge); err != nil {
		t.Fatal(err)
	}
}

//cohort:group checkout
func TestCheckoutReceipt(t *testing.T) {
	step(t)
	got, err := order(t).Receipt()
	if err != nil {
		t.Fatal(err)
	}
	if want := "paid 10.71, sent to 1 Harbour Street"; got != want {
		t.Errorf("receipt says %q, want %q", got, want)
	}
}
