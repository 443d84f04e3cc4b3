package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// limitOptions says what a test may use.
type limitOptions struct {
	testTimeout time.Duration // 0: any time
	maxOutput   sizeValue     // of one test, kept in memory; 0: all
	artifacts   string        // where files of failed tests are kept; "": nowhere
	// artifactsMax bounds them together; 0: no bound.
	artifactsMax sizeValue
}

const sectionLimits = "Limits"

// limitFlags are those flags about limits that only cohort's own workers know.
func limitFlags() []string { return []string{"test-timeout", "artifacts", "artifacts-max"} }

// bindLimits binds what a test may use.
func bindLimits(t *flagTable, o *limitOptions) {
	t.section = sectionLimits
	t.add(newPlainDuration(&o.testTimeout), usage.Flag{Name: "test-timeout", Takes: "DURATION", Own: true,
		Help: "end a test that runs longer than this, and print its goroutines (0: no limit): seconds (2, 0.5) or 1m30s"})
	o.maxOutput = defaultMaxOutput
	t.add(&o.maxOutput, usage.Flag{Name: "max-output", Takes: "SIZE", Own: true,
		Help: "keep at most this much of the output of one test, its head and its tail (0: all): 512KiB, 8MiB, 1GiB"})
	bindArtifacts(t, o)
}

// defaultMaxOutput is more than a person reads, and than a file of a CI system should have. Two million
// lines of one test took 339 MB without it.
const defaultMaxOutput = 8 << 20

// sizeValue is a number of bytes.
type sizeValue int

func (v *sizeValue) Set(raw string) error {
	number, unit := raw, 1
	for suffix, n := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(raw, suffix); ok {
			number, unit = rest, n
		}
	}
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n > math.MaxInt/uint64(unit) {
		return errors.New("must be a number of bytes, or one with KiB, MiB or GiB, such as 8MiB")
	}
	*v = sizeValue(int(n) * unit)
	return nil
}

func (v *sizeValue) Type() string { return "SIZE" }

func (v *sizeValue) String() string {
	switch n := int(*v); {
	case n > 0 && n%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", n>>30)
	case n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	case n > 0 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", n>>10)
	default:
		return strconv.Itoa(n)
	}
}

// warnOfLimits warns of a limit that go test's own comes before.
func (c *command) warnOfLimits(o limitOptions, args *gotest.Args) {
	if args.Timeout > 0 && o.testTimeout >= args.Timeout {
		c.log.warnf("--test-timeout=%v has no effect: go test's -timeout ends a process after %v", o.testTimeout, args.Timeout)
	}
}
