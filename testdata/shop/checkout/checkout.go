// Package checkout turns a cart into a paid order, step by step.
package checkout

import (
	"errors"
	"fmt"

	"example.com/shop/cart"
	"example.com/shop/price"
	"example.com/shop/stock"
)

// taxPercent is the tax on everything the shop sells.
const taxPercent = 19

// Order is a cart on its way to the customer. Its steps must be taken in turn:
// Begin, SendTo, Pay, Receipt.
type Order struct {
	cart    *cart.Cart
	address string
	paid    price.Cents
}

// Begin takes the goods of a cart off the shelf.
func Begin(c *cart.Cart, shelf *stock.Shelf) (*Order, error) {
	if len(c.Items()) == 0 {
		return nil, errors.New("begin checkout: the cart is empty")
	}
	for _, item := range c.Items() {
		if err := shelf.Take(item.Article, item.Count); err != nil {
			return nil, fmt.Errorf("begin checkout: %w", err)
		}
	}
	return &Order{cart: c}, nil
}

// SendTo says where the order goes.
func (o *Order) SendTo(address string) error {
	if address == "" {
		return errors.New("send order: no address")
	}
	o.address = address
	return nil
}

// Due returns what the customer has to pay.
func (o *Order) Due() price.Cents { return o.cart.Total().WithTax(taxPercent) }

// Pay settles the order through a payment service.
func (o *Order) Pay(charge func(price.Cents) error) error {
	if o.address == "" {
		return errors.New("pay order: it has no address yet")
	}
	if err := charge(o.Due()); err != nil {
		return fmt.Errorf("pay order: %w", err)
	}
	o.paid = o.Due()
	return nil
}

// Receipt returns the line that the customer keeps.
func (o *Order) Receipt() (string, error) {
	if o.paid == 0 {
		return "", errors.New("write receipt: the order is not paid")
	}
	return fmt.Sprintf("paid %v, sent to %s", o.paid, o.address), nil
}
