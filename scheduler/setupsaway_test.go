package scheduler

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// refusing is a machine on which a set-up has failed.
type refusing struct{ by *worker.SetupError }

func (r refusing) Run(context.Context, testbin.Spec, io.Writer) testbin.Exit {
	return testbin.Exit{Code: -1, Err: r.by}
}

// turnAway ends a job as a machine does on which a set-up has failed.
func (b *bench) turnAway(j *job, number int) {
	b.t.Helper()
	b.running = slices.DeleteFunc(b.running, func(other *job) bool { return other == j })
	run := worker.Run{Runner: refusing{b.setups.world.error(world.Part{Worker: j.Slot, Number: number})}, Now: time.Now}
	r := run.Do(b.t.Context(), &j.Job)
	refused, ok := r.Err.(*SetupError)
	if !ok {
		b.t.Fatalf("the error is %v", r.Err)
	}
	j.broken = refused
	e := j.reportRefused(b.listener.Dir)
	b.turnedAway(j, time.Now())
	b.wasRefused(j, e.result, e.attempt, time.Now())
}

// TestRandomWorldsElsewhere: on other machines set-ups of workers are not run here, and processes say what
// they need. One fails somewhere at any time: then nothing that needs it starts, each test passes or is
// skipped once, and a package of which a test was skipped fails.
func TestRandomWorldsElsewhere(t *testing.T) {
	t.Parallel()
	greens, reds := 0, 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 3))
		b := newWorldBench(t, seed, 0, &Config{Workers: 1 + random.IntN(4), Shuffle: true, Seed: int64(seed), ProgramConfig: ProgramConfig{Crew: make(chan int)}})
		p := b.arrives(worldTests(random), seed%7 == 0)
		for b.refused = nil; ; {
			todo := b.advance(time.Now())
			for _, c := range todo.close {
				b.wasClosed(c.do())
			}
			if len(todo.commands) > 0 {
				t.Fatalf("seed %d: %v run on this machine", seed, todo.commands)
			}
			for _, j := range todo.refuse {
				e := j.reportRefused(b.listener.Dir)
				b.wasRefused(j, e.result, e.attempt, time.Now())
			}
			b.running = append(b.running, todo.start...)
			if len(b.running) == 0 && len(todo.refuse) == 0 {
				break
			}
			if len(b.running) == 0 {
				continue
			}
			j := b.running[random.IntN(len(b.running))]
			if (j.Needs == nil) != (len(j.needs) == 0) || j.Needs != nil && !slices.Equal(j.Needs.Setups, j.needs) {
				t.Errorf("seed %d: %s needs %v, and says %+v", seed, names(j), j.needs, j.Needs)
			}
			if j.Needs != nil && seed%3 > 0 && random.IntN(4) == 0 {
				b.turnAway(j, j.needs[random.IntN(len(j.needs))])
				continue
			}
			b.finish(j, passing(j), 0)
		}
		if !b.over(p) {
			t.Fatalf("seed %d: the package has no end", seed)
		}
		code, skipped := b.exit(), b.skips(p, seed)
		if (code == 0) != (skipped == 0) {
			t.Errorf("seed %d: exit status %d with %d tests that were not run", seed, code, skipped)
		}
		if code == 0 {
			greens++
		} else {
			reds++
		}
	}
	if greens < 10 || reds < 10 {
		t.Errorf("%d green, %d red: that shows nothing", greens, reds)
	}
}

// skips counts the tests that were skipped; all others have passed.
func (b *bench) skips(p *suite, seed uint64) (skipped int) {
	b.t.Helper()
	of, err := script.Events(b.stdout.Bytes())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, test := range p.list.Tests {
		var results []string
		for _, e := range of[test.Name] {
			if result := e[:4]; result == "pass" || result == "skip" || result == "fail" {
				results = append(results, result)
			}
		}
		if len(results) != 1 || results[0] == "fail" {
			b.t.Errorf("seed %d: %s has the results %v", seed, test.Name, results)
		} else if results[0] == "skip" {
			skipped++
		}
	}
	return skipped
}
