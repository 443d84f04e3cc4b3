package examples

import (
	"fmt"
	"testing"
)

func TestBesideExamples(t *testing.T) {}

func ExampleKeys() {
	for _, k := range Keys() {
		fmt.Println(k)
	}
	// Unordered output:
	// three
	// one
	// two
}

// ExampleGreeter has no output comment: it is compiled and not run.
func ExampleGreeter() {
	panic("an example without an output comment was run")
}

// Example_silent has an output comment that expects nothing: it is run.
func Example_silent() {
	// Output:
}

// Example_early has its output comment before other statements. It is the last
// comment of the body all the same, so the example is run.
func Example_early() {
	// Output: early
	fmt.Println("early")
}

// Example_other ends in a comment that is no output comment, so it is not run.
func Example_other() {
	panic("an example without an output comment was run")
	// Outputs nothing.
}
