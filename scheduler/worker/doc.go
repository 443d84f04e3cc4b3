// Package worker runs one process of a test binary: a [Job] in, a [Result] out. It gives the
// process its arguments, environment and limits, reads what it prints, and settles its account.
// How the process is started is a [Runner], so that a test or another machine can take the place
// of a local process.
package worker
