package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// rerunBench is a Run whose first pass is over: each of the units has failed at
// the time given. It has no loop; the test receives what the loop would.
func rerunBench(t *testing.T, c *Config, failed map[string]time.Time) *Run {
	c.GoTest = &gotest.Args{}
	r := &Run{cfg: c, listener: &gotest.Listener{Dir: t.TempDir()}, events: make(chan any), done: make(chan struct{})}
	r.ctx, r.stop = context.WithCancelCause(t.Context())
	r.slots = make([]bool, c.Workers)
	p := &pkg{
		path: "m/p", list: &grouping.Package{}, args: gotest.ParseBinaryArgs(nil), binary: "b",
		byTest: make(map[string]*unit), multiplicity: make(map[string]int),
	}
	for _, name := range []string{"TestA", "TestB", "TestC"} {
		u := &unit{pkg: p, def: grouping.Unit{Tests: []grouping.Test{{Name: name}}}}
		if at, ok := failed[name]; ok {
			u.failed, u.ended = []string{name}, at
			u.first = &batch{pkg: p, planned: []planned{{name: name, want: 1}}}
		}
		p.units = append(p.units, u)
		p.byTest[name], p.multiplicity[name] = u, 1
	}
	r.failed = []*pkg{p}
	return r
}

// runAttempt runs the next ready unit's process as the owner would: its tests end
// with result ('p' or 'f') after d.
func (r *Run) runAttempt(t *testing.T, result string, d time.Duration) {
	t.Helper()
	b := r.nextRerun()
	if b == nil {
		t.Fatal("nothing is ready")
	}
	b.pkg.running++
	r.running++
	time.Sleep(d) // in a bubble: the clock jumps
	parser := testbin.NewParser(b.known, b.feed.event)
	code, name := 0, b.planned[0].name
	closing := "PASS"
	if result == "f" {
		code, closing = 1, "FAIL"
	}
	for _, word := range []string{"+" + name, result + name, closing} {
		_, _ = parser.Write([]byte(framing(word)))
	}
	parser.Close()
	exit := testbin.Exit{Code: code, Start: time.Now().Add(-d), End: time.Now()}
	s := settle(ending{
		planned: b.planned, count: parser.Count, seen: parser.Seen(), open: parser.Open(),
		last: b.feed.last, finals: b.feed.finals, code: code,
	})
	r.end(ended{batch: b, exit: exit, s: s})
}

// TestRerunDelay follows two units: the delay lies between the end of one
// attempt of a unit and the start of its next, each for itself.
func TestRerunDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := rerunBench(t, &Config{Workers: 2, Reruns: 3, RerunDelay: 10 * time.Second}, map[string]time.Time{
			"TestA": start.Add(-4 * time.Second), "TestC": start,
		})
		out := r.startReruns()
		ready := func(want time.Duration) {
			t.Helper()
			a := (<-r.events).(*rerun)
			if got := time.Since(start); got != want {
				t.Errorf("%s is ready after %v, want %v", a.unit.def.Name(), got, want)
			}
			r.reruns.ready = append(r.reruns.ready, a)
		}
		next := func(number int, unit string, passed bool) {
			t.Helper()
			if a := <-out; a.Number != number || a.Unit != unit || a.Passed != passed {
				t.Errorf("attempt %+v, want %d of %s, passed: %v", a, number, unit, passed)
			}
		}
		ready(6 * time.Second)                 // TestA's delay began 4 s before
		r.runAttempt(t, "f", 2*time.Second)    // ends at 8 s
		ready(10 * time.Second)                // TestC
		r.runAttempt(t, "p", 1*time.Second)    // ends at 11 s: it is over
		ready(18 * time.Second)                // TestA again
		r.runAttempt(t, "f", 30*time.Second)   // ends at 48 s
		ready(58 * time.Second)                //
		r.runAttempt(t, "f", time.Millisecond) // its last
		next(1, "TestA", false)
		next(1, "TestC", true)
		next(2, "TestA", false)
		next(3, "TestA", false)
		if a, ok := <-out; ok {
			t.Errorf("another attempt: %+v", a)
		}
		close(r.done)
		r.children.Wait()
		for _, u := range r.verdict().Units {
			want := map[string]UnitVerdict{"TestA": {Attempts: 4}, "TestC": {Attempts: 2, Passed: true}}[u.Name]
			if u.Attempts != want.Attempts || u.Passed != want.Passed {
				t.Errorf("%s: %d attempts, passed %v, want %+v", u.Name, u.Attempts, u.Passed, want)
			}
		}
	})
}

// TestRerunCalledOff has the run stopped during a delay: the phase ends at once,
// and no timer is left.
func TestRerunCalledOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := rerunBench(t, &Config{Workers: 1, Reruns: 2, RerunDelay: time.Hour}, map[string]time.Time{"TestB": start})
		out := r.startReruns()
		synctest.Wait()
		r.stop(context.Canceled)
		r.dispatch()
		if a, ok := <-out; ok {
			t.Errorf("an attempt: %+v", a)
		}
		close(r.done)
		r.children.Wait()
		if time.Since(start) != 0 {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

// TestRerunNothing has no failed unit.
func TestRerunNothing(t *testing.T) {
	t.Parallel()
	r := rerunBench(t, &Config{Workers: 1, Reruns: 2}, nil)
	if a, ok := <-r.startReruns(); ok {
		t.Errorf("an attempt: %+v", a)
	}
}
