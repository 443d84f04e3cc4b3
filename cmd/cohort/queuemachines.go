package main

import (
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler"
)

// machineSource is a source that may run tests on several machines.
type machineSource interface {
	machineOf(pkg, test string) string // on which a test failed first; "": not known, or this one
}

// failedOn are the machines on which tests, by package and name, failed first.
type failedOn map[[2]string]string

// add notes where the tests of a unit failed first, "" for not known.
func (on failedOn) add(pkg string, tests []string, machine string) {
	if machine == "" {
		return
	}
	for _, test := range tests {
		on[[2]string{pkg, test}] = machine
	}
}

func (s *scheduledSource) machineOf(pkg, test string) string { return s.failedOn[[2]string{pkg, test}] }

func (s *recordedSource) machineOf(pkg, test string) string { return s.failedOn[[2]string{pkg, test}] }

// machinesOf are the machines that a record tells of.
func machinesOf(v record.Verdict) failedOn {
	on := make(failedOn)
	for _, u := range slices.Concat(v.Flaky, v.Failed) {
		on.add(u.Package, u.Tests, u.Machine)
	}
	for _, u := range v.Excused {
		on.add(u.Package, u.Tests, u.Machine)
	}
	return on
}

// note is what is known of the failure of a unit, and on which machine it failed first if there are
// several. That is remembered for the JUnit file.
func (s *scheduledSource) note(u scheduler.UnitVerdict) string {
	if u.Machine == "" {
		return u.Note
	}
	if s.failedOn == nil {
		s.failedOn = make(failedOn)
	}
	s.failedOn.add(u.Package, u.Tests, u.Machine)
	on := "failed on " + u.Machine
	if u.Attempts > 1 {
		on = "failed first on " + u.Machine
	}
	return strings.TrimPrefix(u.Note+"; "+on, "; ")
}
