package scheduler

import (
	"strconv"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// World says what tests need before they run.
type World struct {
	// Run are the set-ups of the run, which every test process needs. Worker are those of each
	// worker, for the tests that When names: first those that are run once, then those of each attempt. If the
	// processes run on other machines, it is for Config.Runner to run those of workers there.
	Run, Worker []world.Setup
	// When sets the key SetupKey of each of Worker for the tests that need it. Nil: none does.
	When *grouping.Rules
	// Dir is where the commands run.
	Dir string
	// Key stands for all of it: results under one say nothing about another.
	Key string
	// Tell hears each command when it begins, with no End, and when it has ended, in any goroutine;
	// nil for nobody.
	Tell func(world.Outcome)
}

// setupKey begins the keys of SetupKey.
const setupKey = "setup "

// SetupKey is the key in World.When of a set-up of the workers.
func SetupKey(number int) string { return setupKey + strconv.Itoa(number) }

// SetupError says that a process was not run since a set-up had failed.
type SetupError = worker.SetupError

// error is that of a process that was refused because of a part.
func (w *World) error(p world.Part) *SetupError {
	list := w.Worker
	if p.Worker == world.Everyone {
		list = w.Run
	}
	return &SetupError{Name: list[p.Number].Name, Number: p.Number, Worker: p.Worker}
}

// lasting returns how many set-ups of each worker are run once.
func (w *World) lasting() int {
	for n, s := range w.Worker {
		if s.PerAttempt {
			return n
		}
	}
	return len(w.Worker)
}

// Renews reports whether a worker's set-up is run anew for each attempt. A nil World has none.
func (w *World) Renews() bool { return w != nil && w.lasting() < len(w.Worker) }

// modes are what of the world decides what a result says.
func (w *World) modes() []string {
	if w == nil {
		return nil
	}
	return []string{"world", w.Key}
}
