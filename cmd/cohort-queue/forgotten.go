package main

import (
	"bytes"
	"fmt"
	"time"
)

// A server that is there and does not know a run any more is asked again so often, and for so long: one of
// several that have only just begun may not know yet what the others have stored.
const (
	missedLooks = 3
	missedFor   = 3 * time.Second
)

// missed counts looks in a row at which the server was there and had nothing of the run.
type missed struct {
	looks int
	from  time.Time
	torn  int // the count of the link: the same server has answered all of them
}

// look takes one more look. It reports whether the run is lost: it was known before.
func (m *missed) look(now time.Time, torn int, known bool) bool {
	if !known {
		return false // nobody has begun it
	}
	if m.looks == 0 || m.torn != torn {
		*m = missed{from: now, torn: torn}
	}
	m.looks++
	return m.looks >= missedLooks && now.Sub(m.from) >= missedFor
}

// anotherRun reports whether what the server has of a run is of another one of the same name: the first
// leader of a run says once what it is.
func anotherRun(told, now entry) bool {
	return told.value != nil && now.value != nil && !bytes.Equal(told.value, now.value)
}

// errForgotten says that the server has lost a run.
func errForgotten(run string) error {
	return fmt.Errorf("the queue's server does not know run %s any more: its store is empty, or it is another server; nothing of the run is passed", run)
}
