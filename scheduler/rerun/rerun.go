// Package rerun decides when what failed runs again. It is pure: it starts nothing, and time is
// an argument.
//
// Each failed unit, or failed package, is an [Item]. Its life has three phases:
//
//	Waiting ── Next ──▶ Running ── Ended ──▶ Over
//	   ▲                   │ failed, reruns left
//	   └───────────────────┘
//
// The last attempt of an item runs with no other process of its package, so that a failure in it
// is the item's own. [Terms] say by its output whether an item runs again at all. What failed to the
// end may be looked into once more: see [Inquiry].
package rerun

import (
	"fmt"
	"math"
	"time"
)

// Policy says how often and when an item runs again.
type Policy struct {
	// Max is how often, 0 for never.
	Max int
	// Delay lies between the end of an attempt and the start of the next.
	Delay time.Duration
	// Backoff multiplies the delay after each rerun, 0 and 1 for not at all. A delay that grows is
	// lengthened by up to half of it, as [Limits] say.
	Backoff float64
}

// delay returns how long item n waits after so many attempts.
func (p Policy) delay(n, attempts int, jitter func(item, attempt int) float64) time.Duration {
	if p.Backoff <= 1 {
		return p.Delay
	}
	d := float64(p.Delay) * math.Pow(p.Backoff, float64(attempts))
	if jitter != nil {
		d += d / 2 * jitter(n, attempts)
	}
	return time.Duration(min(d, float64(maxDelay)))
}

// Limits are what all items of a run have in common.
type Limits struct {
	// Budget is how long after the first rerun's start reruns may start, 0 for no limit.
	Budget time.Duration
	// Jitter returns a number from 0 to 1 for each item and attempt: that part of the half of a
	// delay that grows is added to it. Nil is none.
	Jitter func(item, attempt int) float64
}

// maxDelay bounds a delay that grows: more is no delay but a run that never ends.
const maxDelay = 24 * time.Hour

// Item is something that failed.
type Item struct {
	// Package tells which items belong to the same package.
	Package int
	// Serial reports that it runs in parallel with no other process.
	Serial bool
	// Policy says how often and when it runs again.
	Policy Policy
	// Barred reports that it is not to run again, because of its output.
	Barred bool
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
	// Over is the end: the item has passed, or its reruns are used up, or no rerun may start any
	// more.
	Over
)

// String returns the phase in one word.
func (p Phase) String() string { return [...]string{"waiting", "running", "over"}[p] }

// Cause says why an item is over.
type Cause uint8

// The causes, the first of an item that is not over.
const (
	NotOver Cause = iota
	// Done: it has passed, or its reruns are used up.
	Done
	// Barred: its output says that it is not to run again.
	Barred
	// Spent: the budget is used up.
	Spent
	// Broken: an attempt could not be run or kept.
	Broken
	// CalledOff: the run ended.
	CalledOff
)

// String returns the cause in a word or two.
func (c Cause) String() string {
	return [...]string{"not over", "done", "barred", "spent", "broken", "called off"}[c]
}

// Outcome is what came of an attempt.
type Outcome uint8

// The outcomes of an attempt. Only the first is good.
const (
	Good Outcome = iota
	// Bad lets the item run again.
	Bad
	// BadForGood does not, because of its output.
	BadForGood
	// Lost is an attempt that could not be run or kept.
	Lost
)

// Start is a process that is to start.
type Start struct {
	// Item is the number of the item, Attempt the number of the rerun, from 1.
	Item, Attempt int
	// Alone reports that no other process of the package runs at the same time.
	Alone bool
}

// Queue holds the items of a run. It is for one goroutine.
type Queue struct {
	limits Limits
	off    bool // nothing may start any more
	items  []item
	// running counts the processes of each package.
	running map[int]int
	// exclusive are the packages of which a process runs that tolerates no other.
	exclusive map[int]bool
	total     int // of running
	open      int // items that are not over
	began     time.Time
}

type item struct {
	Item
	phase    Phase
	cause    Cause
	alone    bool // the attempt that runs, or that ended last, is without others of its package
	beside   bool // another process of the package ran during it
	clashed  bool // an attempt failed during which another process of the package ran
	attempts int  // that have started
	passed   bool
	due      time.Time // when the next may start
}

// New returns a queue of items, which are numbered from 0.
func New(l Limits, items []Item) *Queue {
	q := &Queue{limits: l, open: len(items), running: make(map[int]int), exclusive: make(map[int]bool)}
	for n, i := range items {
		q.items = append(q.items, item{Item: i, due: i.Ended.Add(i.Policy.delay(n, 0, l.Jitter))})
		switch {
		case i.Policy.Max <= 0: // first: then nothing keeps it from a rerun that it would have
			q.end(&q.items[n], Done)
		case i.Barred:
			q.end(&q.items[n], Barred)
		}
	}
	return q
}

// Next returns the process that a free worker starts now: of the items that may start, the one
// that has been due for longest. Free reports whether what an item needs is free; it is asked for
// those that may start otherwise, each once.
func (q *Queue) Next(now time.Time, free func(item int) bool) (s Start, ok bool) {
	q.expire(now)
	best := -1
	for n := range q.items {
		if q.canStart(&q.items[n], now) && free(n) && (best < 0 || q.items[n].due.Before(q.items[best].due)) {
			best = n
		}
	}
	if best < 0 {
		return Start{}, false
	}
	i := &q.items[best]
	i.alone = q.last(i)
	i.beside = q.meet(i.Package)
	i.phase = Running
	i.attempts++
	q.running[i.Package]++
	q.exclusive[i.Package] = i.alone
	q.total++
	if q.began.IsZero() {
		q.began = now
		q.expire(now)
	}
	return Start{Item: best, Attempt: i.attempts, Alone: i.alone}, true
}

// meet tells the items of the package that run that another one starts, and reports whether there
// are any.
func (q *Queue) meet(pkg int) bool {
	for n := range q.items {
		if i := &q.items[n]; i.Package == pkg && i.phase == Running {
			i.beside = true
		}
	}
	return q.running[pkg] > 0
}

// expire ends the items that cannot start before the budget is used up: nobody waits for their
// delays.
func (q *Queue) expire(now time.Time) {
	for n := range q.items {
		if i := &q.items[n]; i.phase == Waiting && q.late(i, now) {
			q.end(i, Spent)
		}
	}
}

// late reports whether the budget is used up before i can start.
func (q *Queue) late(i *item, now time.Time) bool {
	start := now
	if i.due.After(now) {
		start = i.due
	}
	return q.limits.Budget > 0 && !q.began.IsZero() && start.Sub(q.began) >= q.limits.Budget
}

// last reports whether the next attempt of i is its last.
func (q *Queue) last(i *item) bool { return i.attempts+1 >= i.Policy.Max }

func (q *Queue) canStart(i *item, now time.Time) bool {
	if i.phase != Waiting || now.Before(i.due) || i.Serial && q.total > 0 {
		return false
	}
	return q.running[i.Package] == 0 || !q.last(i) && !q.exclusive[i.Package]
}

// Due returns when the next delay is over; ok is false if none ends after now.
func (q *Queue) Due(now time.Time) (at time.Time, ok bool) {
	for n := range q.items {
		if i := &q.items[n]; i.phase == Waiting && i.due.After(now) && (!ok || i.due.Before(at)) {
			at, ok = i.due, true
		}
	}
	return at, ok
}

// Ended takes the end of an attempt.
func (q *Queue) Ended(n int, o Outcome, at time.Time) {
	i := &q.items[n]
	if i.phase != Running {
		panic(fmt.Sprintf("rerun: the end of an attempt of item %d, which is %v", n, i.phase))
	}
	q.running[i.Package]--
	q.exclusive[i.Package] = false // it ran by itself, or with others that none forbids
	q.total--
	i.passed = o == Good
	i.clashed = i.clashed || !i.passed && i.beside
	switch {
	case o == Lost:
		q.end(i, Broken)
	case o == Good || i.attempts >= i.Policy.Max:
		q.end(i, Done)
	case o == BadForGood:
		q.end(i, Barred)
	case q.off:
		q.end(i, CalledOff)
	default:
		i.due = at.Add(i.Policy.delay(n, i.attempts, q.limits.Jitter))
		if q.late(i, at) {
			q.end(i, Spent)
			return
		}
		i.phase = Waiting
	}
}

func (q *Queue) end(i *item, why Cause) {
	i.phase, i.cause = Over, why
	q.open--
}

// CallOff gives up what does not run, and lets nothing start any more.
func (q *Queue) CallOff() {
	q.off = true
	q.giveUp(CalledOff)
}

func (q *Queue) giveUp(why Cause) {
	for n := range q.items {
		if i := &q.items[n]; i.phase == Waiting {
			q.end(i, why)
		}
	}
}

// Over reports whether all items are over.
func (q *Queue) Over() bool { return q.open == 0 }

// Phase returns where item n is in its life.
func (q *Queue) Phase(n int) Phase { return q.items[n].phase }

// Cause returns why item n is over.
func (q *Queue) Cause(n int) Cause { return q.items[n].cause }

// Attempts returns how many reruns of item n have started.
func (q *Queue) Attempts(n int) int { return q.items[n].attempts }

// Passed reports whether the last rerun of item n was good.
func (q *Queue) Passed(n int) bool { return q.items[n].passed }

// Alone reports whether the last rerun of item n ran with no other process of its package.
func (q *Queue) Alone(n int) bool { return q.items[n].alone }

// Clashed reports whether item n passed in an attempt without other processes of its package, and
// failed in one with some: they share something.
func (q *Queue) Clashed(n int) bool {
	i := &q.items[n]
	return i.passed && i.clashed && !i.beside
}

// Check panics if the queue is in a state that cannot be.
func (q *Queue) Check() {
	total, open := 0, 0
	running := make(map[int]int)
	for n := range q.items {
		i := &q.items[n]
		if i.phase == Running {
			running[i.Package]++
			total++
		}
		if i.phase != Over {
			open++
		}
	}
	if total != q.total || open != q.open {
		panic(fmt.Sprintf("rerun: %d items run and %d are open, %d and %d counted", total, open, q.total, q.open))
	}
	for n := range q.items {
		if i := &q.items[n]; i.phase == Running && i.alone && running[i.Package] > 1 {
			panic(fmt.Sprintf("rerun: item %d, which runs alone, has %d others of its package", n, running[i.Package]-1))
		}
	}
}
