package price

import (
	"fmt"
	"testing"
)

func TestWithTax(t *testing.T) {
	for _, test := range []struct {
		net     Cents
		percent int
		want    Cents
	}{
		{1000, 19, 1190},
		{999, 19, 1189},
		{1, 19, 1},
		{0, 19, 0},
	} {
		t.Run(fmt.Sprintf("%v at %d%%", test.net, test.percent), func(t *testing.T) {
			if got := test.net.WithTax(test.percent); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDiscount(t *testing.T) {
	if got := Cents(1000).Discount(150); got != 0 {
		t.Errorf("more than everything off is %v, want 0.00", got)
	}
}

func ExampleCents_String() {
	fmt.Println(Cents(1234), Cents(5))
	// Output: 12.34 0.05
}
