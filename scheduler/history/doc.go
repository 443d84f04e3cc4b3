// Package history remembers past runs of one module, so that the next one can start its long tests first and
// tell which tests are unreliable, and which have to run again. It keeps one file: per test the latest durations
// and outcomes, per package what a process start costs, per run the seed.
//
// The file only ever helps. Open returns a usable History whatever it finds; what was wrong is one warning.
// During a run the scheduler reads an immutable Snapshot and adds what happened to a Recorder; Save merges that
// with what is on disk by then, under a lock, and replaces the file in one step.
//
// # The file
//
// Lines of tab-separated fields, sorted by name, closed by a line with a checksum. Text, because people look into
// such files and CI caches compress them anyway; not JSON, because a file of 100,000 tests has to load while the
// user waits (encoding/json takes some ten times longer). encode.go describes the lines.
//
// # What bounds it
//
// Every test has at most maxOutcomes outcomes and, per variant, maxSamples durations; the file has at most maxRuns
// runs and maxTests tests. A test that its package no longer has is forgotten after some runs of that package, a
// package that nobody runs after some months.
package history
