package plan

import (
	"testing"
	"time"
)

// A process that writes coverage takes time after its tests: that is part of its price and no work
// of the tests, and the other packages of the run are supposed to need it too.
func TestTail(t *testing.T) {
	t.Parallel()
	const tail = 40 * ms
	units := make([]Unit, 10)
	for i := range units {
		units[i] = Unit{ID: i}
	}
	processes := func(tail time.Duration) (n int, wasted cost) {
		pl := New(Config{Workers: 2})
		now := time.Duration(0)
		for id := range 30 {
			pl.AddPackage(Package{ID: id, Units: units})
			pl.SetSupply(SupplyUnknown)
			for {
				b, ok, wake := pl.Next(now, 2)
				if !ok && wake == 0 {
					break
				}
				if !ok {
					now = wake
					continue
				}
				n++
				pl.Started(b.ID, now+2*ms)
				now += 2*ms + time.Duration(len(b.Units))*2*ms
				pl.Over(b.ID, now)
				now += tail
				pl.Finished(b.ID, now)
			}
			now += 100 * ms // a link
		}
		return n, pl.wasted
	}
	quick, _ := processes(0)
	slow, wasted := processes(tail)
	if slow >= quick || slow > 40 {
		t.Errorf("%d processes of 30 packages that write coverage for %v, %d of those that write none", slow, tail, quick)
	}
	if most := wasteAtOnce + 2*cost(tail) + cost(time.Second)*wasteRate*10; wasted > most {
		t.Errorf("%v wasted, want %v at most", time.Duration(wasted), time.Duration(most))
	}
}

// What a process does after its tests is measured where it is known when they ended, and the second
// it sleeps under the race detector is no part of it.
func TestLearnTail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		held bool
		end  time.Duration
		over time.Duration // after the start
		took time.Duration
		want time.Duration
	}{
		{"coverage", false, 0, 50 * ms, 62 * ms, 12 * ms},
		{"not known", false, 0, 0, 62 * ms, 0},
		{"race, the worker goes on", false, time.Second, 50 * ms, 51 * ms, ms},
		{"race, the worker waits", true, time.Second, 50 * ms, 1053 * ms, 3 * ms},
		{"race, and it ended at once", true, time.Second, 50 * ms, 60 * ms, 0},
	} {
		pl := New(Config{Workers: 1, End: tc.end})
		pl.AddPackage(Package{ID: 1, Held: tc.held, Units: []Unit{{ID: 1, Estimate: 40 * ms, Known: true}}})
		b, ok, _ := pl.Next(time.Hour, 1)
		if !ok {
			t.Fatalf("%s: nothing to start", tc.name)
		}
		if tc.over > 0 {
			pl.Over(b.ID, time.Hour+tc.over)
		}
		p := pl.packages[1]
		pl.Finished(b.ID, time.Hour+tc.took)
		if p.tail != tc.want {
			t.Errorf("%s: %v after the tests, want %v", tc.name, p.tail, tc.want)
		}
	}
}
