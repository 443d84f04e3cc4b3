package scheduler

import (
	"slices"
	"time"
)

// busyTime measures how long at least one process runs, and how long those of the first attempt run,
// added up. Processes elsewhere are told of when they have ended.
type busyTime struct {
	running    int
	since      time.Time
	total, sum time.Duration
	elsewhere  spans
}

func (b *busyTime) start(now time.Time) {
	if b.running == 0 {
		b.since = now
	}
	b.running++
}

func (b *busyTime) end(now time.Time) {
	if b.running--; b.running == 0 {
		b.total += now.Sub(b.since)
	}
}

// spans are times from one moment to another.
type spans [][2]time.Time

// ran adds when a process ran that has ended.
func (b *busyTime) ran(from, to time.Time) {
	if to.After(from) {
		b.elsewhere = append(b.elsewhere, [2]time.Time{from, to})
	}
}

// took is for how long at least one process ran.
func (b *busyTime) took() time.Duration { return b.total + b.elsewhere.union() }

// union is how long at least one of the spans lasts. It sorts them.
func (s spans) union() (sum time.Duration) {
	slices.SortFunc(s, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	var end time.Time
	for _, span := range s {
		from := span[0]
		if from.Before(end) {
			from = end
		}
		if span[1].After(from) {
			sum += span[1].Sub(from)
			end = span[1]
		}
	}
	return sum
}
