package worker

import (
	"errors"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// SetupError says that a process was not run since a set-up had failed. A [Runner] that runs the set-ups
// of its workers puts it into the Err of an exit; then it is the Err of the result.
type SetupError struct {
	// Name is the set-up's, Number its place among those of workers, if it is one of those. Worker is the one
	// on which it has failed.
	Name           string
	Number, Worker int
}

func (e *SetupError) Error() string { return "set-up " + e.Name + " failed" }

// refusedBy returns the set-up for which a process was not run, nil if it ran.
func refusedBy(exit testbin.Exit) *SetupError {
	e, _ := errors.AsType[*SetupError](exit.Err)
	return e
}
