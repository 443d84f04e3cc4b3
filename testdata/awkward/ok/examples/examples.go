// Package examples is documented by examples of every kind.
package examples

// Greeter says hello.
type Greeter struct{ Name string }

// Greet returns the greeting.
func (g Greeter) Greet() string { return "hello " + g.Name }

// Keys returns the names of a small map, in no particular order.
func Keys() []string {
	var keys []string
	for k := range map[string]bool{"one": true, "two": true, "three": true} {
		keys = append(keys, k)
	}
	return keys
}
