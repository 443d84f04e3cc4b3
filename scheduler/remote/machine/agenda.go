package machine

import (
	"container/heap"
	"slices"
	"time"
)

// agenda has batches by when something is to be done with them: of thousands that are out, few have
// anything to do at a time.
type agenda []*batch

// entry is what an agenda keeps of a batch.
type entry struct {
	number int // in the order of submission
	at     time.Time
	place  int // in the agenda, -1 for none
}

// put says when something is to be done with a batch.
func (a *agenda) put(b *batch, at time.Time) {
	b.at = at
	if b.place >= 0 {
		heap.Fix((*byTime)(a), b.place)
		return
	}
	heap.Push((*byTime)(a), b)
}

// remove says that nothing is to be done with it by itself.
func (a *agenda) remove(b *batch) {
	if b.place >= 0 {
		heap.Remove((*byTime)(a), b.place)
	}
}

// next is the earliest time at which something is to be done. It reports false for none.
func (a agenda) next() (time.Time, bool) {
	if len(a) == 0 {
		return time.Time{}, false
	}
	return a[0].at, true
}

// take removes the batches with which something is to be done now, in the order of their submission.
func (a *agenda) take(now time.Time) (due []*batch) {
	for len(*a) > 0 && !now.Before((*a)[0].at) {
		due = append(due, heap.Pop((*byTime)(a)).(*batch))
	}
	slices.SortFunc(due, bySubmission)
	return due
}

func bySubmission(a, b *batch) int { return a.number - b.number }

// byTime is an agenda as a heap.
type byTime []*batch

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byTime) Push(x any) {
	b := x.(*batch)
	b.place = len(*h)
	*h = append(*h, b)
}

func (h *byTime) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	(*h)[last] = nil
	*h, b.place = (*h)[:last], -1
	return b
}

// all are the batches that are not over, in the order of their submission.
func (l *Leader) all() []*batch {
	all := make([]*batch, 0, len(l.batches))
	for _, b := range l.batches {
		all = append(all, b)
	}
	slices.SortFunc(all, bySubmission)
	return all
}
