package node

import (
	"sync"
	"time"
)

// clock is a machine's own. Leases run out by it, so that it must not stand still: a monotonic clock
// does so while the machine sleeps, and the time of day may be set back. It goes as the faster one.
type clock struct {
	now func() time.Time

	mu      sync.Mutex // guards what follows
	start   time.Time
	elapsed time.Duration
}

func newClock(now func() time.Time) *clock { return &clock{now: now, start: now()} }

// Now is the time. It never goes back, and may be ahead of the time of day.
func (c *clock) Now() time.Time {
	t := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	// Without its monotonic reading a time is the time of day.
	c.elapsed = max(c.elapsed, t.Sub(c.start), t.Round(0).Sub(c.start.Round(0)))
	return c.start.Round(0).Add(c.elapsed)
}
