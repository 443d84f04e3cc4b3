// Package scheduler decides when and where each unit of tests runs: it takes
// the test binaries that the go command wants run, splits their tests into
// batches, runs each batch as a process on one of a fixed number of workers,
// merges the processes' output into the one stream that the go command
// expects, keeps the ledger of what has passed, and runs failed units again.
//
// One goroutine owns all state (see [Run.loop]); the goroutines that run
// processes send it what happened.
package scheduler
