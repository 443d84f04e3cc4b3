package main

import (
	"os"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/linkcache"
)

// reenter runs one of the commands that cohort starts itself with, and reports
// whether args named one. Nothing is set up before it: the go command starts
// exec-test once per package and exec-tool once per compiled package.
func reenter(args []string) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case gotest.ExecTestCommand:
		return gotest.ExecTest(args[1:], os.Environ(), os.Stdout, os.Stderr, linkcache.Install), true
	case "exec-tool":
		return linkcache.Main(args[1:], os.Environ(), os.Stdout, os.Stderr), true
	default:
		return 0, false
	}
}
