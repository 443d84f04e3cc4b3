package main

import (
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
)

// useQuarantine reads the quarantine of a run, if there is one and the user has not turned it off.
func (c *command) useQuarantine(opts *options, run *scheduler.Config, dir string) (*quarantine, error) {
	if opts.file == nil || len(opts.file.Quarantine) == 0 || opts.run.quarantine == "off" {
		return nil, nil
	}
	q, err := c.readQuarantine(opts.file, dir)
	if err != nil {
		return nil, err
	}
	run.Quarantined = q.holds
	return q, nil
}

// readQuarantine reads the quarantine of a configuration file, nil for none, for tests of dir.
func (c *command) readQuarantine(file *config.Config, dir string) (*quarantine, error) {
	if file == nil {
		return &quarantine{}, nil
	}
	q, problems := newQuarantine(file.Quarantine, c.historyLocation("", dir).Module, time.Now())
	if len(problems) > 0 {
		return nil, &usage.Error{Problems: problems, Help: configHelp}
	}
	return q, nil
}

// judge tells o what the quarantine makes of the units of v.
func (s *scheduledSource) judge(o *report.Outcome, v scheduler.Verdict, exec *testjson.Execution) {
	if s.quarantine == nil {
		return
	}
	ran := func(pkg string) bool { return exec != nil && exec.Package(pkg) != nil }
	s.quarantine.judge(o, v.Units, s.memory.past)
	o.Ready = s.quarantine.ready(ran, v.Units, s.memory.past)
}

// warnUnknown warns once of entries of the quarantine that name nothing.
func (s *scheduledSource) warnUnknown(v scheduler.Verdict, exec *testjson.Execution) {
	if s.quarantine == nil || s.quarantine.warned || s.run.Stopped() || exec == nil {
		return
	}
	s.quarantine.warned = true
	all := s.opts.run.changedSince == "" && s.config.Only == nil && wholeModule(s.config.GoTest, s.config.Dir)
	ran := func(pkg string) bool { return exec.Package(pkg) != nil }
	for _, w := range s.quarantine.unknown(v.Lists, ran, all) {
		s.cmd.log.warnf("%s", w)
	}
}

// warnIdleQuarantine warns of a quarantine that a run which is left to the go command cannot keep.
func (c *command) warnIdleQuarantine(opts *options, why string) {
	if opts.file != nil && len(opts.file.Quarantine) > 0 && opts.run.quarantine != "off" {
		c.log.warnf("%s: quarantine has no effect with %s", opts.file.Quarantine[0].At, why)
	}
}

// settled is the status of a run that ended with status, given what came of its failures: the one
// place that makes a failed first pass a good run. Units that passed in the end are good unless
// failOnFlaky; those that are excused are good if the failures of exec are explained by them.
func settled(status error, o report.Outcome, exec *testjson.Execution, failOnFlaky bool) error {
	if code, ok := status.(exitStatus); !ok || code.code != exitFailed || exec == nil || len(o.Excused) == 0 || !o.Accounts(exec) {
		return status
	}
	if failOnFlaky && flakyCounts(o) {
		return exitStatus{exitFailed}
	}
	return nil
}

// flakyCounts reports whether a flaky unit is one that --fail-on-flaky is about: not of tests in
// quarantine only.
func flakyCounts(o report.Outcome) bool {
	known := make(map[string]bool)
	for _, name := range o.InQuarantine {
		known[name] = true
	}
	for _, u := range o.Flaky {
		counts := len(u.Tests) == 0
		for _, test := range u.Tests {
			counts = counts || !known[u.Package+"."+test]
		}
		if counts {
			return true
		}
	}
	return false
}

// excuses reports whether the failures of a root test count for no limit.
func (r *testRun) excuses(pkg, test string) bool {
	q, ok := r.src.(quarantined)
	return ok && q.inQuarantine(pkg, test)
}

// quarantined is a source some of whose tests may be in quarantine.
type quarantined interface{ inQuarantine(pkg, test string) bool }

func (s *scheduledSource) inQuarantine(pkg, test string) bool {
	return s.quarantine != nil && s.quarantine.holds(pkg, test)
}

func (s *recordingSource) inQuarantine(pkg, test string) bool {
	q, ok := s.source.(quarantined)
	return ok && q.inQuarantine(pkg, test)
}

func (s *recordedSource) inQuarantine(pkg, test string) bool {
	for _, name := range s.verdict.InQuarantine {
		if name == pkg+"."+test {
			return true
		}
	}
	return false
}
