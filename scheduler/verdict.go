package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/rerun"
)

// Verdict is what a run has come to beyond its events.
type Verdict struct {
	// Units are those that did not pass at once, in the order in which their
	// packages ended. A package that only the end of the run made fail is none of them.
	Units []UnitVerdict
	// Warnings are what the user should know of the sources.
	Warnings []grouping.Warning
	// Lists are the tests of the packages that were run, by import path: not of those whose result
	// the go command had kept, or that do not build.
	Lists map[string]*grouping.Package
	// Interrupted are tests of the first pass that the end of the run kept from ending, or from
	// starting. They have neither passed nor failed.
	Interrupted []Interrupted
	// Err is wrong directives that were found only when packages were run.
	Err error
}

// UnitVerdict is a unit that failed at least once.
type UnitVerdict struct {
	// Package is the import path, Name the group or test, "" for the package
	// that failed outside its tests.
	Package, Name string
	// Tests are the names of its tests, nil for the package.
	Tests []string
	// Attempts counts its runs, the first one too.
	Attempts int
	// Passed reports whether the last attempt was good: the unit is flaky.
	Passed bool
	// Command is the plain go test command that runs the same tests in the
	// same process and order as the one that failed.
	Command string
	// Machine is the name of the machine on which that process ran, if that need not be this one; else "".
	Machine string
	// Limit is how long a test of it may run, if it failed because one ran longer; else 0.
	Limit time.Duration
	// Note is why the package failed, or what reruns have shown of a test, "" for nothing.
	Note string
	// Known are its tests in quarantine that failed, or that were to run after one that did. Excused
	// reports that nothing else is wrong with it; if it is not, Unexcused says why, "" for one that
	// has no test in quarantine.
	Known     []string
	Excused   bool
	Unexcused string
	// Explained is what Run.Explain has found out, nil if it was not asked.
	Explained *Explained
}

// verdict returns what the run has come to so far.
func (c *core) verdict() Verdict {
	v := Verdict{Warnings: c.warnings, Err: c.directive, Interrupted: c.interrupted, Lists: make(map[string]*grouping.Package)}
	for _, s := range c.settled {
		if s.list != nil {
			v.Lists[s.path] = s.list
		}
	}
	for _, s := range c.failures() {
		if failures := s.account.Failures(); len(failures) > 0 && !slices.Equal(failures, []string{calledOff}) {
			u := UnitVerdict{Package: s.path, Attempts: 1, Note: strings.Join(failures, "; ")}
			if j := c.failed[s.account.FailedIn()]; j != nil {
				u.Command, u.Machine = j.reproduce(c.cfg), j.machine
			}
			v.Units = append(v.Units, c.reran(u, s, nil))
		}
		for _, unit := range s.account.Units() {
			if len(unit.Failed) == 0 {
				continue
			}
			j := c.failed[unit.Process]
			u := UnitVerdict{Package: s.path, Name: unit.Def.Name(), Tests: unit.Def.Names(), Attempts: 1, Command: j.reproduce(c.cfg), Machine: j.machine}
			if slices.Contains(unit.Failed, j.overdue) {
				u.Limit = s.binary.Limit(j.overdue)
			}
			v.Units = append(v.Units, c.reran(u, s, unit))
		}
	}
	return v
}

// reran adds what came of a unit's reruns, and what is known of its failure; unit is nil for the
// package.
func (c *core) reran(u UnitVerdict, s *suite, unit *ledger.Unit) UnitVerdict {
	stays := ""
	if c.reruns != nil {
		if n, ok := c.reruns.of(s, unit); ok {
			u.Attempts, u.Passed = 1+c.reruns.attempts(n), c.reruns.queue.Passed(n)
			if note := c.reruns.note(n); note != "" {
				u.Note = note
			}
			stays = c.reruns.stays(n)
		}
	}
	if unit != nil {
		c.excuse(&u, s, unit)
	}
	if c.explanation != nil && unit != nil {
		u.Explained = c.explanation.of(unit)
	}
	switch x := u.Explained; {
	case x == nil:
	case x.Source == rerun.Passes && x.Alone == rerun.Fails:
		u.Note = "fails alone, but passes in source order in one process"
	case x.Source == rerun.Unknown && x.Late > 0 && u.Note == "":
		u.Note = fmt.Sprintf("not known whether go test would fail too: its process in source order was ended after %v", x.Late.Round(time.Second))
	}
	if stays != "" && u.Note != "" {
		u.Note += "; "
	}
	u.Note += stays
	return u
}

// excuse says whether the failure of a unit is excused.
func (c *core) excuse(v *UnitVerdict, s *suite, unit *ledger.Unit) {
	quarantined := c.cfg.quarantined(s.path)
	for _, name := range unit.Failed {
		if quarantined(name) && !slices.Contains(v.Known, name) {
			v.Known = append(v.Known, name)
		}
	}
	if len(v.Known) == 0 || v.Passed {
		return
	}
	others := slices.DeleteFunc(slices.Clone(unit.Failed), quarantined)
	switch {
	case c.stopped:
		v.Unexcused = calledOff
	case len(others) > 0:
		v.Unexcused = others[0] + " failed too"
	case len(s.account.Failures()) > 0:
		v.Unexcused = "its package failed outside its tests"
	case s.binary.Args.FailFast:
		v.Unexcused = "-failfast leaves out what comes after it"
	case len(s.account.Refusals()) > 0:
		v.Unexcused = "other tests of its package did not run"
	case slices.ContainsFunc(unit.Failed, func(name string) bool { return s.shown.lost[name] }):
		v.Unexcused = "it did not run"
	case s.shown.unsound:
		v.Unexcused = "the process died or had a data race, and other tests that had run in it may be to blame"
	case c.reruns != nil && c.reruns.inexcusable(s, unit):
		v.Unexcused = "a rerun failed for another reason"
	default:
		v.Excused = true
	}
}

// checkRerun is CheckRerun in the owner's goroutine.
func (c *core) checkRerun(failed []string) error {
	known := c.failures()
	for _, path := range failed {
		i := slices.IndexFunc(known, func(s *suite) bool { return s.path == path })
		switch {
		case i < 0:
			return fmt.Errorf("rerun aborted because package %s failed before its tests were run", path)
		case known[i].file.rerun == "":
			return fmt.Errorf("rerun aborted because package %s was not run to its end", path)
		}
	}
	return nil
}
