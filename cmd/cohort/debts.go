package main

import (
	"context"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// listLimit is how long a run that was called off may take to find out what it has not reached: who
// has called it off is waiting.
const listLimit = 3 * time.Second

// remember gives the history, and a record, what has to run again, and what has not, after everything has run.
func (s *scheduledSource) remember(exec *testjson.Execution) {
	if s.run == nil || s.memory.path == "" && s.opts.record.file == "" {
		return
	}
	known := make(map[string]bool)
	for _, p := range s.run.Shown() {
		known[p.Path] = true
		s.config.Recorder.Declared(p.Path, p.Tests)
		s.config.Recorder.Owe(p.Path, p.Debt)
	}
	failed, kept := false, false
	if exec != nil {
		for _, name := range exec.Packages() {
			switch exec.Package(name).Result() {
			case testjson.ActionFail:
				failed = true
				if !known[name] { // it did not build, say
					s.config.Recorder.Owe(name, history.Debt{Failed: true})
				}
			case testjson.ActionPass:
				kept = kept || !known[name] && !s.memory.past.Knows(name, "")
			case "":
				continue // it did not end
			}
			known[name] = true
		}
	}
	if unreached := s.run.Stopped() || failed && s.config.GoTest.FailFast; unreached || kept {
		s.rememberOthers(known, unreached)
	}
}

// rememberOthers adds the packages that no process has run: those that the go command has not come to,
// if there may be any, and the tests of those that passed by a result that it had kept before the
// history began. Best effort: the history only helps.
func (s *scheduledSource) rememberOthers(known map[string]bool, unreached bool) {
	ctx, cancel := context.WithTimeout(context.Background(), listLimit)
	defer cancel()
	packages, err := s.cmd.listTests(ctx, s)
	if err != nil {
		s.cmd.log.debugf("the packages that did not run are not known: %v", err)
		return
	}
	for _, p := range packages {
		switch {
		case p.tests == nil:
		case known[p.path]:
			s.config.Recorder.Declared(p.path, testNames(p.tests))
		case unreached && len(p.tests.Tests) > 0:
			s.config.Recorder.Owe(p.path, history.Debt{Failed: true})
		}
	}
}

// testNames returns the names of a package's tests.
func testNames(p *grouping.Package) []string {
	var names []string
	for _, t := range p.Tests {
		names = append(names, t.Name)
	}
	return names
}
