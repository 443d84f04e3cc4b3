package alpha_test

import (
	"fmt"
	"testing"

	"example.com/groups/trace"
)

//cohort:group checkout
func TestShip(t *testing.T) { trace.Test(t) }

func TestUser_delete(t *testing.T) { trace.Test(t) }

func TestOrder_create(t *testing.T) { trace.Test(t) }

func TestBoth(t *testing.T) { trace.Test(t) }

//cohort:serial
func TestAlone(t *testing.T) { trace.Test(t) }

func Example() {
	trace.Example("Example")
	fmt.Println("done")
	// Output: done
}
