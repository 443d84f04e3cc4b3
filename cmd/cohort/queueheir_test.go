package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestQueueHeir: a leader that takes over divides the tests as the first one did, though its own history
// says something else, and takes the results that are there.
func TestQueueHeir(t *testing.T) {
	t.Parallel()
	const tests, before = 12, 5
	var mu sync.Mutex // guards what follows
	ran := make(map[string]int)
	second := make(chan struct{}) // closed when the second leader leads
	dies, die := context.WithCancel(t.Context())
	defer die()
	q := newMemoryQueue(t, 1, tests, func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
		start := time.Now()
		mu.Lock()
		n := 0
		for range ran {
			n++
		}
		mu.Unlock()
		if n >= before {
			die()
			select {
			case <-second:
			case <-ctx.Done():
			}
		}
		names := passes(spec, out)
		mu.Lock()
		defer mu.Unlock()
		for _, name := range names {
			ran[name]++
		}
		return testbin.Exit{Start: start, End: time.Now()}
	})
	takes := func(d time.Duration) map[string]time.Duration {
		all := make(map[string]time.Duration)
		for i := range tests {
			all[fmt.Sprintf("p0.Test%d", i)] = d
		}
		return all
	}
	args := []string{"--", "-C=" + q.module, "-count=1", "./..."}
	q.agent("n9", 2)
	// By its history each test has a process of its own.
	if out, err := q.leadUntil(dies, "n0", slices.Concat([]string{"--history=" + q.remember(takes(2*time.Second))}, args)...); err == nil {
		t.Fatalf("the first leader has come to an end\n%s", out)
	}
	first := len(q.published())
	close(second)
	// By its own, all tests are too short for more than one.
	out := q.lead(slices.Concat([]string{"--history=" + q.remember(takes(time.Millisecond))}, args)...)
	if !strings.Contains(out, fmt.Sprintf("DONE %d tests", tests)) {
		t.Errorf("the second leader says\n%s", out)
	}
	for i := range tests {
		if name := fmt.Sprint("Test", i); ran[name] != 1 {
			t.Errorf("%s ran %d times\n%s", name, ran[name], out)
		}
	}
	if all := q.published(); first == 0 || len(all) > tests {
		t.Errorf("%d processes were handed out by the first leader, %d by both", first, len(all))
	}
}
