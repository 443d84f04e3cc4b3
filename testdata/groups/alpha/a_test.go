package alpha

import (
	"testing"

	"example.com/groups/trace"
)

func TestLoose1(t *testing.T) { trace.Test(t) }

//cohort:group checkout
func TestLogin(t *testing.T) { trace.Test(t) }

func TestLoose2(t *testing.T) { trace.Test(t) }

//cohort:group checkout
func TestPay(t *testing.T) { trace.Test(t) }

func TestUser_create(t *testing.T) { trace.Test(t) }

func TestLoose3(t *testing.T) { trace.Test(t) }

// TestBoth is also in the external package: one name is one unit.
func TestBoth(t *testing.T) { trace.Test(t) }

func FuzzSeeds(f *testing.F) {
	f.Add(1)
	trace.Test(f)
	f.Fuzz(func(t *testing.T, n int) {})
}
