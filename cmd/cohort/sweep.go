package main

import (
	"context"
	"os"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/scratch"
)

// sweep begins to remove the temporary folders of cohorts that were killed, and returns what ends
// that.
func (c *command) sweep() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	parents := []string{os.TempDir()}
	if dir := gotest.GoEnv(c.env.list, "GOTMPDIR"); dir != "" && dir != parents[0] {
		parents = append(parents, dir)
	}
	gone := make(chan []string, 1)
	go func() { gone <- scratch.Sweep(ctx, parents...) }() // ends soon after ctx; stop waits for it
	return func() {
		cancel()
		if removed := <-gone; len(removed) > 0 {
			c.log.debugf("removed what a cohort that was killed had left: %s", strings.Join(removed, ", "))
		}
	}
}
