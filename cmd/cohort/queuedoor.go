package main

import "sync"

// queueDoor is where a machine says what happens to its run on several machines: through whatever shows
// the tests meanwhile, or else a line would tear the status on a terminal.
type queueDoor struct {
	outside *logger // while nothing is shown

	mu    sync.Mutex
	shown *logger // nil: nothing is shown; guarded by mu
}

func newQueueDoor(outside *logger) *queueDoor { return &queueDoor{outside: outside} }

// say shows a line.
func (d *queueDoor) say(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shown != nil {
		d.shown.infof("%s", text)
		return
	}
	d.outside.infof("%s", text)
}

// through has lines go through a logger from now on; nil: nothing is shown any more.
func (d *queueDoor) through(log *logger) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown = log
}

// shownBy has lines of a run on several machines go through what shows its tests; nil: it shows them no
// more.
func (o *queueOptions) shownBy(log *logger) {
	if o.leads != nil {
		o.leads.door.through(log)
	}
}
