package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// A leader that takes over finds the results of what an earlier one has handed out, if it hands out the same.
// What it hands out otherwise (tests put together in another way, a set-up with other variables) runs once
// more. The first result of a test counts all the same: one that has failed does not pass because its leader
// has died. So what a process of these tests tells of them is overruled by the failure that was there.

// earlier are the failures that earlier leaders have had. It may be used concurrently.
type earlier struct {
	mu       sync.Mutex     // guards what follows
	seen     int            // of the results that the leader was told of
	done     []remote.Claim // first attempts that have a result
	failures []*failure
}

// failure is a process that has failed.
type failure struct {
	key   remote.Key
	claim remote.Claim
	node  string
	// tests are its top-level tests that have failed; none: the process alone. alone is the process.
	tests map[string]*failed
	alone failed
	// unread is why it is not known which have.
	unread error
}

// failed is what counts against a test, or a process.
type failed struct {
	left    atomic.Int32 // executions that have failed, and that were not told of yet
	printed []byte
	cut     bool // there was more
}

// maxFailure is how much of what a test has printed is kept, in bytes: the end.
const maxFailure = 64 << 10

// print adds what it has printed.
func (f *failed) print(b []byte) {
	f.printed = append(f.printed, b...)
	more := max(0, len(f.printed)-maxFailure)
	f.printed, f.cut = f.printed[more:], f.cut || more > 0
}

// tell reports whether a failure is to be told of, and counts it as told.
func (f *failed) tell() bool {
	for {
		n := f.left.Load()
		if n <= 0 || f.left.CompareAndSwap(n, n-1) {
			return n > 0
		}
	}
}

// overruled returns the failures that count for tests of a batch, which was handed out. All results that were
// stored before its own are known by then.
func (r *Runner) overruled(b machine.Batch) (some []*failure, err error) {
	if !r.lead.heir {
		return nil, nil
	}
	r.earlier.mu.Lock()
	defer r.earlier.mu.Unlock()
	if err := r.hearEarlier(); err != nil {
		return nil, err
	}
	if b.Key.Attempt == 0 {
		r.earlier.done = append(r.earlier.done, b.Claim)
	}
	for _, f := range r.earlier.failures {
		if f.key.Attempt == b.Key.Attempt && f.about(b.Claim) && !r.handsOut(f.key) {
			some = append(some, f)
		}
	}
	return some, nil
}

// hearEarlier reads the results that the leader was told of since the last time. The caller holds the lock.
func (r *Runner) hearEarlier() error {
	for _, k := range r.lead.toldOf(r.earlier.seen) {
		f, err := r.failed(k)
		if err != nil {
			return fmt.Errorf("read what an earlier leader has had: %w", err)
		}
		if r.earlier.seen++; f != nil {
			r.earlier.failures = append(r.earlier.failures, f)
		}
	}
	return nil
}

// Unanswered returns what has failed for an earlier leader of the run and did not run for this one. It is
// called when all processes have ended, and may wait for the server as Run does.
func (r *Runner) Unanswered() (all []string, err error) {
	r.earlier.mu.Lock()
	defer r.earlier.mu.Unlock()
	if err := r.hearEarlier(); err != nil {
		return nil, err
	}
	for _, f := range r.earlier.failures {
		ran := slices.ContainsFunc(r.earlier.done, func(c remote.Claim) bool { return machine.SharesTests(f.claim, c) })
		if ran || f.key.Attempt > 0 || r.handsOut(f.key) {
			continue
		}
		what := f.claim.Package
		if names := slices.Sorted(maps.Keys(f.tests)); len(names) > 0 {
			what += " " + strings.Join(names, ", ")
		}
		all = append(all, what+" failed on machine "+f.node)
	}
	return all, nil
}

// about reports whether a batch has tests that have failed, and of which that was not told yet.
func (f *failure) about(c remote.Claim) bool {
	of := f.claim
	if len(f.tests) > 0 {
		of.All, of.Tests = false, nil
		for name, t := range f.tests {
			if t.left.Load() > 0 {
				of.Tests = append(of.Tests, name)
			}
		}
	}
	return machine.SharesTests(of, c) && (len(f.tests) > 0 || f.alone.left.Load() > 0)
}

// handsOut reports whether this leader has handed out a batch.
func (r *Runner) handsOut(k remote.Key) bool {
	i := strings.LastIndexByte(k.Batch, '-')
	n, err := strconv.Atoi(k.Batch[i+1:])
	r.mu.Lock()
	defer r.mu.Unlock()
	return i > 0 && err == nil && n < r.times[k.Batch[:i]]
}

// failed returns the failure that a result is, nil for one that is none of tests.
func (r *Runner) failed(k remote.Key) (*failure, error) {
	if r.handsOut(k) {
		return nil, nil
	}
	var result remote.Result
	ctx, e := r.lead.ctx, r.cfg.Engine
	err := patiently(ctx, func() (err error) { result, err = e.GetResult(ctx, k.Batch, k.Attempt); return err })
	if errors.Is(err, remote.ErrGone) {
		return nil, nil // it was taken back
	}
	if err != nil {
		return nil, err
	}
	report, tail, err := unpackReport(result.Payload)
	if err != nil || report.What != machine.Ran || report.stopped() || report.Exit.exit().OK() || report.Probe || report.Claim == nil {
		return nil, err
	}
	f := &failure{key: k, claim: *report.Claim, node: result.Node}
	f.alone.left.Store(1)
	if err := f.read(ctx, e, report, tail); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		f.tests, f.unread = nil, err
	}
	return f, nil
}

// read finds the top-level tests of a process that have failed, or were running when it ended, with what they
// printed.
func (f *failure) read(ctx context.Context, e remote.Engine, report Report, tail []byte) error {
	s, err := stream(ctx, e, report, tail)
	if err != nil {
		return err
	}
	all, running := make(map[string]*failed), make(map[string]bool)
	over := make(map[string]bool) // it has failed, and runs once more
	parser := testbin.NewParser(nil, func(e testbin.Event) {
		root, _, sub := strings.Cut(e.Test, "/")
		t := all[root]
		if t == nil {
			t = &f.alone
			if root != "" {
				t = new(failed)
				all[root] = t
			}
		}
		switch {
		case e.Kind == testbin.KindOutput, sub && e.Kind == testbin.KindFail:
			if !over[root] {
				t.print(bytes.TrimPrefix(e.Line, []byte("\x16")))
			}
		case sub || root == "":
		case e.Kind == testbin.KindRun:
			running[root] = true
			if over[root] = t.left.Load() > 0; !over[root] {
				t.printed, t.cut = nil, false
			}
		case e.Kind == testbin.KindCont:
			running[root] = true
		case e.Kind == testbin.KindFail:
			t.left.Add(1)
			delete(running, root)
		case e.Kind == testbin.KindPause, e.Kind == testbin.KindPass, e.Kind == testbin.KindSkip:
			delete(running, root)
		}
	})
	err = readOutput(s, func(_ time.Duration, b []byte) error { _, err := parser.Write(b); return err })
	parser.Close()
	for root := range running {
		all[root].left.Add(1)
	}
	maps.DeleteFunc(all, func(_ string, t *failed) bool { return t.left.Load() == 0 })
	f.tests = all
	return errors.Join(err, s.Close())
}

// toldOf returns the results that the leader has noted, but for the first of those.
func (l *Lead) toldOf(seen int) []remote.Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.told[seen:])
}

// overruling writes what a process printed, but that tests have failed which earlier failures are about. It
// is for one goroutine.
type overruling struct {
	out    io.Writer
	by     []*failure
	parser *testbin.Parser
	at     time.Time
	found  bool     // that one of them has failed
	told   *failure // that was told of, the last one
	err    error
}

func newOverruling(out io.Writer, by []*failure) *overruling {
	o := &overruling{out: out, by: by}
	o.parser = testbin.NewParser(nil, o.event)
	return o
}

func (o *overruling) WriteDated(at time.Time, b []byte) (int, error) {
	o.at = at
	return o.Write(b)
}

func (o *overruling) Write(b []byte) (int, error) {
	if _, err := o.parser.Write(b); err != nil {
		return 0, err
	}
	return len(b), o.err
}

// event hands on a line.
func (o *overruling) event(e testbin.Event) {
	switch {
	case e.Kind == testbin.KindFail && o.against(e.Test) != nil:
		o.found = true
	case e.Kind == testbin.KindPass || e.Kind == testbin.KindSkip:
		if f := o.against(e.Test); f != nil {
			o.found, o.told = true, f
			o.put([]byte("\x16=== NAME  " + e.Test + "\n" + f.says("    ", f.tests[e.Test])))
			o.put(fmt.Appendf(nil, "\x16--- FAIL: %s (%.2fs)\n", e.Test, e.Elapsed.Seconds()))
			return
		}
	case e.Kind == testbin.KindFinal && e.OK && o.found:
		o.put([]byte("\x16FAIL\n"))
		return
	}
	o.put(e.Line)
}

// against returns a failure of a test that counts now, nil for none.
func (o *overruling) against(test string) *failure {
	for _, f := range o.by {
		if t := f.tests[test]; t != nil && t.tell() {
			return f
		}
	}
	return nil
}

// close ends the output of a process of a batch that has ended so, and returns how it is to have ended.
func (o *overruling) close(exit testbin.Exit, c remote.Claim) (testbin.Exit, error) {
	o.parser.Close()
	if !exit.OK() {
		return exit, o.err
	}
	for _, f := range o.by {
		if len(f.tests) > 0 && !f.about(c) || len(f.tests) == 0 && !f.alone.tell() {
			continue
		}
		o.told = f
		o.put([]byte("\x16=== NAME  \n" + f.says("", &f.alone)))
	}
	if o.told != nil {
		exit.Code, exit.Machine = 1, o.told.node
	}
	return exit, o.err
}

// says is what is shown of a failure, in lines that begin so.
func (f *failure) says(begin string, of *failed) string {
	text := begin + "cohort: this failed on machine " + f.node + " before this machine led the run, and passed when it ran again: the failure counts"
	if f.unread != nil {
		text += " (" + f.unread.Error() + ")"
	}
	if len(of.printed) == 0 {
		return text + "\n"
	}
	text += ". There it printed"
	if of.cut {
		text += fmt.Sprintf(", at the end of more (%d KiB)", maxFailure>>10)
	}
	text += ":\n" + string(of.printed)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

func (o *overruling) put(b []byte) {
	if o.err == nil {
		o.err = writeDated(o.out, o.at, b)
	}
}
