package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler"
)

// noted is an Observer that writes down what it is told of processes.
type noted struct {
	scheduler.Observer
	all []string
}

func (n *noted) ProcessStarted(p scheduler.StartedProcess) {
	n.all = append(n.all, fmt.Sprint("start ", p.Number, " ", p.Start.Unix()))
}

func (n *noted) TestStarted(process int, test string, _ time.Time) {
	n.all = append(n.all, fmt.Sprint(test, " in ", process))
}

func (n *noted) ProcessEnded(p scheduler.EndedProcess) {
	n.all = append(n.all, fmt.Sprint("end ", p.Number))
}

// TestLateObserver: a process starts with its first test, and at the latest ends.
func TestLateObserver(t *testing.T) {
	t.Parallel()
	var got noted
	o := newLateObserver(&got)
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	o.ProcessStarted(scheduler.StartedProcess{Number: 1, Start: at(10)})
	o.ProcessStarted(scheduler.StartedProcess{Number: 2, Start: at(11)})
	o.TestStarted(1, "A", at(20))
	o.TestStarted(1, "B", at(21))
	o.ProcessEnded(scheduler.EndedProcess{Number: 2, End: at(30)})
	o.ProcessEnded(scheduler.EndedProcess{Number: 1, End: at(31)})
	if want := []string{"start 1 20", "A in 1", "B in 1", "start 2 30", "end 2", "end 1"}; !slices.Equal(got.all, want) {
		t.Errorf("told %q, want %q", got.all, want)
	}
}
