package worker

import (
	"time"

	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// dated is the clock by which what a process prints is timed: that of the run, unless its [Runner]
// writes what it printed earlier, on another machine, with dates.
type dated struct {
	now func() time.Time
	at  time.Time // of what is being read, zero for now
}

func (d *dated) Now() time.Time {
	if d.at.IsZero() {
		return d.now()
	}
	return d.at
}

// ended says that the process has ended.
func (d *dated) ended(exit testbin.Exit) {
	if !d.at.IsZero() && exit.End.After(d.at) {
		d.at = exit.End
	}
}

// output hands a process's output on and flushes after each chunk.
type output struct {
	parser *testbin.Parser
	out    *stream.Process
	clock  *dated
	dog    *watchdog
	runs   func(test string, since time.Time)
}

func (o output) Write(b []byte) (int, error) {
	n, err := o.parser.Write(b)
	o.out.Flush()
	return n, err
}

// Runs says which test has run for long since a time. Unlike the others it may be called at any time.
func (o output) Runs(test string, since time.Time) {
	if o.runs != nil {
		o.runs(test, since)
	}
}

// WriteDated writes what the process printed at a time.
func (o output) WriteDated(at time.Time, b []byte) (int, error) {
	o.clock.at = at
	o.dog.date(at)
	return o.Write(b)
}
