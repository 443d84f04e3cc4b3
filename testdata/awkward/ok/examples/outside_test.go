package examples_test

import (
	"fmt"
	"os"

	"example.com/awkward/ok/examples"
)

func Example() {
	fmt.Println("the package's own example")
	// output: the package's own example
}

func ExampleGreeter_Greet() {
	fmt.Println(examples.Greeter{Name: "you"}.Greet())
	// Output: hello you
}

func ExampleGreeter_Greet_twice() {
	g := examples.Greeter{Name: "you"}
	fmt.Println(g.Greet())
	fmt.Println(g.Greet())
	fmt.Fprintln(os.Stderr, "stderr is not part of an example's output")
	// Output:
	// hello you
	// hello you
}
