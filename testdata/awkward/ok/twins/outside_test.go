package twins_test

import (
	"fmt"
	"testing"

	"example.com/awkward/ok/twins"
)

func TestTwin(t *testing.T) {
	t.Log("external")
	t.Run("sub", func(t *testing.T) { t.Log("external") })
}

func TestOnlyOutside(t *testing.T) {
	if twins.Both != 2 {
		t.Error("not both")
	}
}

func FuzzTwin(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}

func Example() {
	fmt.Println(twins.Both)
	// Output: 2
}
