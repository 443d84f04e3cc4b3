// Package hunt finds flaky tests and explains them: it runs every unit many
// times on binaries built once, and probes each unit that failed.
//
// A hunt has three parts. [Run] lets the go command build the test binaries and
// keeps them ([collect]). Then come the rounds (plan.go): in each of them every
// unit runs once, in an order and a company of its own. Last, for each unit that
// failed at least once, [explain] compares how often it fails in one condition
// and in another, and says what makes the difference.
//
// What is decided is apart from what is run: plan.go, explain.go, bisect.go and
// statistics.go start no process.
package hunt
