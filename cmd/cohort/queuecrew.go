package main

import "sync"

// queueCrew is how many workers the machines of a run have together. It may be used concurrently.
type queueCrew struct {
	mu          sync.Mutex // guards what follows
	slots, peak int
	tell        func(slots int) // nil: nobody
}

// newQueueCrew returns the crew of a leader that has some workers itself.
func newQueueCrew(slots int) *queueCrew { return &queueCrew{slots: slots, peak: slots} }

// set says how many there are from now on. Without any the last number stays: the tests wait for those
// that come.
func (c *queueCrew) set(slots int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slots == 0 {
		return
	}
	c.slots, c.peak = slots, max(c.peak, slots)
	if c.tell != nil {
		c.tell(slots)
	}
}

// listen has a function called with the number now, and whenever it changes. It must not block.
func (c *queueCrew) listen(f func(slots int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = f
	f(c.slots)
}

// now is how many there are.
func (c *queueCrew) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slots
}

// most is how many there were at the most.
func (c *queueCrew) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peak
}
