package record

import (
	"fmt"
	"time"
)

// Title names the set-up as the run's output does: "set-up database of worker 1", with whose
// attempt it was for if it has one.
func (s Setup) Title() string {
	title := "set-up " + s.Name
	if s.TearDown {
		title = "tear-down of " + title
	}
	if s.Worker >= 0 {
		title += fmt.Sprintf(" of worker %d", s.Worker)
	}
	if s.Machine != "" {
		title += " on " + s.Machine
	}
	if s.For != "" {
		title += " for " + s.For
	}
	return title
}

// Kind is setup or teardown.
func (s Setup) Kind() string {
	if s.TearDown {
		return "teardown"
	}
	return "setup"
}

// End is when the set-up ended.
func (s Setup) End() time.Time { return s.Start.Add(s.Elapsed) }

// TimedSetups returns the set-ups and tear-downs of which it is known when they ran, in the order in
// which they ended.
func (r *Run) TimedSetups() []Setup {
	var list []Setup
	for _, s := range r.Manifest.Verdict.Setups {
		if !s.Start.IsZero() {
			list = append(list, s)
		}
	}
	return list
}
