// Package twice has a TestMain that runs all tests two times.
package twice

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("set-up")
	first := m.Run()
	fmt.Print("between, no newline")
	second := m.Run()
	fmt.Println("tear-down")
	os.Exit(first + second)
}

func TestOne(t *testing.T) { t.Log("one") }

func TestTwo(t *testing.T) {
	t.Parallel()
	t.Log("two")
}

func Example_three() {
	fmt.Println(3)
	// Output: 3
}
