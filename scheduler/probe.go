package scheduler

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// orderProbe is what is known of a unit that failed among other tests.
type orderProbe uint8

const (
	orderUnknown orderProbe = iota
	orderPasses             // in source order, in the same company
	orderFails
)

// wantProbe reports whether a unit that has passed alone failed in a process
// with other tests, in random order: then it is worth a process to see whether
// go test's own order would have shown the failure.
func (r *Run) wantProbe(a *rerun) bool {
	return a.unit != nil && a.unit.first.shuffle != "" && len(a.unit.first.planned) > 1 && r.ctx.Err() == nil
}

// nextProbe returns a process that runs the tests of a failed one in source order.
func (r *Run) nextProbe() *batch {
	for i, a := range r.reruns.probe {
		b := r.newBatch(a.pkg, a.unit.first.tasks)
		if b.serial && r.running > 0 {
			continue
		}
		r.reruns.probe = slices.Delete(r.reruns.probe, i, i+1)
		silent := newMerger(io.Discard, false, func() (*os.File, error) { return nil, errors.ErrUnsupported })
		b.shuffle, b.again, b.probe, b.feed = "", a, true, silent.newFeed(false, "", nil)
		a.running = true
		return b
	}
	return nil
}

// endProbe takes its result. It changes no verdict.
func (r *Run) endProbe(e ended) {
	a := e.batch.again
	if e.err == nil && r.ctx.Err() == nil {
		a.order = orderPasses
		for _, name := range a.unit.def.Names() {
			if slices.Contains(e.s.failed, name) {
				a.order = orderFails
			}
		}
		if len(e.s.again)+len(e.s.dropped)+len(e.s.lost) > 0 && a.order == orderPasses {
			a.order = orderUnknown // it may not have run
		}
	}
	r.giveUp(a)
}

// orderNote says what the reruns have shown about the order of the tests.
func (a *rerun) orderNote() string {
	if a.unit == nil || len(a.unit.first.planned) < 2 || a.unit.first.group != "" || a.attempts == 0 {
		return ""
	}
	others := len(a.unit.first.planned) - len(a.unit.def.Names())
	switch {
	case !a.passed:
		return "fails alone too"
	case a.order == orderPasses:
		return fmt.Sprintf("passes alone, and in source order: it failed in this random order, with %d other tests", others)
	case a.order == orderFails:
		return "passes alone, but fails with these tests in source order too"
	}
	return "passes alone"
}
