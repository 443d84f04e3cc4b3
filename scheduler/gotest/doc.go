// Package gotest drives the go command: it builds the `go test -json` command
// line from the user's arguments, receives each test binary that the go
// command would have run (through its -exec flag, over a private socket), and
// writes back the one stream, coverage profile and test log that the go
// command expects of a single run of that binary.
//
// It knows nothing of units or workers: what becomes of a binary is decided by
// the scheduler, which reads [Request] values from a [Listener].
package gotest
