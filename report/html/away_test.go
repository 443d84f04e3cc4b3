package html

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// away is the shop's run on two machines: the set-ups of workers were run where these are.
func away() *record.Run {
	run := shop()
	run.Manifest.Verdict.Setups = []record.Setup{
		{Name: "services", Worker: -1, Start: at(0.1), Elapsed: second(0.7)},
		{Name: "database", Worker: 7, Machine: "m2", Start: at(0.2), Elapsed: second(0.3)},
		{Name: "database", Worker: 1, Machine: "m1", Start: at(0.3), Elapsed: second(0.4)},
		{Name: "database", Worker: 1, Machine: "m1", TearDown: true, Start: at(11.8), Elapsed: second(0.1), Problem: "exit status 1"},
	}
	return run
}

// TestSetupsAway: set-ups of workers of other machines are in the timeline, each with its machine, and are
// no worker's here.
func TestSetupsAway(t *testing.T) {
	t.Parallel()
	var got []string
	d := newData([]*record.Run{away()})
	for _, p := range d.Processes {
		if p.Number < 0 && p.Kind != "wait" {
			got = append(got, fmt.Sprintf("%d %t %s %s %.1f %.1f %t %t", p.Worker, p.Away, p.Machine, p.Title, p.From, p.To, p.Bad, p.Long))
		}
	}
	want := []string{
		"-1 false  set-up services 0.1 0.8 false true",
		"7 true m2 set-up database of worker 7 on m2 0.2 0.5 false false",
		"1 true m1 set-up database of worker 1 on m1 0.3 0.7 false false",
		"1 true m1 tear-down of set-up database of worker 1 on m1 11.8 11.9 true true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, tc := range []struct {
		p    process
		want string
	}{
		{process{Worker: 1, From: 0.75}, ""}, // worker 1 of m1 is another one
		{process{Worker: 1, From: 0.85}, "set-up services"},
		{process{Worker: 1, From: 0.75, Away: true}, "set-up database of worker 1 on m1"},
	} {
		got := ""
		if at := d.waitedFor(tc.p); at >= 0 {
			got = d.Processes[at].Title
		}
		if got != tc.want {
			t.Errorf("%+v waited for %q, want %q", tc.p, got, tc.want)
		}
	}
}

// TestBrowserSetupsAway looks at set-ups of other machines in the timeline: each worker has a lane, and
// below those of the workers here.
func TestBrowserSetupsAway(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", away())
	b.want(`[...document.querySelectorAll("#chart svg > text")].map(e => e.textContent).filter(t => /^(all|worker|set-ups)/.test(t)).join()`,
		"all,worker 0,worker 1,worker 2,set-ups 1,set-ups 7")
	b.want(`(() => {
		const bars = [...document.querySelectorAll("#chart rect.bar")].map(e => ({ text: e.textContent, y: Number(e.getAttribute("y")) }));
		const there = bars.filter(b => / on m[12]:/.test(b.text)).map(b => b.y), here = bars.filter(b => !/ on m[12]:/.test(b.text)).map(b => b.y);
		const height = document.querySelector("#chart svg").viewBox.baseVal.height;
		return there.length + " " + new Set(there).size + " " + (Math.min(...there) > Math.max(...here)) + " " + (Math.max(...there) + 20 < height);
	})()`, "3 2 true true")
	b.eval(`[...document.querySelectorAll("#chart rect.bar")].find(e => / on m2:/.test(e.textContent)).dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	b.want(`document.querySelector("#process").textContent.includes("Machinem2")`, "true")
}
