// Package reenter makes a program that imports it take over the commands that cohort starts itself
// with, before the rest of the program is initialised.
//
// The go command starts exec-test once per package and exec-tool once per tool, so what counts is
// how soon they begin. Before main is called, Go initialises all packages of a program, for cohort
// some 150 (1.2 ms of CPU time, as much as an empty Go program takes in all). It initialises them
// in the order of their imports, and a package as soon as those that it imports are ready. This
// package imports little, so that its turn comes before most others, and it ends the program then.
// A program of its own beside cohort would start no faster, but could be missing, or of another
// version.
package reenter

import (
	"os"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
	"github.com/gotestcohort/cohort/scheduler/linkcache"
)

func init() {
	if code, ok := run(os.Args); ok {
		os.Exit(code)
	}
}

// run runs the re-entry command that args names, and reports whether there is one. args are as
// os.Args.
func run(args []string) (code int, ok bool) {
	if len(args) < 2 {
		return 0, false
	}
	switch args[1] {
	case reentry.ExecTestCommand:
		reentry.IgnoreStops()
		return reentry.ExecTest(args[2:], os.Environ(), os.Stdout, os.Stderr, linkcache.Install), true
	case reentry.ExecToolCommand:
		return reentry.ExecTool(args[2:], os.Environ(), os.Stdout, os.Stderr, linkcache.Link), true
	}
	return 0, false
}
