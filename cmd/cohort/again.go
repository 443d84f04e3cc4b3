package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// again is the short go test command that runs a unit alone, with the user's own flags. A
// group has none: its members need each other, and the command of its process is the one.
func (s *scheduledSource) again(u scheduler.UnitVerdict, exec *testjson.Execution) string {
	run := ""
	if u.Name != "" {
		if !rootFailed(exec, u.Package, u.Name) {
			return "" // it is not the name of a test
		}
		run = "^" + regexp.QuoteMeta(u.Name) + "$"
	}
	pkg := u.Package
	if s.config.Dir == "" && s.config.GoTest.Dir == "" {
		pkg = packageArg(".", pkg)
	}
	words := s.config.GoTest.Plain(pkg, gotest.Patterns{Run: run, Skip: s.config.GoTest.Skip}, "", false)
	return gotest.ShellQuote(withCount(words, s.config.GoTest))
}

// rootFailed reports whether a test of that name, or a subtest of it, has failed.
func rootFailed(exec *testjson.Execution, pkg, name string) bool {
	p := exec.Package(pkg)
	return p != nil && slices.ContainsFunc(p.Failed, func(tc testjson.TestCase) bool {
		root, _ := tc.Test.Split()
		return root == name
	})
}

// withCount adds -count=1 to a go test command, unless the user has set a count: what is run
// again is to run, not to be remembered.
func withCount(words []string, args *gotest.Args) []string {
	if args.Count != 0 {
		return words
	}
	at := 2 // behind go test
	if args.Dir != "" {
		at++ // the go command wants -C first
	}
	return slices.Insert(words, at, "-count=1")
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
