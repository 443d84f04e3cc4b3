package main

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
)

// junitDetails returns what is added to the JUnit file; nil: nothing.
func (r *testRun) junitDetails() *report.JUnitDetails {
	if !r.opts.telling.junitDetails {
		return nil
	}
	return &report.JUnitDetails{
		Sources: junitSources(r.dir, r.cmd.archive.root(cmp.Or(r.cmd.env.get("GITHUB_WORKSPACE"), r.cmd.env.get("CI_PROJECT_DIR")))),
		Times:   r.times, Detail: r.detail,
	}
}

// junitSources finds sources with paths relative to the workspace of a CI system, if the module
// around dir is in it, else to the module.
func junitSources(dir, workspace string) report.Sources {
	s := sourcesBelow(dir, workspace)
	if rel, err := filepath.Rel(s.Root, s.Dir); err != nil || !filepath.IsLocal(rel) {
		s.Root = s.Dir
	}
	return s
}

// seededSource is a source that may run tests in an order made from a seed.
type seededSource interface {
	seed() string // "": source order
}

func (s *scheduledSource) seed() string {
	if !s.config.Shuffle {
		return ""
	}
	return strconv.FormatInt(s.config.Seed, 10)
}

// detail is what is known of an attempt of a test. Only the first one of a test that is in no
// group runs in the order of the run's seed.
func (r *testRun) detail(pkg, test string, attempt int) report.Detail {
	root, _ := testjson.TestName(test).Split()
	d := report.Detail{Owner: strings.Join(r.owners.of(pkg, root), " ")}
	if s, ok := r.src.(seededSource); ok && attempt == 0 {
		d.Seed = s.seed()
	}
	if s, ok := r.src.(machineSource); ok && attempt == 0 {
		d.Machine = s.machineOf(pkg, root)
	}
	return d
}
