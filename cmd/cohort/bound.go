package main

import "time"

// bound says what bounded the run until a time, "" for nothing: of a run that was interrupted
// nothing can be learned.
func (r *testRun) bound(until time.Time) string {
	if r.interrupted() != nil {
		return ""
	}
	return r.live.Bound(until)
}
