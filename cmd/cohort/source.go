package main

import (
	"context"
	"io"
	"iter"
	"os"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
)

// source is where the events of a run come from. Its methods are called one at a
// time, in the order of their declaration; only Interrupt may be called at any time,
// by another goroutine.
type source interface {
	// First starts the first pass. When ctx ends, everything that was started is
	// killed at once, with all its children, and the stream ends.
	First(ctx context.Context) (*stream, error)

	// CheckRerun reports why no unit can be run again, after a pass that ended with
	// exitErr; nil if nothing speaks against it. It is asked after the rules that hold
	// for every source.
	CheckRerun(exitErr error, exec *testjson.Execution) error

	// Reruns runs the failed units of the first pass again and yields each attempt,
	// one after the other; behind it several may run in parallel. The consumer reads
	// an attempt's streams to their ends before it asks for the next. An error ends
	// the sequence. If the consumer stops early, all that runs is killed.
	Reruns(ctx context.Context, exec *testjson.Execution) iter.Seq2[attempt, error]

	// Explain finds out about what failed to the end whether go test would have seen it too,
	// as far as that is quick. It changes no verdict.
	Explain()

	// Verdict says what came of the failed units, after everything else. exec holds
	// the events of all passes.
	Verdict(exec *testjson.Execution) report.Outcome

	// Interrupt asks what runs to end: the streams then end by themselves.
	Interrupt(sig os.Signal)

	// Hurry follows Interrupt when that takes too long. It kills the tests and returns how long
	// the streams may take to end by themselves with what is known of them, 0 if they do not.
	Hurry() time.Duration

	// Close ends what still runs and removes what the run has made.
	Close() error
}

// stream is the output of one pass.
type stream struct {
	Stdout io.Reader // lines of go test -json
	Stderr io.Reader // nil: nothing
	// Wait is called once Stdout and Stderr have been read to their ends. It returns
	// nil if everything passed, an exitStatus if not, and any other error if the pass
	// could not be done.
	Wait func() error
}

// attempt is one rerun of one unit.
type attempt struct {
	RunID   int    // 1 for the first rerun of the unit
	Package string // import path
	Unit    string // name of the group or test, as in the verdict; "": the package as a whole
	Tests   []string
	Stdout  io.Reader // lines of go test -json, with the final events of the package
	Stderr  io.Reader // nil: nothing
}
