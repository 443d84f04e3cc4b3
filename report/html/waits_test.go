package html

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// waiting is the shop's run in which the stock was built late, and its second process waited for a lock
// of the checkout.
func waiting() *record.Run {
	run := shop()
	module := run.Manifest.Module
	run.Manifest.Packages = []record.Package{
		{Path: module + "/e2e", Start: at(0.5), Units: []record.Unit{{Name: "checkout", Tests: []string{"TestPay"}, Locks: []string{"till"}}}},
		{Path: module + "/stock", Start: at(0.89), Units: []record.Unit{{Name: "TestTakeTooMuch", Locks: []string{"till"}}}},
	}
	late := run.Processes[3]
	late.Attempt, late.Kind, late.Start, late.End = 0, "first", at(6.1), at(6.6)
	run.Processes[3] = late
	return run
}

// TestWaits: what workers waited for is in the timeline, and the way that bounded the run leads from a
// wait to the process that was waited for.
func TestWaits(t *testing.T) {
	t.Parallel()
	run := waiting()
	run.Processes = run.Processes[:4] // the last one to end is the one that waited
	run.Manifest.Verdict.Setups = nil
	var got []string
	for _, p := range newData([]*record.Run{run}).Processes {
		got = append(got, fmt.Sprintf("%d %s %s%s %.2f %.2f %t", p.Worker, p.Kind, p.Package, p.Title, p.From, p.To, p.Long))
	}
	want := []string{
		"0 first e2e 0.90 6.10 true",
		"1 first cart 1.10 4.00 false",
		"2 first stock 0.90 4.30 false",
		"1 first stock 6.10 6.60 true",
		"0 wait wait for the build of e2e 0.00 0.50 true",
		"2 wait wait for the build of stock 0.00 0.89 false",
		"1 wait wait for lock till of process 0 4.00 6.10 true",
		"2 wait wait for lock till of process 0 4.30 6.10 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBrowserWaits looks at waits in the timeline.
func TestBrowserWaits(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", waiting())
	b.want(`[...document.querySelectorAll("#chart rect.wait")].map(e => e.textContent).join()`,
		"wait for the build of e2e: 500ms,wait for the build of stock: 890ms,"+
			"wait for lock till of process 0: 2.10s,wait for lock till of process 0: 1.80s,"+
			"wait for lock till of process 4: 500ms,wait for lock till of process 4: 500ms")
	b.eval(`document.querySelectorAll("#chart rect.wait")[2].dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	b.want(`document.querySelector("#process h3").textContent`, "wait for lock till of process 0")
	b.want(`getComputedStyle(document.querySelector("#chart rect.wait")).strokeDasharray !== "none"`, "true")
}
