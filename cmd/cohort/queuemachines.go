package main

import (
	"strings"

	"github.com/gotestcohort/cohort/scheduler"
)

// machineSource is a source that may run tests on several machines.
type machineSource interface {
	machineOf(pkg, test string) string // on which a test failed first; "": not known, or this one
}

func (s *scheduledSource) machineOf(pkg, test string) string { return s.failedOn[[2]string{pkg, test}] }

// note is what is known of the failure of a unit, and on which machine it failed first if there are
// several. That is remembered for the JUnit file.
func (s *scheduledSource) note(u scheduler.UnitVerdict) string {
	if u.Machine == "" {
		return u.Note
	}
	if s.failedOn == nil {
		s.failedOn = make(map[[2]string]string)
	}
	for _, test := range u.Tests {
		s.failedOn[[2]string{u.Package, test}] = u.Machine
	}
	on := "failed on " + u.Machine
	if u.Attempts > 1 {
		on = "failed first on " + u.Machine
	}
	return strings.TrimPrefix(u.Note+"; "+on, "; ")
}
