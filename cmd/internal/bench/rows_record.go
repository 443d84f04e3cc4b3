package main

import (
	"context"
	"path/filepath"
)

// recorded are packages of the standard library whose tests take a second or two: a run as a record is
// made of it every day.
func recorded() []string {
	return []string{
		"bufio", "bytes", "container/list", "encoding/hex", "encoding/json", "errors", "html/template", "path", "path/filepath",
		"regexp", "sort", "strconv", "strings", "text/template", "unicode/utf8",
	}
}

// recordRow compares runs with and without a record: one of real tests, of which a record may take 3%, one
// of tests that do nothing, and one that is all events.
func recordRow(ctx context.Context, b *bench) ([]table, error) {
	const events = 1_000_000
	path := filepath.Join(b.tmp, "recorded.json")
	if err := writeEvents(path, events); err != nil {
		return nil, err
	}
	m := b.newModule("recorded")
	for _, name := range []string{"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"} {
		m.trivial(name)
	}
	if err := b.warm(ctx, m, "-trimpath", "./..."); err != nil {
		return nil, err
	}
	daily := append([]string{"-count=1", "-short"}, recorded()...)
	if err := b.warm(ctx, m, daily...); err != nil {
		return nil, err
	}
	flag := "--record=" + filepath.Join(b.tmp, "run.cohort")
	packages := []string{"-count=1", "-trimpath", "./..."}
	raw := []string{"--raw-command", "--", "cat", path}
	return []table{
		{
			title: "15 packages of the standard library, -short -count=1, with a record", rounds: 9,
			contestants: []contestant{
				{name: "cohort", dir: m.dir, argv: b.cohortArgs(nil, daily)},
				{name: "cohort --record", dir: m.dir, argv: b.cohortArgs([]string{flag}, daily)},
			},
		},
		{
			title: "ten packages of ten trivial tests, with a record", rounds: 9,
			contestants: []contestant{
				{name: "cohort", dir: m.dir, argv: b.cohortArgs(nil, packages)},
				{name: "cohort --record", dir: m.dir, argv: b.cohortArgs([]string{flag}, packages)},
			},
		},
		{
			title: "a million events out of a file, with a record", rounds: 5,
			contestants: []contestant{
				{name: "cohort", argv: append([]string{b.cohort}, raw...)},
				{name: "cohort --record", argv: append([]string{b.cohort, flag}, raw...)},
			},
		},
	}, nil
}
