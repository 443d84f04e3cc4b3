package scheduler

import (
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// TestCrew: as many processes run as the machines take that are there, which come and go.
func TestCrew(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1, ProgramConfig: ProgramConfig{Crew: make(chan int)}})
	source := ""
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		source += "//cohort:group " + name + "\nfunc Test" + name + "(t *testing.T) {}\n\n"
	}
	p := b.arrives(source, false)
	for i, step := range []struct {
		crew, end, want int // workers from now on, 0 for as before; processes that end, and that start then
	}{
		{0, 0, 1},
		{3, 0, 2}, // two more machines have come
		{1, 0, 0}, // and go
		{0, 2, 0},
		{0, 1, 1},
		{9, 0, 2}, // all that is left
	} {
		b.began = b.began.Add(-time.Second) // what is not known of the package does not keep workers waiting
		if step.crew > 0 {
			b.resize(step.crew)
		}
		for range step.end {
			b.finish(b.running[0], passing(b.running[0]), 0)
		}
		if started := b.fill(); len(started) != step.want {
			t.Fatalf("step %d: %d processes start, want %d", i+1, len(started), step.want)
		}
	}
	for len(b.running) > 0 {
		b.finish(b.running[0], passing(b.running[0]), 0)
	}
	b.fill()
	if code := b.exit(); code != 0 || !b.over(p) {
		t.Errorf("exit status %d, over: %v", code, b.over(p))
	}
}

// TestElsewhere: the time that a process waits for another machine is none of its package's, and
// the planner takes it for nothing.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1, ProgramConfig: ProgramConfig{Crew: make(chan int)}, GoTest: &gotest.Args{Race: true}})
	b.arrives("func TestA(t *testing.T) {}\n", false)
	j := b.fill()[0]
	if j.suite.lingers(b.cfg) {
		t.Error("a process on another machine lingers on a worker of this one")
	}
	began := b.began.Add(time.Hour)
	r := &worker.Result{Exit: testbin.Exit{Start: began, End: began.Add(3 * time.Second)}, First: began.Add(time.Second)}
	if got := b.ran(j, r, began.Add(time.Minute)); !got.Equal(r.Exit.End) {
		t.Errorf("its worker was free at %v, want %v", got, r.Exit.End)
	}
	j.suite.busy.ran(r.Exit.Start, r.Exit.End)
	j.suite.busy.ran(began.Add(2*time.Second), began.Add(5*time.Second))
	j.suite.busy.ran(began.Add(time.Minute), began.Add(time.Minute+time.Second))
	j.suite.busy.ran(began.Add(4*time.Second), began.Add(4*time.Second))
	if got := j.suite.busy.took(); got != 6*time.Second {
		t.Errorf("its package took %v, want 6s", got)
	}
	b.finish(j, passing(j), 0)
	b.fill()
	b.exit()
}

// TestElsewhereIsLearned: what the events of a process say comes after it has ended on another machine,
// and is no time of its tests.
func TestElsewhereIsLearned(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1, ProgramConfig: ProgramConfig{Crew: make(chan int)}})
	b.arrives("//cohort:group A\nfunc TestA(t *testing.T) {}\n\n//cohort:group B\nfunc TestB(t *testing.T) {}\n", false)
	j := b.fill()[0]
	const began, first, end, told = time.Hour, time.Hour + time.Second, time.Hour + 3*time.Second, time.Hour + time.Minute
	for _, kind := range []testbin.Kind{testbin.KindRun, testbin.KindPass} {
		j.progress.note(testbin.Event{Kind: kind, Test: j.Tests[0].Name}, func() time.Duration { return told })
	}
	b.queue.hold(j)
	b.queue.ran(j, began, first)
	b.queue.ended(j, end)
	next, ok, _ := b.queue.planner.Next(end, 1)
	if !ok || next.Estimate != 3*time.Second {
		t.Errorf("the next test takes %v, %v; want 3s: a second to start, two to run", next.Estimate, ok)
	}
}

// TestBatchTime: what a machine that goes away costs is bounded, on this one nothing is lost.
func TestBatchTime(t *testing.T) {
	t.Parallel()
	if got := new(Config).batchTime(); got != 0 {
		t.Errorf("batches on this machine are bounded by %v", got)
	}
	if got := (&Config{ProgramConfig: ProgramConfig{Crew: make(chan int)}}).batchTime(); got != elsewhereBatch {
		t.Errorf("batches on other machines are bounded by %v", got)
	}
}
