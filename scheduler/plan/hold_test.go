package plan

import (
	"testing"
	"time"
)

// TestHold: what a batch waits for before its process starts is no work of its tests, and no cost of
// a start.
func TestHold(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	pl := New(Config{Workers: 1})
	pl.AddPackage(Package{ID: 1, Units: []Unit{{ID: 1, Tests: 1}, {ID: 2, Tests: 1, Group: true}}})
	b, ok, _ := pl.Next(0, 1)
	if !ok {
		t.Fatal("no batch")
	}
	pl.Hold(b.ID)
	p := pl.packages[1]
	if got := p.worked(pl.running[b.ID], time.Hour); got != 0 {
		t.Errorf("a batch that is held has worked %v", time.Duration(got))
	}
	pl.Begin(b.ID, time.Hour)
	pl.Started(b.ID, time.Hour+20*ms)
	pl.Finished(b.ID, time.Hour+50*ms)
	if p.startup != 20*ms || time.Duration(p.perTest) != 30*ms {
		t.Errorf("a start takes %v, a test %v; want 20ms, 30ms", p.startup, time.Duration(p.perTest))
	}
	b, _, _ = pl.Next(2*time.Hour, 1)
	pl.Begin(b.ID, 3*time.Hour) // of one that was not held
	if got := pl.running[b.ID].started; got != 2*time.Hour {
		t.Errorf("it has started at %v", got)
	}
}
