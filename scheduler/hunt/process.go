package hunt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// grace is how long test processes have after a signal (SPEC.md §9).
const grace = 10 * time.Second

// runner starts processes. It may be used concurrently.
type runner struct {
	cfg *Config
	id  string // COHORT_RUN_ID
}

// run runs a task on a worker that the caller holds.
func (r *runner) run(ctx context.Context, t task, slot int) (*outcome, error) {
	pattern, err := t.pattern()
	if err != nil {
		return nil, err
	}
	w := newWatcher()
	parser := testbin.NewParser(t.bin.knows, w.event)
	exit := testbin.Run(ctx, r.spec(t, pattern, slot), parser)
	parser.Close()
	if exit.Err != nil && !exit.Canceled {
		return nil, fmt.Errorf("run tests of %s: %w", t.bin.path, exit.Err)
	}
	return w.finish(t, parser, exit), nil
}

// pattern is the process's -test.run.
func (t task) pattern() (string, error) {
	if t.all {
		return t.bin.args.Run, nil
	}
	var names []string
	for _, u := range t.units {
		names = append(names, u.names...)
	}
	return grouping.RunPattern(t.bin.args.Run, names)
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

// spec describes the process.
func (r *runner) spec(t task, pattern string, slot int) testbin.Spec {
	p := gotest.Process{Run: pattern, Shuffle: t.shuffle(), FailFast: t.failFast(), Count: t.count}
	timeout := r.cfg.GoTest.Timeout
	var kill, wait time.Duration
	if timeout > 0 {
		p.Timeout = timeout.String()
		// As the go command has it (cmd/go's testWaitDelay and testKillTimeout).
		wait = max(5*time.Second, timeout/10)
		kill = timeout + max(time.Minute, wait)
	}
	return testbin.Spec{
		Path: t.bin.program, Args: t.bin.args.Args(p), Exec: r.cfg.GoTest.Exec,
		Dir: t.bin.dir, Env: r.environ(t, slot),
		KillAfter: kill, WaitDelay: wait, Grace: grace, Kill: r.cfg.Kill,
	}
}

// environ is the environment of the process: the one the go command gave, and
// what cohort tells its tests (SPEC.md §5).
func (r *runner) environ(t task, slot int) []string {
	env := slices.DeleteFunc(slices.Clone(t.bin.env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "COHORT_WORKER", "COHORT_WORKERS", "COHORT_RUN_ID", "COHORT_ATTEMPT", "COHORT_GROUP":
			return true
		}
		return name == "GOMAXPROCS" && t.procs > 0
	})
	env = append(env,
		"COHORT_WORKER="+strconv.Itoa(slot), "COHORT_WORKERS="+strconv.Itoa(r.cfg.Workers),
		"COHORT_RUN_ID="+r.id, "COHORT_ATTEMPT=0")
	if t.procs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(t.procs))
	}
	if t.failFast() {
		env = append(env, "COHORT_GROUP="+t.units[0].def.Group)
	}
	return env
}
