// Package remote runs the processes of test binaries on other machines. What is to run and what
// came of it are messages; a leader hands them out and an agent on each machine takes them, by
// way of an [Engine] that holds leases, results and files.
//
// The machines that decide ([Leader] and [Agent]) are pure: time is an argument, and what is to be
// done is returned. The package knows neither the engine's protocol nor the go command.
package remote
