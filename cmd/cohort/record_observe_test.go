package main

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler"
)

// TestRecordObserver tells a record of a package and its process, as the scheduler does.
func TestRecordObserver(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Date(2026, 1, 2, 3, 4, s, 0, time.UTC) }
	var f memoryFile
	w := record.NewWriter(&f, nil)
	var o scheduler.Observer = recordObserver{w: w}
	o.PackageFound(scheduler.FoundPackage{Path: "p", Estimate: 1500 * time.Millisecond, Units: []scheduler.FoundUnit{
		{Name: "checkout", Tests: []string{"TestA", "TestB"}, Group: true, Labels: []string{"e2e", "slow"}},
		{Name: "TestC", Tests: []string{"TestC"}}}, BuildID: "id"})
	o.ProcessStarted(scheduler.StartedProcess{Number: 4, Worker: 1, Package: "p", Tests: []string{"TestA", "TestB"}, Group: "checkout",
		Attempt: 1, Kind: "attempt", Seed: "7", Command: "go test p", Start: at(1)})
	o.TestStarted(4, "TestA", at(2))
	o.TestPaused(4, "TestA")
	o.TestResumed(4, "TestA")
	o.TestEnded(4, "TestA", "fail", at(4), time.Second)
	o.ProcessEnded(scheduler.EndedProcess{Number: 4, End: at(5), Exit: 1, Signal: "killed", CPU: time.Second, MaxRSS: 77, Machine: "n7"})
	o.PackageEnded("p", false, at(6))
	if err := w.Close(record.Manifest{}, nil, nil); err != nil {
		t.Fatal(err)
	}
	r, err := record.NewReader(bytes.NewReader(f.Bytes()), int64(f.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for p, err := range r.Processes() {
		// TestB did not begin: it is not of the process.
		want := fmt.Sprintf("{4 1 p attempt 1 checkout 7 go test p %v %v 1 killed 1s 77 n7 [{TestA %v 1s fail}]}", at(1), at(5), at(2))
		if got := fmt.Sprint(p); got != want || err != nil {
			t.Errorf("process %s, %v, want %s", got, err, want)
		}
	}
	p := r.Manifest.Packages[0]
	if got := fmt.Sprintf("%v %v %v %v %v %v", p.Path, p.Passed, p.End, p.Estimate, p.Units, p.Binary); p.Start.IsZero() ||
		got != fmt.Sprintf("p false %v 1.5 [{checkout [TestA TestB] checkout [e2e slow]  [] false} {TestC [TestC]  []  [] false}] id", at(6)) {
		t.Errorf("package %s", got)
	}
}
