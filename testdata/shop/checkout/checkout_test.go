package checkout

import (
	"testing"
	"time"

	"example.com/shop/cart"
	"example.com/shop/stock"
)

// filled returns a cart and a shelf that can fulfil it, after a short wait for
// the warehouse.
func filled(t *testing.T) (*cart.Cart, *stock.Shelf) {
	t.Helper()
	time.Sleep(250 * time.Millisecond)
	shelf := stock.NewShelf()
	shelf.Put("tea", 2)
	c := &cart.Cart{}
	if err := c.Add(cart.Item{Article: "tea", Count: 2, Each: 450}); err != nil {
		t.Fatal(err)
	}
	return c, shelf
}

func TestBeginTakesFromShelf(t *testing.T) {
	c, shelf := filled(t)
	if _, err := Begin(c, shelf); err != nil {
		t.Fatal(err)
	}
	if got := shelf.Left("tea"); got != 0 {
		t.Errorf("%d left on the shelf, want none", got)
	}
}

func TestBeginWithEmptyCart(t *testing.T) {
	_, shelf := filled(t)
	if _, err := Begin(&cart.Cart{}, shelf); err == nil {
		t.Error("began with an empty cart")
	}
}

func TestBeginWithEmptyShelf(t *testing.T) {
	c, _ := filled(t)
	if _, err := Begin(c, stock.NewShelf()); err == nil {
		t.Error("sold what was not there")
	}
}

func TestPayNeedsAddress(t *testing.T) {
	c, shelf := filled(t)
	order, err := Begin(c, shelf)
	if err != nil {
		t.Fatal(err)
	}
	if err := order.Pay(nil); err == nil {
		t.Error("paid without an address")
	}
}

func TestReceiptNeedsPayment(t *testing.T) {
	c, shelf := filled(t)
	order, err := Begin(c, shelf)
	if err != nil {
		t.Fatal(err)
	}
	if receipt, err := order.Receipt(); err == nil {
		t.Errorf("unpaid, and yet a receipt: %s", receipt)
	}
}
