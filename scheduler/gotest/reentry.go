package gotest

import (
	"io"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// ExecTestCommand and ToolCommand name the re-entry commands that the go command starts, in place
// of a test binary and before its tools. ExecEnv is the variable that leads them to cohort.
const (
	ExecTestCommand = reentry.ExecTestCommand
	ToolCommand     = reentry.ExecToolCommand
	ExecEnv         = reentry.ExecEnv
)

// ExecTest is the `cohort exec-test` command, [reentry.ExecTest], for programs that do not mind
// what else this package imports.
func ExecTest(args, env []string, stdout, stderr io.Writer, install func(binary string, env []string) error) int {
	return reentry.ExecTest(args, env, stdout, stderr, install)
}
