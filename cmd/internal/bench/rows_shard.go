package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// shardRow tells how much of the time of several machines is spent on tests. Nobody has so many
// machines here: the tests that simulate them print the figures, with recorded tests, a history that is
// off, and the code that plans shards and leads a queue.
func shardRow(ctx context.Context, b *bench) ([]table, error) {
	const module = "github.com/gotestcohort/cohort/scheduler/"
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^(TestShardRuns|TestQueueEfficiency)$", module+"plan", module+"remote/node")
	cmd.Env = b.environ()
	out, err := cmd.CombinedOutput()
	figures := efficiencies(string(out))
	if len(figures) == 0 {
		return nil, fmt.Errorf("%v: %w, and no figures:\n%s", cmd, err, out)
	}
	text := "\nshard: share of the workers' time that is spent on tests, simulated\n"
	for _, f := range figures {
		text += "  " + f + "\n"
	}
	if err != nil { // it is less than the tests want: a figure all the same
		text += "  the tests of these figures fail\n"
	}
	_, err = fmt.Fprint(b.out, text)
	return nil, err
}

// efficiencies are the figures in the output of tests.
func efficiencies(out string) (all []string) {
	for line := range strings.Lines(out) {
		if _, figure, ok := strings.Cut(line, ": efficiency: "); ok {
			all = append(all, strings.TrimSpace(figure))
		}
	}
	return all
}
