package scheduler

import (
	"strings"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// Verdict is what a run has come to beyond its events.
type Verdict struct {
	// Units are those that did not pass at once, in the order in which their
	// packages ended.
	Units []UnitVerdict
	// Warnings are what the user should know of the sources.
	Warnings []grouping.Warning
	// Err is wrong directives that were found only when packages were run.
	Err error
}

// UnitVerdict is a unit that failed at least once.
type UnitVerdict struct {
	// Package is the import path, Name the group or test, "" for the package
	// that failed outside its tests.
	Package, Name string
	// Attempts counts its runs, the first one too.
	Attempts int
	// Passed reports whether the last attempt was good: the unit is flaky.
	Passed bool
	// Command is the plain go test command that runs the same tests in the
	// same process and order as the one that failed.
	Command string
	// Note is why the package failed, "" for a failed test.
	Note string
}

// Verdict returns what the run has come to so far.
func (r *Run) Verdict() Verdict {
	var v Verdict
	r.do(func() { v = r.verdict() })
	return v
}

func (r *Run) verdict() Verdict {
	v := Verdict{Warnings: r.warnings, Err: r.directive}
	for _, p := range r.failed {
		if len(p.failures) > 0 {
			u := UnitVerdict{Package: p.path, Attempts: 1, Note: strings.Join(p.failures, "; ")}
			if p.first != nil {
				u.Command = r.reproduce(p.first)
			}
			v.Units = append(v.Units, r.reran(u, p, nil))
		}
		for _, unit := range p.units {
			if len(unit.failed) == 0 {
				continue
			}
			u := UnitVerdict{Package: p.path, Name: unit.def.Name(), Attempts: 1, Command: r.reproduce(unit.first)}
			v.Units = append(v.Units, r.reran(u, p, unit))
		}
	}
	return v
}

// reran adds what came of a unit's reruns. A unit of a package that was rerun
// whole has passed with it.
func (r *Run) reran(u UnitVerdict, p *pkg, unit *unit) UnitVerdict {
	if r.reruns == nil {
		return u
	}
	for _, a := range r.reruns.all {
		if a.pkg == p && (a.unit == unit || a.unit == nil) {
			u.Attempts, u.Passed = 1+a.attempts, a.passed
			if note := a.orderNote(); note != "" {
				u.Note = note
			}
		}
	}
	return u
}

// reproduce returns the command for the tests of a process, for a shell.
func (r *Run) reproduce(b *batch) string {
	run := b.pkg.args.Run
	if !b.all {
		var names []string
		for _, t := range b.planned {
			names = append(names, t.name)
		}
		pattern, err := grouping.RunPattern(run, names)
		if err != nil {
			return "" // a pattern that does not compile has run nothing
		}
		run = pattern
	}
	return gotest.ShellQuote(r.cfg.GoTest.Plain(b.pkg.path, run, b.shuffle, b.stopsEarly(r.cfg)))
}
