// Package adopt decides which rules keep a suite passing that go test passes.
//
// It is pure: what a hunt has found goes in, and an [Adoption] says which rules to try next and
// takes what came of them, until they hold or are given up. It runs nothing and writes nothing.
//
// A rule is as weak as it can be. Tests that clash hold a lock; tests that need an order form a
// group; a test that no other may run beside is serial; a package whose tests cannot be told apart
// runs in source order, or in one process. A rule that does not hold becomes the next stronger
// one, and a package that fails even in one process is given up.
package adopt
