package withmain

import (
	"testing"

	"example.com/groups/trace"
)

func TestMain(m *testing.M) { trace.Main(m) }

func TestOne(t *testing.T) { trace.Test(t) }

//cohort:group pair
func TestTwo(t *testing.T) { trace.Test(t) }

//cohort:group pair
func TestThree(t *testing.T) { trace.Test(t) }

func TestFour(t *testing.T) { trace.Test(t) }

func TestFive(t *testing.T) { trace.Test(t) }

func TestSix(t *testing.T) { trace.Test(t) }
