package machine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestAgenda compares an agenda with a list that is searched.
func TestAgenda(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var a agenda
		want := make(map[*batch]time.Time)
		var all []*batch
		for i := range 30 {
			all = append(all, &batch{entry: entry{number: i, place: -1}})
		}
		now := time.Unix(0, 0)
		for range 200 {
			b := all[r.IntN(len(all))]
			switch r.IntN(4) {
			case 0, 1:
				at := now.Add(time.Duration(r.IntN(20)) * time.Second)
				a.put(b, at)
				want[b] = at
			case 2:
				a.remove(b)
				delete(want, b)
			case 3:
				now = now.Add(time.Duration(r.IntN(4)) * time.Second)
				var due []*batch
				for b, at := range want {
					if !now.Before(at) {
						due = append(due, b)
						delete(want, b)
					}
				}
				slices.SortFunc(due, bySubmission)
				if got := a.take(now); !slices.Equal(got, due) {
					t.Fatalf("seed %d: %d are due, want %d", seed, len(got), len(due))
				}
			}
			first, some := a.next()
			for _, at := range want {
				if !some || at.Before(first) {
					t.Fatalf("seed %d: the next is at %v, some %v, want %v", seed, first, some, at)
				}
			}
			if some != (len(want) > 0) || len(a) != len(want) {
				t.Fatalf("seed %d: %d in it, want %d", seed, len(a), len(want))
			}
		}
	}
}

// TestCrew: the leader tells how many workers there are, when it changes.
func TestCrew(t *testing.T) {
	t.Parallel()
	l := newLeaderTest(t)
	n1 := l.nodes["n1"].Node
	l.Node(n1)
	l.Gone("n1")
	l.Gone("n1")
	n1.Slots = 16
	l.Node(n1)
	for range sickAfter {
		l.health("n0", true)
		l.health("n1", false)
	}
	for _, act := range l.Due(l.now) {
		if c, ok := act.(Crew); ok {
			l.told = append(l.told, c.Slots)
		}
	}
	if got, want := fmt.Sprint(l.told), "[2 4 2 18 2]"; got != want {
		t.Errorf("told %s workers, want %s", got, want)
	}
}
