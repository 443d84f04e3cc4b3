package beta

import (
	"testing"

	"example.com/groups/trace"
)

// The group has the name of one in package alpha, and is another.
//
//cohort:group checkout
func TestLogin(t *testing.T) { trace.Test(t) }

//cohort:group checkout
func TestPay(t *testing.T) { trace.Test(t) }

func TestLoose1(t *testing.T) { trace.Test(t) }

// The whole group is serial, since one of its members is.
//
//cohort:group move
//cohort:serial
func TestPack(t *testing.T) { trace.Test(t) }

//cohort:group move
func TestUnpack(t *testing.T) { trace.Test(t) }
