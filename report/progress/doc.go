// Package progress knows what a run is doing while it runs, and decides what is said about it:
// the status below the output on a terminal, failures when they happen, tests that take long,
// and in CI a line now and then, so that a job that is alive is not silent.
//
// State is a pure state machine: it is fed by calls and time is an argument. Screen is the one
// place through which output and status reach a terminal. Live puts the two together and
// looks at the clock.
package progress
