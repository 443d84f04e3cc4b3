// Package cart is what a customer pushes through the shop.
package cart

import (
	"fmt"

	"example.com/shop/price"
)

// Item is one line of a cart.
type Item struct {
	Article string
	Count   int
	Each    price.Cents
}

// Cart collects items. The zero Cart is empty and ready to use.
type Cart struct{ items []Item }

// Add puts an item into the cart.
func (c *Cart) Add(item Item) error {
	if item.Count < 1 {
		return fmt.Errorf("add %d %s: the count must be at least 1", item.Count, item.Article)
	}
	c.items = append(c.items, item)
	return nil
}

// Items returns what is in the cart, in the order it was added.
func (c *Cart) Items() []Item { return c.items }

// Total returns the sum of all items, without tax.
func (c *Cart) Total() price.Cents {
	var sum price.Cents
	for _, item := range c.items {
		sum += price.Cents(item.Count) * item.Each
	}
	return sum
}
