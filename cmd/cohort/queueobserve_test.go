package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
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

// TestEarlyNews: a test that runs for long on another machine is named while it runs, and only one of a
// process; a record has all of a process when that has ended.
func TestEarlyNews(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	at := func(s int64) time.Time { return time.Unix(1000+s, 0) }
	live := progress.NewLive(progress.LiveConfig{Name: func(pkg string) string { return pkg }}, progress.NewScreen(nil, nil))
	o := newLateObserver(newLiveObserver(live))
	o.ProcessStarted(scheduler.StartedProcess{Number: 1, Kind: "first", Package: "p", Tests: []string{"TestA", "TestB", "TestC"}, Start: began})
	running := func(want string) {
		t.Helper()
		got := ""
		for _, r := range live.Running(at(100)) {
			got += fmt.Sprint(r.Test, " ", r.Age, " ")
		}
		if got != want {
			t.Errorf("%q runs, want %q", got, want)
		}
	}
	running("")
	o.TestRuns(1, "TestA", at(10))
	running("TestA 1m30s ")
	o.TestRuns(1, "TestA", at(10))
	o.TestRuns(1, "TestB", at(60))
	running("TestB 40s ")
	for _, name := range []string{"TestA", "TestB"} {
		o.TestStarted(1, name, at(70))
		o.TestEnded(1, name, "pass", at(80), time.Second)
	}
	running(" 1m30s ") // the process without a test
	o.ProcessEnded(scheduler.EndedProcess{Number: 1, End: at(90)})
	o.TestRuns(1, "TestB", at(60)) // it was on its way
	running("")

	var got noted
	record := newLateObserver(&got)
	record.ProcessStarted(scheduler.StartedProcess{Number: 1, Start: began})
	record.TestRuns(1, "TestA", began)
	if len(got.all) > 0 {
		t.Errorf("a record is told early of %q", got.all)
	}
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
