// Package rerun decides when what failed runs again. It is pure: it starts nothing, and time is
// an argument.
//
// Each failed unit, or failed package, is an [Item]. Its life has four phases:
//
//	Waiting ── Next ──▶ Running ── Ended ──▶ Over
//	   ▲                   │ failed, reruns left
//	   └───────────────────┘
//
// An item that has passed and is worth a look at the order of its tests goes on to Probing, in
// which one more process runs, before it is Over.
package rerun

import (
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// Policy says how often and when an item runs again.
type Policy struct {
	// Max is how often, at least 1.
	Max int
	// Delay lies between the end of an attempt and the start of the next.
	Delay time.Duration
}

// Item is something that failed.
type Item struct {
	// Serial reports that it runs beside no other process.
	Serial bool
	// Probe reports that, once it has passed, a process is worth while that shows whether the
	// order of the tests was to blame.
	Probe bool
	// Ended is when its first attempt ended.
	Ended time.Time
}

// Phase is where an item is in its life.
type Phase uint8

// The phases of an item.
const (
	// Waiting is before an attempt, until its delay is over and a worker is free.
	Waiting Phase = iota
	// Running is during an attempt.
	Running
	// Probing is from the pass of an item to the end of its probe.
	Probing
	// Over is the end: the item has passed, or its reruns are used up, or the run was called off.
	Over
)

// String returns the phase in one word.
func (p Phase) String() string { return [...]string{"waiting", "running", "probing", "over"}[p] }

// Start is a process that is to start.
type Start struct {
	// Item is the number of the item, Attempt the number of the rerun, from 1.
	Item, Attempt int
	// Kind is ledger.Attempt or ledger.Probe.
	Kind ledger.Kind
}

// Queue holds the items of a run. It is for one goroutine.
type Queue struct {
	policy  Policy
	items   []item
	running int // processes
	open    int // items that are not over
}

type item struct {
	Item
	phase    Phase
	busy     bool // a process of it runs
	attempts int  // that have started
	passed   bool
	due      time.Time // when the next may start
}

// New returns a queue of items, which are numbered from 0.
func New(p Policy, items []Item) *Queue {
	q := &Queue{policy: p, open: len(items)}
	for _, i := range items {
		q.items = append(q.items, item{Item: i, due: i.Ended.Add(p.Delay)})
	}
	return q
}

// Next returns the process that a free worker starts now. Of several the probes come first,
// then the item that has been due for longest.
func (q *Queue) Next(now time.Time) (s Start, ok bool) {
	best := -1
	for n := range q.items {
		if q.canStart(&q.items[n], now) && (best < 0 || q.items[n].before(&q.items[best])) {
			best = n
		}
	}
	if best < 0 {
		return Start{}, false
	}
	i := &q.items[best]
	i.busy = true
	q.running++
	if i.phase == Probing {
		return Start{Item: best, Attempt: i.attempts, Kind: ledger.Probe}, true
	}
	i.phase = Running
	i.attempts++
	return Start{Item: best, Attempt: i.attempts, Kind: ledger.Attempt}, true
}

func (q *Queue) canStart(i *item, now time.Time) bool {
	switch {
	case i.busy || i.Serial && q.running > 0:
		return false
	case i.phase == Waiting:
		return !now.Before(i.due)
	}
	return i.phase == Probing
}

func (i *item) before(j *item) bool {
	if i.phase != j.phase {
		return i.phase == Probing
	}
	return i.due.Before(j.due)
}

// Due returns when the next delay is over; ok is false if none runs after now.
func (q *Queue) Due(now time.Time) (at time.Time, ok bool) {
	for n := range q.items {
		if i := &q.items[n]; i.phase == Waiting && i.due.After(now) && (!ok || i.due.Before(at)) {
			at, ok = i.due, true
		}
	}
	return at, ok
}

// Ended takes the end of an attempt. A broken one could not be run or kept: the item is given up.
func (q *Queue) Ended(n int, passed, broken bool, at time.Time) {
	i := q.idle(n, Running)
	i.passed = passed
	switch {
	case passed && i.Probe && !broken:
		i.phase = Probing
	case passed || broken || i.attempts >= q.policy.Max:
		q.end(i)
	default:
		i.phase = Waiting
		i.due = at.Add(q.policy.Delay)
	}
}

// Probed takes the end of a probe.
func (q *Queue) Probed(n int) { q.end(q.idle(n, Probing)) }

// idle notes that the process of an item has ended.
func (q *Queue) idle(n int, want Phase) *item {
	i := &q.items[n]
	if !i.busy || i.phase != want && i.phase != Over {
		panic(fmt.Sprintf("rerun: the end of a process of item %d, which is %v, busy: %v", n, i.phase, i.busy))
	}
	i.busy = false
	q.running--
	return i
}

func (q *Queue) end(i *item) {
	if i.phase != Over {
		i.phase = Over
		q.open--
	}
}

// CallOff gives up what does not run, and lets nothing start any more.
func (q *Queue) CallOff() {
	q.policy.Max = 0
	for n := range q.items {
		i := &q.items[n]
		i.Probe = false
		if !i.busy {
			q.end(i)
		}
	}
}

// Over reports whether all items are over and no process runs.
func (q *Queue) Over() bool { return q.open == 0 && q.running == 0 }

// Phase returns where item n is in its life.
func (q *Queue) Phase(n int) Phase { return q.items[n].phase }

// Attempts returns how many reruns of item n have started, Passed whether the last one was good.
func (q *Queue) Attempts(n int) int { return q.items[n].attempts }

// Passed reports whether the last rerun of item n was good.
func (q *Queue) Passed(n int) bool { return q.items[n].passed }

// Check panics if the queue is in a state that cannot be.
func (q *Queue) Check() {
	busy := 0
	for n := range q.items {
		i := &q.items[n]
		if i.busy {
			busy++
		}
		if i.busy && i.phase == Waiting || i.phase == Running && !i.busy {
			panic(fmt.Sprintf("rerun: item %d is %v, busy: %v", n, i.phase, i.busy))
		}
	}
	open := slices.DeleteFunc(slices.Clone(q.items), func(i item) bool { return i.phase == Over })
	if busy != q.running || len(open) != q.open {
		panic(fmt.Sprintf("rerun: %d items are busy and %d open, %d and %d counted", busy, len(open), q.running, q.open))
	}
}
