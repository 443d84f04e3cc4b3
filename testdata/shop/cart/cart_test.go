package cart

import (
	"testing"

	"example.com/shop/price"
)

func TestTotal(t *testing.T) {
	var c Cart
	for _, item := range []Item{{"tea", 2, 450}, {"cup", 1, 1099}} {
		if err := c.Add(item); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := c.Total(), price.Cents(1999); got != want {
		t.Errorf("total is %v, want %v", got, want)
	}
}

func TestAddNothing(t *testing.T) {
	var c Cart
	if err := c.Add(Item{"tea", 0, 450}); err == nil {
		t.Error("added no tea at all")
	}
}

func TestTotalOfEmptyCart(t *testing.T) {
	var c Cart
	if got := c.Total(); got != 0 {
		t.Errorf("an empty cart costs %v", got)
	}
}
