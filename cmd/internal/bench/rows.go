package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// rows returns what there is to measure.
func rows() []row {
	return []row{
		{"sleep", "one package of 64 tests that sleep 0.25 s, 8 workers", sleepRow},
		{"split", "one test of 64 subtests that sleep 0.25 s and says //cohort:split, 8 workers, second run", splitRow},
		{"first", "few slow tests, alone and in parallel with quick packages: a first run against one with history", firstRow},
		{"uneven", "nine packages, one of which holds 80% of the time", unevenRow},
		{"packages", "many packages of the standard library, CPU bound, -count=1", packagesRow},
		{"race", "packages bound by the processor, and tests that wait, with the race detector", raceRow},
		{"wide", "100 packages to compile and link, 48 workers: the peak of memory", wideRow},
		{"cover", "a module with -coverpkg=./... -coverprofile", coverRow},
		{"norun", "50 packages and more, -count=1 -run '^$', nothing changed: what go test links every time", noRunRow},
		{"cached", "many packages of the standard library, nothing changed, results cached", cachedRow},
		{"trivial", "10, 100 and 1000 packages of ten trivial tests", trivialRow},
		{"rerun", "from a failure to the second start of the test, in a binary of 50 MB", rerunRow},
		{"events", "a million events of go test -json, in every common format", eventsRow},
		{"queue", "the sleeping tests on one machine with a queue, and without: what a batch costs more", queueRow},
		{"shard", "several machines, simulated: how much of their time is spent on tests, with shards and with a queue", shardRow},
		{"record", "what a record costs: packages of the standard library, trivial tests, and a million events", recordRow},
		{"start", "the processes that cohort starts itself with, exec-test and exec-tool", startRow},
	}
}

// bound is the least time that units can take on so many workers.
func bound(total, longest time.Duration, workers int) time.Duration {
	return max(total/time.Duration(workers), longest)
}

func sleepRow(ctx context.Context, b *bench) ([]table, error) {
	const tests, each, workers = 64, 250 * time.Millisecond, 8
	m := b.newModule("sleep")
	m.sleeps("sleep", tests, each)
	if err := b.warm(ctx, m, "./..."); err != nil {
		return nil, err
	}
	return []table{{
		title: fmt.Sprintf("one package, %d tests that sleep %v, %d workers", tests, each, workers), rounds: 2,
		bound:       bound(tests*each, each, workers),
		contestants: b.contestants(m.dir, []string{"--workers", strconv.Itoa(workers)}, []string{"-count=1", "./..."}),
	}}, nil
}

// splitRow measures a test that may be split: the first run is whole, and learns the subtests.
func splitRow(ctx context.Context, b *bench) ([]table, error) {
	const subtests, each, workers = 64, 250 * time.Millisecond, 8
	m := b.newModule("split")
	m.splits("split", subtests, each)
	if err := b.warm(ctx, m, "./..."); err != nil {
		return nil, err
	}
	return []table{{
		title: fmt.Sprintf("one test, %d subtests that sleep %v, %d workers", subtests, each, workers), rounds: 2,
		bound:       bound(subtests*each, each, workers),
		contestants: b.pair(m.dir, []string{"--workers", strconv.Itoa(workers)}, []string{"-count=1", "./..."}),
	}}, nil
}

func unevenRow(ctx context.Context, b *bench) ([]table, error) {
	const (
		each         = 100 * time.Millisecond
		large, small = 96, 3 // tests: 9.6 s in one package, 2.4 s in the eight others
		others       = 8
	)
	m := b.newModule("uneven")
	m.sleeps("large", large, each)
	for i := range others {
		m.sleeps(fmt.Sprintf("small%d", i), small, each)
	}
	if err := b.warm(ctx, m, "./..."); err != nil {
		return nil, err
	}
	return []table{{
		title: fmt.Sprintf("%d tests that sleep %v, %d of them in one of nine packages, workers = cores",
			large+others*small, each, large), rounds: 2,
		bound:       bound((large+others*small)*each, each, b.cores),
		contestants: b.pair(m.dir, nil, []string{"-count=1", "./..."}),
	}}, nil
}
