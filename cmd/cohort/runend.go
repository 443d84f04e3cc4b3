package main

import "os"

// runEnd is what ended a run before all of its tests had ended. The zero value is nothing.
type runEnd struct {
	signal os.Signal // the first that came; nil: none
	lost   error     // what the run cannot do without, and has lost; nil: nothing. Then there is no signal
}

// early reports whether anything has ended the run.
func (e runEnd) early() bool { return e.signal != nil || e.lost != nil }

// status is the status of a run that has ended so, nil of one that nothing has ended.
func (e runEnd) status() error {
	switch {
	case e.lost != nil:
		return e.lost
	case e.signal != nil:
		return signalStatus(e.signal)
	}
	return nil
}

// lose ends the run as a signal does, since it has lost what it cannot do without. Nothing is called a
// failure because of that: no test is known to have failed.
func (r *testRun) lose(why error) {
	r.stopAs(runEnd{lost: why}, "this machine has lost the run", "Ctrl-C", os.Interrupt)
}

// lostBy receives why the run is lost, once; nil: it cannot be.
func (o *queueOptions) lostBy() <-chan error {
	if o.leads == nil {
		return nil
	}
	return o.leads.lost
}
