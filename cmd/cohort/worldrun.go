package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// worldRun is the world of one run: what came of its commands, and what is told of them.
type worldRun struct {
	src  *scheduledSource
	opts worldOptions
	log  *logger
	live *progress.Live

	mu       sync.Mutex
	running  []string // titles of commands
	outcomes []world.Outcome
	kept     bool
	stays    []world.Remains
}

// newWorldRun follows the world of a run of src, nil if it has none.
func newWorldRun(src *scheduledSource, live *progress.Live, log *logger) *worldRun {
	if src.config.World == nil {
		return nil
	}
	w := &worldRun{src: src, opts: src.opts.world, live: live, log: log}
	src.config.World.Tell = w.hear
	return w
}

// worthTelling is how long a command of the whole run takes before it is said that it did: then it is
// what everybody has waited for.
const worthTelling = time.Second

// hear takes a command that begins, or has ended.
func (w *worldRun) hear(o world.Outcome) {
	w.keep(o)
	if o.End.IsZero() {
		return
	}
	took := o.End.Sub(o.Start).Round(10 * time.Millisecond)
	switch title := setupOf(o).Title(); {
	case o.Err != nil && (o.TearDown || w.src.stopped()):
		w.log.warnf("%s: %v", title, o.Err)
	case o.Err != nil:
		w.log.errorf("%s failed: %v", title, o.Err)
	case o.Worker == world.Everyone && took >= worthTelling:
		w.log.infof("%s: %v", title, took)
	default:
		w.log.debugf("%s: %v", title, took)
	}
}

// keep notes a command, and has it told while nothing else runs.
func (w *worldRun) keep(o world.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	title := setupOf(o).Title()
	if o.End.IsZero() {
		w.running = append(w.running, title)
	} else {
		w.running = slices.DeleteFunc(w.running, func(other string) bool { return other == title })
		w.outcomes = append(w.outcomes, withoutText(o))
	}
	w.live.Prepares(slices.Clone(w.running))
}

// withoutText drops what a command of one attempt has printed that went well: nobody asks for it, and
// there may be one for each of thousands of tests.
func withoutText(o world.Outcome) world.Outcome {
	if o.Err == nil && o.For != (world.Attempt{}) {
		o.Output = ""
	}
	return o
}

// broken reports whether a set-up has failed, but for one that a signal has ended. A nil world has
// none.
func (w *worldRun) broken() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.outcomes {
		if !o.TearDown && o.Err != nil {
			return true
		}
	}
	return false
}

// owes reports whether there is a world that will be torn down.
func (w *worldRun) owes() bool { return w != nil && w.opts.keep != keepAlways }

// abandon leaves out what is still to be torn down.
func (w *worldRun) abandon() {
	if w != nil {
		w.src.abandon()
	}
}

// end tears the world down, unless it is to stay after a run that has failed or not.
func (w *worldRun) end(failed, interrupted bool) {
	if w == nil {
		return
	}
	w.kept = w.opts.keep.keeps(failed || w.broken(), interrupted)
	w.src.opts.queue.endWorlds(w.src.config.World, w.kept, w.log)
	w.stays = w.src.endWorld(w.kept)
}

// setupStatus is the status of a run that has ended with status but for its set-ups. What else went
// wrong stays.
func setupStatus(status error, setups []report.Setup) error {
	failed := func(s report.Setup) bool { return s.Problem != "" && !s.Warning }
	if !slices.ContainsFunc(setups, func(s report.Setup) bool { return failed(s) && !s.TearDown }) {
		if status == nil && slices.ContainsFunc(setups, failed) {
			return exitStatus{exitFailed}
		}
		return status
	}
	all := []error{exitStatus{exitSetup}}
	for _, e := range problems(status) {
		if _, passedOn := e.(exitStatus); !passedOn {
			all = append(all, e)
		}
	}
	return errors.Join(all...)
}

// bound is what is said to have bounded the run, if set-ups were not what the first process has
// waited for.
func (w *worldRun) bound(text string) string {
	if w == nil || !strings.HasPrefix(text, progress.BoundedByBuilding) {
		return text
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var took time.Duration
	for _, o := range w.outcomes {
		if !o.TearDown && o.Worker == world.Everyone {
			took += o.End.Sub(o.Start)
		}
	}
	if took < worthTelling {
		return text
	}
	return fmt.Sprintf("%s; the set-ups of the run took %v meanwhile", text, took.Round(100*time.Millisecond))
}

// setups returns what came of all commands, for reports.
func (w *worldRun) setups(interrupted bool) []report.Setup {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []report.Setup
	for _, o := range w.outcomes {
		s := setupOf(o)
		s.Warning = s.Problem != "" && (interrupted || o.TearDown && !w.opts.strictTearDown)
		all = append(all, s)
	}
	return all
}

func setupOf(o world.Outcome) report.Setup {
	s := report.Setup{
		Name: o.Name, Worker: o.Worker, Machine: o.Machine, For: attemptTitle(o.For), TearDown: o.TearDown,
		Command: o.Command, Output: o.Output, Start: o.Start, Elapsed: o.End.Sub(o.Start),
	}
	if o.Err != nil {
		s.Problem = o.Err.Error()
	}
	return s
}

// attemptTitle names an attempt, as "./e2e TestPay, rerun 1"; "" for nobody's.
func attemptTitle(a world.Attempt) string {
	if a.Package == "" {
		return ""
	}
	title := strings.TrimSuffix(testjson.RelativePackagePath(a.Package)+" "+a.Unit, " ")
	if a.Number > 0 {
		title += fmt.Sprintf(", rerun %d", a.Number)
	}
	return title
}

// guard tears the world down in a program that dies of a mistake of its own, and goes on with the
// panic. It is to be deferred.
func (w *worldRun) guard() {
	if w == nil {
		return
	}
	if p := recover(); p != nil {
		w.src.abort()
		panic(p)
	}
}

// tellStays says what of the world stays, and how to end it.
func (w *worldRun) tellStays() {
	if w == nil || len(w.stays) == 0 {
		return
	}
	why := "the tear-downs were left out"
	if w.kept {
		why = "the environment is kept (--keep-env=" + w.opts.keep.String() + ")"
	}
	w.log.infof("%s; to end it, in this order:", why)
	for _, left := range w.stays {
		w.log.infof("%s", strings.Join(stayLines(left), "\n"))
	}
}
