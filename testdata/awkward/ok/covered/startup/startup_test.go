package startup

import "testing"

func TestOne(t *testing.T) {
	if Number("one") != 1 {
		t.Error("one is not 1")
	}
}

func TestTwo(t *testing.T) {
	if Number("two") != 2 {
		t.Error("two is not 2")
	}
}

func TestUnknown(t *testing.T) {
	if Number("many") != 0 {
		t.Error("many is not 0")
	}
}
