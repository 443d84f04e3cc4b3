package hunt

import (
	"context"
	"sync"
)

// pool is the workers: at most one process holds each of them.
type pool struct {
	size  int
	slots chan int // the numbers of the idle workers

	mu      sync.Mutex // guards running
	running map[*turn]struct{}

	gathering sync.Mutex // held while several workers are taken together
}

// neighbourLimit is how many of the processes that ran beside one are kept.
const neighbourLimit = 8

// turn is one process's time on a worker.
type turn struct {
	task       task
	slot       int
	neighbours []task
}

func newPool(size int) *pool {
	p := &pool{size: size, slots: make(chan int, size), running: make(map[*turn]struct{})}
	for i := range size {
		p.slots <- i
	}
	return p
}

// take waits for n workers, at most all. It returns an error, and no worker,
// if ctx ends first.
func (p *pool) take(ctx context.Context, n int) ([]int, error) {
	if n > 1 {
		p.gathering.Lock() // two that gather would wait for each other
		defer p.gathering.Unlock()
	}
	var taken []int
	for range min(n, p.size) {
		select {
		case slot := <-p.slots:
			taken = append(taken, slot)
		case <-ctx.Done():
			p.give(taken)
			return nil, context.Cause(ctx)
		}
	}
	return taken, nil
}

// give returns workers.
func (p *pool) give(slots []int) {
	for _, slot := range slots {
		p.slots <- slot // never blocks: there is room for all
	}
}

// begin notes that a process starts on a worker that was taken.
func (p *pool) begin(t task, slot int) *turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := &turn{task: t, slot: slot}
	for other := range p.running {
		other.meet(t)
		now.meet(other.task)
	}
	p.running[now] = struct{}{}
	return now
}

func (t *turn) meet(other task) {
	if len(t.neighbours) < neighbourLimit {
		t.neighbours = append(t.neighbours, other)
	}
}

// end notes that the process has ended, and returns what ran beside it.
func (p *pool) end(t *turn) []task {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, t)
	return t.neighbours
}
