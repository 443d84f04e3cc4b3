package main

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestQueueCrew: who shows progress knows how many workers there are now; a moment without any changes
// nothing.
func TestQueueCrew(t *testing.T) {
	t.Parallel()
	c := newQueueCrew(2)
	c.set(4)
	var told []int
	c.listen(func(n int) { told = append(told, n) })
	for _, n := range []int{6, 0, 3} {
		c.set(n)
	}
	if got := fmt.Sprint(told, c.now(), c.most()); got != "[4 6 3] 3 6" {
		t.Errorf("told, now, most: %s", got)
	}
}

// TestQueueDividesByWorkers: a package with a TestMain is divided by the workers that there are, not by
// the processes that are handed out ahead: each runs its set-up again.
func TestQueueDividesByWorkers(t *testing.T) {
	t.Parallel()
	q := newMemoryQueue(t, 1, 40, func(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
		start := time.Now()
		passes(spec, out)
		return testbin.Exit{Start: start, End: time.Now()}
	})
	q.write("p0/main_test.go", "package p0\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) { os.Exit(m.Run()) }\n")
	takes := make(map[string]time.Duration)
	for i := range 40 {
		takes[fmt.Sprintf("p0.Test%d", i)] = time.Second
	}
	q.agent("n0", 2)
	q.lead("--history="+q.remember(takes), "--testmain=per-worker", "--", "-C="+q.module, "-count=1", "./...")
	if n := len(q.published()); n != 2 {
		t.Errorf("%d processes for two workers", n)
	}
}
