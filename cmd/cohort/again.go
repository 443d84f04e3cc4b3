package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// again is the short go test command that runs a unit alone, with the user's own flags; for a run
// with set-ups it is a cohort command. A
// group has none: its members need each other, and the command of its process is the one.
func (s *scheduledSource) again(u scheduler.UnitVerdict, exec *testjson.Execution) string {
	run := s.config.GoTest.Run
	if u.Name != "" {
		if !rootFailed(exec, u.Package, u.Name) {
			return "" // it is not the name of a test
		}
		run = "^" + regexp.QuoteMeta(u.Name) + "$"
	}
	pkg := u.Package
	if (s.config.Dir == "" || s.cmd.archive != nil) && s.config.GoTest.Dir == "" {
		pkg = packageArg(cmp.Or(s.config.Dir, "."), pkg)
	}
	args := *s.config.GoTest
	if u.Limit > 0 && u.Name != "" {
		args.Timeout = u.Limit // else go test would wait for what --test-timeout has ended
	}
	words := args.Again(pkg, gotest.Patterns{Run: run, Skip: s.config.GoTest.Skip}, "", false)
	if s.config.World != nil {
		words = slices.Concat([]string{"cohort", "--"}, words[2:]) // go test would run it without set-ups
	}
	return gotest.ShellQuote(words)
}

// rootFailed reports whether a test of that name, or a subtest of it, has failed.
func rootFailed(exec *testjson.Execution, pkg, name string) bool {
	p := exec.Package(pkg)
	return p != nil && slices.ContainsFunc(p.Failed, func(tc testjson.TestCase) bool {
		root, _ := tc.Test.Split()
		return root == name
	})
}

// packageArg returns pkg as it is typed in dir, the current directory, if it is found there.
func packageArg(dir, pkg string) string {
	rel := testjson.RelativePackagePath(pkg)
	if rel == pkg {
		return pkg
	}
	files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(rel), "*_test.go"))
	if err != nil || len(files) == 0 {
		return pkg // another module's, or not below this directory
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return pkg // the path is relative to another directory than this one
	}
	if rel == "." {
		return rel
	}
	return "./" + strings.TrimPrefix(rel, "./")
}
