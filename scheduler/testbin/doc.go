// Package testbin runs one process of a test binary: it starts it, reads what
// it prints, times it out, and ends it together with its children.
//
// [Run] is the process, [Parser] takes its output apart into the framing that
// the testing package prints under -test.v=test2json and the output of each
// test, and [Encoder] turns such output into the lines of go test -json.
//
// The package knows nothing of units, workers, packages or reports.
package testbin
