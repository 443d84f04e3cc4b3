package sample_test

import (
	"fmt"
	"os"
	"testing"
)

func TestSame(t *testing.T) {
	t.Parallel()
	t.Run("x", func(t *testing.T) {
		t.Parallel()
		t.Log("external")
	})
}

func Example() {
	fmt.Println("package example")
	// Output: package example
}

func Example_unordered() {
	fmt.Println("b")
	fmt.Println("a")
	// Unordered output:
	// a
	// b
}

func Example_stderr() {
	fmt.Fprint(os.Stderr, "stderr of an example, no newline")
	// Output:
}

func Example_wrong() {
	fmt.Println("=== RUN   TestPlain")
	// Output: something else
}

func Example_panic() {
	fmt.Println("before")
	panic("in an example")
	// Output: before
}
