package scheduler

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// reruns is the state of the phase after the first pass.
type reruns struct {
	all   []*rerun
	ready []*rerun // whose delay is over, in that order
	probe []*rerun // whose order is to be looked at
	open  int      // neither passed nor given up
	out   chan *Attempt
}

// rerun is a unit that failed, or a package that failed outside its tests.
type rerun struct {
	pkg      *pkg
	unit     *unit // nil for the package
	attempts int   // made so far, without the first
	running  bool
	passed   bool
	over     bool
	order    orderProbe
	owed     map[string]bool // subtests that failed in earlier attempts

	file   *os.File // of the attempt that runs
	events *bufio.Writer
	coder  *testbin.Encoder
	merge  *merger
}

// Attempt is one rerun of a unit, or of a package, that has ended.
type Attempt struct {
	// Number is 1 for the first rerun of the unit.
	Number int
	// Package is the import path, Unit the name of the group or test, "" for
	// the whole package. Tests are the names of its tests.
	Package, Unit string
	Tests         []string
	// Passed reports whether everything in it was good.
	Passed bool

	file string
	err  error
}

// Open returns the attempt's events, lines as `go test -json` prints them. The
// caller closes the reader.
func (a *Attempt) Open() (io.ReadCloser, error) {
	if a.err != nil {
		return nil, fmt.Errorf("rerun %s %s: %w", a.Package, a.Unit, a.err)
	}
	return os.Open(a.file)
}

// CheckRerun reports why failures cannot be run again, given the packages that
// the go command has reported as failed: nil if the ledger explains them all.
func (r *Run) CheckRerun(failed []string) error {
	var err error
	r.do(func() {
		for _, path := range failed {
			i := slices.IndexFunc(r.failed, func(p *pkg) bool { return p.path == path })
			switch {
			case i < 0:
				err = fmt.Errorf("rerun aborted because package %s failed before its tests were run", path)
			case r.failed[i].binary == "":
				err = fmt.Errorf("rerun aborted because package %s was not run to its end", path)
			default:
				continue
			}
			return
		}
	})
	return err
}

// Rerun runs every failed unit again, each up to Config.Reruns times until it
// passes, and yields the attempts as they end. Call it once, after Wait. If the
// consumer stops early, no other attempt is started.
func (r *Run) Rerun() iter.Seq[*Attempt] {
	return func(yield func(*Attempt) bool) {
		var out chan *Attempt
		r.do(func() { out = r.startReruns() })
		for a := range out {
			if !yield(a) {
				r.Stop(os.Interrupt)
				for range out { // let it end
				}
				return
			}
		}
	}
}

// startReruns sets the phase up. The channel it returns is closed by
// closeReruns and holds all that can be sent, so that the owner never waits.
func (r *Run) startReruns() chan *Attempt {
	s := &reruns{}
	for _, p := range r.failed {
		if len(p.failures) > 0 {
			s.all = append(s.all, &rerun{pkg: p})
			continue
		}
		for _, u := range p.units {
			if len(u.failed) > 0 {
				s.all = append(s.all, &rerun{pkg: p, unit: u})
			}
		}
	}
	s.open = len(s.all)
	s.out = make(chan *Attempt, s.open*r.cfg.Reruns)
	r.reruns = s
	for _, a := range s.all {
		a.owed = a.owes()
		ended := a.pkg.ended
		if a.unit != nil {
			ended = a.unit.ended
		}
		r.schedule(a, ended)
	}
	r.closeReruns()
	return s.out
}

// owes returns the subtests that failed in the first attempt.
func (a *rerun) owes() map[string]bool {
	if a.unit != nil {
		return a.unit.owed
	}
	all := make(map[string]bool)
	for _, u := range a.pkg.units {
		maps.Copy(all, u.owed)
	}
	return all
}

// schedule makes a ready when its delay after ended is over.
func (r *Run) schedule(a *rerun, ended time.Time) {
	wait := time.Until(ended.Add(r.cfg.RerunDelay))
	r.children.Add(1)
	go func() { // ends when the delay or the run is over
		defer r.children.Done()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			r.send(a)
		case <-r.done:
		}
	}()
}

// nextRerun decides what an idle worker runs again.
func (r *Run) nextRerun() *batch {
	if b := r.nextProbe(); b != nil {
		return b
	}
	for i, a := range r.reruns.ready {
		b := r.newBatch(a.pkg, []*task{a.task()})
		if b.serial && r.running > 0 {
			continue
		}
		r.reruns.ready = slices.Delete(r.reruns.ready, i, i+1)
		a.attempts++
		a.running = true
		b.again, b.attempt = a, a.attempts
		if err := r.openAttempt(a, b); err != nil {
			r.reruns.out <- r.attempt(a, false, err)
			a.running = false
			r.giveUp(a)
			return r.nextRerun()
		}
		return b
	}
	return nil
}

// task is what runs in each attempt: the unit, or the package as it is.
func (a *rerun) task() *task {
	if a.unit != nil {
		return &task{unit: a.unit, planned: a.pkg.plan(a.unit.def.Names())}
	}
	t := &task{}
	if a.pkg.list != nil && !a.pkg.args.Opaque {
		t.planned = []planned{}
		for _, u := range a.pkg.units {
			t.planned = append(t.planned, a.pkg.plan(u.def.Names())...)
		}
	}
	return t
}

// openAttempt prepares the file of an attempt's events.
func (r *Run) openAttempt(a *rerun, b *batch) error {
	name := filepath.Join(r.listener.Dir, fmt.Sprintf("attempt%d", r.processes))
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	a.file, a.events = file, bufio.NewWriter(file)
	a.coder = testbin.NewEncoder(a.events, a.pkg.path, time.Now)
	a.merge = newMerger(a.coder, true, func() (*os.File, error) { return nil, errors.ErrUnsupported })
	b.feed = a.merge.newFeed(true, b.shuffleLine(), nil)
	b.feed.subtests.owed = maps.Clone(a.owed)
	return nil
}

// endRerun takes the result of an attempt.
func (r *Run) endRerun(e ended) {
	a := e.batch.again
	a.running = false
	if e.batch.probe {
		r.endProbe(e)
		return
	}
	good := e.err == nil && e.s.clean() && e.exit.OK() && len(e.batch.feed.owed) == 0 &&
		(e.batch.planned != nil || e.batch.feed.finals > 0)
	err := errors.Join(e.err, a.closeAttempt(e, good))
	a.passed = good && err == nil
	r.reruns.out <- r.attempt(a, a.passed, err)
	switch {
	case a.passed && r.wantProbe(a):
		r.reruns.probe = append(r.reruns.probe, a)
	case a.passed || err != nil || a.attempts >= r.cfg.Reruns || r.ctx.Err() != nil:
		r.giveUp(a)
	default:
		r.schedule(a, e.exit.End)
	}
}

const notInThisAttempt = "it did not run in this attempt"

// closeAttempt ends an attempt's events as the go command ends a package's.
func (a *rerun) closeAttempt(e ended, good bool) error {
	for _, t := range slices.Concat(e.s.again, e.s.dropped, e.s.idle) {
		t.why = notInThisAttempt
		if e.s.packageFailure != "" {
			t.why += ": " + e.s.packageFailure
		}
		e.batch.feed.settle(settlement{skipped: []planned{t}}, "")
	}
	for _, name := range e.batch.feed.missing() {
		e.batch.feed.settle(settlement{skipped: []planned{{name: name, want: 1, why: notInThisAttempt}}}, "")
		a.merge.add("cohort: " + name + " failed in an earlier attempt: without it this one shows nothing\n")
	}
	a.owed = e.batch.feed.next()
	e.batch.feed.close()
	result, prefix := "ok  ", ""
	var exit error
	if !good {
		result, prefix, exit = "FAIL", "\x16", errors.New("failed")
		if e.s.packageFailure != "" {
			a.merge.add("cohort: " + e.s.packageFailure + "\n")
		}
	}
	a.merge.add(fmt.Sprintf("%s%s\t%s\t%.3fs\n", prefix, result, a.pkg.path, e.exit.End.Sub(e.exit.Start).Seconds()))
	a.coder.Exited(exit)
	return errors.Join(a.merge.err, a.coder.Close(), a.events.Flush(), a.file.Close())
}

func (r *Run) attempt(a *rerun, passed bool, err error) *Attempt {
	out := &Attempt{Number: a.attempts, Package: a.pkg.path, Passed: passed, err: err}
	if a.file != nil {
		out.file = a.file.Name()
	}
	units := a.pkg.units
	if a.unit != nil {
		out.Unit, units = a.unit.def.Name(), []*unit{a.unit}
	}
	for _, u := range units {
		out.Tests = append(out.Tests, u.def.Names()...)
	}
	return out
}

// giveUp ends a's reruns, and with the last one the phase.
func (r *Run) giveUp(a *rerun) {
	if !a.over {
		a.over = true
		r.reruns.open--
		r.closeReruns()
	}
}

func (r *Run) closeReruns() {
	if r.reruns.open == 0 && r.reruns.out != nil {
		close(r.reruns.out)
		r.reruns.open = -1
	}
}

// stopReruns gives up what does not run, when the run is called off.
func (r *Run) stopReruns() {
	if r.reruns == nil {
		return
	}
	for _, a := range r.reruns.all {
		if !a.running {
			r.giveUp(a)
		}
	}
}
