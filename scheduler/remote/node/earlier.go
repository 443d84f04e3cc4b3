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
	mu       sync.Mutex // guards what follows
	seen     int        // of the results that the leader was told of
	failures []failure
}

// failure is a process that has failed.
type failure struct {
	key   remote.Key
	claim remote.Claim
	node  string
	// tests are its top-level tests that have failed, with what they printed; none: the process alone.
	tests map[string][]byte
	// unread is why it is not known which have.
	unread error
}

// maxFailure is how much of what a test has printed is kept, in bytes: the end.
const maxFailure = 64 << 10

// overruled returns the failures that count for tests of a batch, which was handed out. All results that were
// stored before its own are known by then.
func (r *Runner) overruled(b machine.Batch) (some []failure, err error) {
	r.earlier.mu.Lock()
	defer r.earlier.mu.Unlock()
	told := r.lead.toldOf(r.earlier.seen)
	for _, k := range told {
		f, failed, err := r.failed(k)
		if err != nil {
			return nil, fmt.Errorf("read what an earlier leader has had: %w", err)
		}
		if r.earlier.seen++; failed {
			r.earlier.failures = append(r.earlier.failures, f)
		}
	}
	for _, f := range r.earlier.failures {
		if f.key.Attempt == b.Key.Attempt && f.about(b.Claim) && !r.handsOut(f.key) {
			some = append(some, f)
		}
	}
	return some, nil
}

// about reports whether a batch has tests that have failed.
func (f failure) about(c remote.Claim) bool {
	failed := f.claim
	if len(f.tests) > 0 {
		failed.All, failed.Tests = false, slices.Sorted(maps.Keys(f.tests))
	}
	return machine.SharesTests(failed, c)
}

// handsOut reports whether this leader has handed out a batch.
func (r *Runner) handsOut(k remote.Key) bool {
	i := strings.LastIndexByte(k.Batch, '-')
	n, err := strconv.Atoi(k.Batch[i+1:])
	r.mu.Lock()
	defer r.mu.Unlock()
	return i > 0 && err == nil && n < r.times[k.Batch[:i]]
}

// failed returns the failure that a result is, if it is one of tests.
func (r *Runner) failed(k remote.Key) (f failure, failed bool, err error) {
	if r.handsOut(k) {
		return f, false, nil
	}
	var result remote.Result
	ctx, e := r.lead.ctx, r.cfg.Engine
	err = patiently(ctx, func() (err error) { result, err = e.GetResult(ctx, k.Batch, k.Attempt); return err })
	if errors.Is(err, remote.ErrGone) {
		return f, false, nil // it was taken back
	}
	if err != nil {
		return f, false, err
	}
	report, tail, err := unpackReport(result.Payload)
	if err != nil || report.What != machine.Ran || report.stopped() || report.Exit.exit().OK() || report.Probe || report.Claim == nil {
		return f, false, err
	}
	f = failure{key: k, claim: *report.Claim, node: result.Node}
	if f.tests, err = printedBy(ctx, e, report, tail); err != nil && ctx.Err() == nil {
		f.tests, f.unread, err = nil, err, nil
	}
	return f, true, err
}

// printedBy returns the top-level tests of a process that have failed, or had not ended when it did, with what
// they printed.
func printedBy(ctx context.Context, e remote.Engine, report Report, tail []byte) (map[string][]byte, error) {
	s, err := stream(ctx, e, report, tail)
	if err != nil {
		return nil, err
	}
	open, failed := make(map[string][]byte), make(map[string][]byte)
	parser := testbin.NewParser(nil, func(e testbin.Event) {
		root, _, sub := strings.Cut(e.Test, "/")
		switch {
		case root == "":
		case e.Kind == testbin.KindFail && !sub:
			failed[root] = open[root]
			delete(open, root)
		case (e.Kind == testbin.KindPass || e.Kind == testbin.KindSkip) && !sub:
			delete(open, root)
		case e.Kind == testbin.KindFail, e.Kind == testbin.KindOutput:
			open[root] = append(open[root], bytes.TrimPrefix(e.Line, []byte("\x16"))...)
			open[root] = open[root][max(0, len(open[root])-maxFailure):]
		case open[root] == nil && !sub:
			open[root] = []byte{}
		}
	})
	err = readOutput(s, func(_ time.Duration, b []byte) error { _, err := parser.Write(b); return err })
	parser.Close()
	maps.Copy(failed, open)
	return failed, errors.Join(err, s.Close())
}

// toldOf returns the results that the leader was told of, but for the first of those, if there was another
// leader before; else none.
func (l *Lead) toldOf(seen int) []remote.Key {
	if !l.heir {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.told[seen:])
}

// overruling writes what a process printed, but that tests have failed which earlier failures are about. It
// is for one goroutine.
type overruling struct {
	out    io.Writer
	by     []failure
	parser *testbin.Parser
	at     time.Time
	dated  bool
	found  bool // that one of them has failed
	err    error
}

func newOverruling(out io.Writer, by []failure) *overruling {
	o := &overruling{out: out, by: by}
	o.parser = testbin.NewParser(nil, o.event)
	return o
}

func (o *overruling) WriteDated(at time.Time, b []byte) (int, error) {
	o.at, o.dated = at, true
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
	i := slices.IndexFunc(o.by, func(f failure) bool { _, ok := f.tests[e.Test]; return ok })
	switch {
	case e.Kind == testbin.KindFail && i >= 0:
		o.found = true
	case (e.Kind == testbin.KindPass || e.Kind == testbin.KindSkip) && i >= 0:
		o.found = true
		f := o.by[i]
		text := string(f.tests[e.Test])
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		o.put([]byte("\x16=== NAME  " + e.Test + "\n" + text + "    " + f.why() + "\n"))
		o.put(fmt.Appendf(nil, "\x16--- FAIL: %s (%.2fs)\n", e.Test, e.Elapsed.Seconds()))
		return
	case e.Kind == testbin.KindFinal && e.OK && o.found:
		o.put([]byte("\x16FAIL\n"))
		return
	}
	o.put(e.Line)
}

// close ends the output of a process that has ended so, and returns how it is to have ended.
func (o *overruling) close(exit testbin.Exit) (testbin.Exit, error) {
	o.parser.Close()
	if exit.OK() {
		if !o.found {
			o.put([]byte("\x16=== NAME  \n" + o.by[0].why() + "\n"))
		}
		exit.Code = 1
	}
	return exit, o.err
}

func (f failure) why() string {
	why := "cohort: this failed on machine " + f.node + " before this machine led the run, and passed when it ran again: the failure counts"
	if f.unread != nil {
		why += " (" + f.unread.Error() + ")"
	}
	return why
}

func (o *overruling) put(b []byte) {
	if o.err != nil || len(b) == 0 {
		return
	}
	if d, ok := o.out.(Dated); ok && o.dated {
		_, o.err = d.WriteDated(o.at, b)
		return
	}
	_, o.err = o.out.Write(b)
}
