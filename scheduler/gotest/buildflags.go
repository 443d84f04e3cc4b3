package gotest

import "slices"

// testOnly are the flags of go test that go list does not take, besides those that are for the
// test binary too (testFlags).
var testOnly = []string{"c", "exec", "o", "vet", "i", "x", "n", "a", "work", "json", "p", "C", "cover", "covermode", "coverpkg", "toolexec",
	"debug-actiongraph", "debug-runtime-trace", "debug-trace"}

// BuildFlags returns the flags that decide what belongs to the build (-tags, -race, -mod, ...), as the
// user wrote them, for go list.
func (a *Args) BuildFlags() []string { return a.flags(slices.Concat(testOnly, testFlags)...) }
