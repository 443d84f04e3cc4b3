package hunt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestPool has workers taken singly and all together from many goroutines: no
// worker is held twice, and who holds all is alone.
func TestPool(t *testing.T) {
	t.Parallel()
	const size = 4
	p := newPool(size)
	var held [size]atomic.Bool
	var busy atomic.Int32
	var all sync.WaitGroup
	for i := range 200 {
		n := 1
		if i%5 == 0 {
			n = size
		}
		all.Go(func() {
			slots, err := p.take(context.Background(), n)
			if err != nil || len(slots) != n {
				t.Errorf("take(%d) = %v, %v", n, slots, err)
				return
			}
			for _, slot := range slots {
				if held[slot].Swap(true) {
					t.Errorf("worker %d is held twice", slot)
				}
			}
			if now := int(busy.Add(int32(n))); now > size {
				t.Errorf("%d workers are busy", now)
			}
			busy.Add(-int32(n))
			for _, slot := range slots {
				held[slot].Store(false)
			}
			p.give(slots)
		})
	}
	all.Wait()
}

// TestPoolTakeEnds gives back what it has when the context ends first.
func TestPoolTakeEnds(t *testing.T) {
	t.Parallel()
	p := newPool(2)
	one, err := p.take(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	over := errors.New("over")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(over)
	if _, err := p.take(ctx, 2); !errors.Is(err, over) {
		t.Errorf("take of a busy pool: %v", err)
	}
	p.give(one)
	if both, err := p.take(context.Background(), 2); err != nil || len(both) != 2 {
		t.Errorf("take(2) = %v, %v", both, err)
	}
}

// TestNeighbours knows what ran at the same time, before and after the start.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	p := newPool(3)
	tasks := []task{{count: 1}, {count: 2}, {count: 3}}
	a := p.begin(tasks[0], 0)
	b := p.begin(tasks[1], 1)
	if got := p.end(a); len(got) != 1 || got[0].count != 2 {
		t.Errorf("beside the first ran %v", got)
	}
	c := p.begin(tasks[2], 0)
	if got := p.end(b); len(got) != 2 || got[0].count != 1 || got[1].count != 3 {
		t.Errorf("beside the second ran %v", got)
	}
	if got := p.end(c); len(got) != 1 || got[0].count != 2 {
		t.Errorf("beside the third ran %v", got)
	}
}
