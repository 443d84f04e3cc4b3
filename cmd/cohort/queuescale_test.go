package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/remote/node"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// memoryQueue is a run of a module on machines in this process, which share a queue in memory. Their test
// processes are not started: what they would print is made up.
type memoryQueue struct {
	t      *testing.T
	module string
	server *enginetest.Server
	start  node.Starter
	agents sync.WaitGroup

	mu   sync.Mutex
	work []published // guarded by mu
}

// published is work that a leader has handed out.
type published struct {
	lane string
	node.Order
}

// tapped is an engine that keeps what a leader publishes.
type tapped struct {
	remote.Engine
	queue *memoryQueue
}

func (e *tapped) Publish(ctx context.Context, lane string, w remote.Work) error {
	p := published{lane: lane}
	if err := json.Unmarshal(w.Payload, &p.Order); err != nil {
		e.queue.t.Error(err)
	}
	e.queue.mu.Lock()
	e.queue.work = append(e.queue.work, p)
	e.queue.mu.Unlock()
	return e.Engine.Publish(ctx, lane, w)
}

func (q *memoryQueue) published() []published {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.work)
}

// newMemoryQueue writes a module with packages p0, p1, ... of empty tests Test0, Test1, ...
func newMemoryQueue(t *testing.T, packages, tests int, start node.Starter) *memoryQueue {
	t.Helper()
	// No lease and no lock runs out, however slow the machine is.
	terms := remote.Terms{AckWait: time.Hour, LeaderTTL: time.Hour, NodeTTL: time.Hour}
	q := &memoryQueue{t: t, module: t.TempDir(), start: start, server: enginetest.NewServer(terms, time.Now)}
	q.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	for p := range packages {
		var text strings.Builder
		fmt.Fprintf(&text, "package p%d\n\nimport \"testing\"\n\n", p)
		for i := range tests {
			fmt.Fprintf(&text, "func Test%d(*testing.T) {}\n", i)
		}
		q.write(fmt.Sprintf("p%d/p_test.go", p), text.String())
	}
	return q
}

func (q *memoryQueue) write(name, text string) {
	q.t.Helper()
	file := filepath.Join(q.module, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		q.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		q.t.Fatal(err)
	}
}

// remember writes a history in which tests of the packages take a time, and returns its file.
func (q *memoryQueue) remember(takes map[string]time.Duration) string {
	q.t.Helper()
	file := filepath.Join(q.t.TempDir(), "history")
	h, warning := history.Open(file, "example.com/m")
	if warning != nil {
		q.t.Fatal(warning)
	}
	run := h.NewRun(history.Run{ID: "before", Start: time.Now()})
	for name, d := range takes {
		pkg, test, _ := strings.Cut(name, ".")
		run.Add("example.com/m/"+pkg, test, history.Outcome{Result: history.Pass, Elapsed: d})
	}
	if err := h.Save(q.t.Context(), time.Now()); err != nil {
		q.t.Fatal(err)
	}
	return file
}

// agent has a machine take part.
func (q *memoryQueue) agent(name string, slots int) {
	e := q.server.Engine(name)
	a := node.NewAgent(node.AgentConfig{
		AgentConfig: machine.AgentConfig{Node: name, Slots: slots, Terms: e.Terms(), Wait: time.Minute},
		Engine:      e, Binaries: node.NewBinaries(e, q.t.TempDir()), Facts: q.facts(), Root: q.module, Temp: q.t.TempDir(),
		Start: q.start, Say: func(string) {}, Now: time.Now,
	})
	q.agents.Go(func() { // ends with the run
		if code, why := a.Run(q.t.Context()); code != 0 {
			q.t.Errorf("%s: exit code %d, %s", name, code, why)
		}
	})
}

func (q *memoryQueue) facts() remote.Facts { return remote.Facts{Protocol: remote.Protocol, Seed: 7} }

// lead has a machine of two workers lead the run to its end, and returns what it prints.
func (q *memoryQueue) lead(args ...string) string {
	q.t.Helper()
	out, err := q.leadUntil(q.t.Context(), "n0", args...)
	if err != nil {
		q.t.Errorf("lead: %v\n%s", err, out)
	}
	q.agents.Wait()
	return out
}

// leadUntil has a machine lead the run to its end, or until ctx ends. Another one can lead then.
func (q *memoryQueue) leadUntil(ctx context.Context, name string, args ...string) (string, error) {
	q.t.Helper()
	var out bytes.Buffer
	c := &command{stdout: &out, stderr: &out, env: newEnviron(cleanEnv()), log: &logger{out: &out}}
	line, err := c.parse(append([]string{"--queue=nats://memory", "--queue-run=r", "-n=2"}, args...))
	if err != nil {
		q.t.Fatal(err)
	}
	lead := &queueRun{
		cmd: c, opts: line.opts, engine: &tapped{q.server.Engine(name), q}, place: &queuePlace{root: q.module}, facts: q.facts(),
		node: name, slots: 2, temp: q.t.TempDir(), door: newQueueDoor(c.log),
	}
	if lead.args, err = gotest.ParseArgs(testCommand(line.opts, rerunArgs{})[2:], c.env.list); err != nil {
		q.t.Fatal(err)
	}
	lead.keepHistory()
	run, err := lead.engine.Lead(q.t.Context(), lead.facts)
	if err != nil || run.Fence == 0 {
		q.t.Fatalf("%+v, %v", run, err)
	}
	err = errors.Join(lead.lead(ctx, leadership{run, time.Now()}).status, lead.engine.Release(q.t.Context(), run.Fence))
	return out.String(), err
}

// passes prints that the tests of a process pass, and returns their names.
func passes(spec testbin.Spec, out io.Writer) (names []string) {
	for _, arg := range spec.Args {
		if list, ok := strings.CutPrefix(arg, "-test.run=^("); ok {
			names = strings.Split(strings.TrimSuffix(list, ")$"), "|")
		} else if one, ok := strings.CutPrefix(arg, "-test.run=^"); ok {
			names = []string{strings.TrimSuffix(one, "$")}
		}
	}
	for _, name := range names {
		fmt.Fprintf(out, "\x16=== RUN   %s\n\x16--- PASS: %s (0.00s)\n", name, name)
	}
	fmt.Fprint(out, "\x16PASS\n")
	return names
}

// TestQueueFeedsManySlots: a leader of two workers keeps more than a thousand processes running, as
// many as the machines that have come take, and each has a worker's number of its own.
func TestQueueFeedsManySlots(t *testing.T) {
	t.Parallel()
	const packages, tests, nodes, slots, want = 4, 400, 8, 160, 1001
	var mu sync.Mutex // guards what follows
	var running, ran int
	workers := make(map[string]bool)
	var enough sync.Once
	many := make(chan struct{}) // closed when so many run at the same time
	stuck, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	q := newMemoryQueue(t, packages, tests, func(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
		start := time.Now()
		worker := spec.Env[slices.IndexFunc(spec.Env, func(kv string) bool { return strings.HasPrefix(kv, "COHORT_WORKER=") })]
		mu.Lock()
		if workers[worker] {
			t.Errorf("two processes have %s", worker)
		}
		workers[worker] = true
		if running++; running == want {
			enough.Do(func() { close(many) })
		}
		mu.Unlock()
		select {
		case <-many:
		case <-stuck.Done():
		case <-ctx.Done():
		}
		names := passes(spec, out)
		mu.Lock()
		defer mu.Unlock()
		running--
		ran += len(names)
		delete(workers, worker)
		return testbin.Exit{Start: start, End: time.Now()}
	})
	takes := make(map[string]time.Duration)
	for p := range packages {
		for i := range tests {
			takes[fmt.Sprintf("p%d.Test%d", p, i)] = 2 * time.Second
		}
	}
	for i := range nodes {
		q.agent(fmt.Sprint("n", i), slots)
	}
	out := q.lead("--history="+q.remember(takes), "--", "-C="+q.module, "-count=1", "./...")
	select {
	case <-many:
	default:
		t.Errorf("there were never %d processes at the same time", want)
	}
	if ran != packages*tests || !strings.Contains(out, fmt.Sprintf("DONE %d tests", packages*tests)) {
		t.Errorf("%d tests ran\n%s", ran, out)
	}
}

// TestQueueLongLane: what takes longer than a part of the run by its history goes to the lane that all
// machines look at first.
func TestQueueLongLane(t *testing.T) {
	t.Parallel()
	q := newMemoryQueue(t, 2, 40, func(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
		start := time.Now()
		passes(spec, out)
		return testbin.Exit{Start: start, End: time.Now()}
	})
	takes := map[string]time.Duration{"p0.Test7": 5 * time.Second, "q.Elsewhere": time.Hour}
	for p := range 2 {
		for i := range 40 {
			if name := fmt.Sprintf("p%d.Test%d", p, i); takes[name] == 0 {
				takes[name] = time.Second // of 84 s on 2 workers
			}
		}
	}
	q.agent("n0", 2)
	q.lead("--history="+q.remember(takes), "--", "-C="+q.module, "-count=1", "./p0", "./p1")
	long := 0
	for _, p := range q.published() {
		if p.lane != machine.LaneLong {
			continue
		}
		long++
		if p.Dir != "p0" || !slices.Contains(p.Args, "-test.run=^(Test7)$") {
			t.Errorf("%s %q is in the lane %s", p.Dir, p.Args, p.lane)
		}
	}
	if long != 1 {
		t.Errorf("%d processes are in the lane %s, want that of p0.Test7", long, machine.LaneLong)
	}
}
