package hunt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// runner starts processes. It may be used concurrently.
type runner struct {
	worker *worker.Run
	gate   *gate
}

// run runs a task on a worker that the caller holds, when its locks are free.
func (r *runner) run(ctx context.Context, t task, slot int) (*outcome, error) {
	if leave, err := r.gate.enter(ctx, t); err == nil {
		defer leave()
	} // otherwise ctx has ended, and no process starts
	return r.start(ctx, t, slot)
}

// start runs a task on a worker and with locks that the caller holds.
func (r *runner) start(ctx context.Context, t task, slot int) (*outcome, error) {
	w := newWatcher()
	job := t.job(slot)
	job.Watch = func(m worker.Moment) { w.event(m.Event) }
	result := r.worker.Do(ctx, job)
	if result.Err != nil {
		return nil, result.Err
	}
	if exit := result.Exit; exit.Err != nil && !exit.Canceled {
		return nil, fmt.Errorf("run tests of %s: %w", t.bin.path, exit.Err)
	}
	return w.finish(t, result), nil
}

// job is what the process does.
func (t task) job(slot int) *worker.Job {
	b := t.bin
	j := &worker.Job{
		Binary: worker.Binary{
			Program: b.program, Dir: b.dir, Env: b.env, Args: b.args, Knows: b.knows, MayIdle: b.list.TestMain,
			Selection: b.selection, Limit: b.list.TimeLimits(0),
		},
		Slot: slot, Known: true, All: t.all, StopsEarly: t.failFast(),
		Shuffle: t.shuffle(), Count: t.count, Procs: t.procs, Out: stream.Discard(),
	}
	if j.StopsEarly {
		j.Group = t.units[0].def.Group
	}
	for _, u := range t.units {
		for _, name := range u.names {
			j.Tests = append(j.Tests, ledger.Planned{Name: name, Want: t.wants(u, name), Group: j.Group})
		}
	}
	return j
}

// wants is how often the process runs a test of that name.
func (t task) wants(u *unit, name string) int {
	if strings.HasPrefix(name, "Example") {
		return u.times(name)
	}
	return u.times(name) * t.count * t.bin.args.CPUs
}

// shuffle is the process's -test.shuffle, "" for source order.
func (t task) shuffle() string {
	if !t.order.shuffled || slices.ContainsFunc(t.units, (*unit).grouped) {
		return ""
	}
	return strconv.FormatInt(t.order.seed, 10)
}

// knows reports whether the binary has a top-level test of that name.
func (b *binary) knows(name string) bool { return b.known[name] }
