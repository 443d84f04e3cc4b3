package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestFirst: units that are to start first do, however long the others are.
func TestFirst(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		pl := New(Config{Workers: 1 + rnd.IntN(4)})
		pending := make(map[int]int) // loose units of packages that come first
		packages := 2 + rnd.IntN(6)
		for id := range packages {
			p := Package{ID: id, Rank: rnd.IntN(100), First: rnd.IntN(2) == 0}
			for i := range 1 + rnd.IntN(20) {
				p.Units = append(p.Units, Unit{ID: i, Known: true, Estimate: time.Duration(rnd.IntN(1000)) * ms, Group: rnd.IntN(5) == 0})
			}
			if p.First {
				pending[id] = len(p.Units)
			}
			pl.AddPackage(p)
		}
		now := time.Duration(0)
		for {
			b, ok, _ := pl.Next(now, 1)
			if !ok {
				break
			}
			if pending[b.Package] == 0 && len(pending) > 0 {
				t.Fatalf("seed %d: a batch of package %d starts before those of %v", seed, b.Package, pending)
			}
			if pending[b.Package] -= len(b.Units); pending[b.Package] <= 0 {
				delete(pending, b.Package)
			}
			now += ms
			pl.Finished(b.ID, now)
		}
		if fmt.Sprint(pending) != "map[]" {
			t.Fatalf("seed %d: never started: %v", seed, pending)
		}
	}
}
