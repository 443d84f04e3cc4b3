package main

import (
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// limitOptions says what a test may use.
type limitOptions struct {
	testTimeout time.Duration // 0: any time
}

const sectionLimits = "Limits"

// limitFlags are those flags about limits that only cohort's own workers know.
func limitFlags() []string { return []string{"test-timeout"} }

// bindLimits binds what a test may use.
func bindLimits(t *flagTable, o *limitOptions) {
	t.section = sectionLimits
	t.add(newPlainDuration(&o.testTimeout), usage.Flag{Name: "test-timeout", Takes: "DURATION", Own: true,
		Help: "end a test that runs longer, with its goroutines (0: no limit): seconds (2, 0.5) or 1m30s"})
}

// warnOfLimits warns of a limit that go test's own comes before.
func (c *command) warnOfLimits(o limitOptions, args *gotest.Args) {
	if args.Timeout > 0 && o.testTimeout >= args.Timeout {
		c.log.warnf("--test-timeout=%v has no effect: go test's -timeout ends a process after %v", o.testTimeout, args.Timeout)
	}
}
