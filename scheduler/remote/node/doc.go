// Package node does what the machines of scheduler/remote/machine decide. A [Lead] hands out the
// processes that its [Runner] is asked to run, an [Agent] runs them: each is a loop that owns its
// state machine, and goroutines that call the engine and start processes.
package node
