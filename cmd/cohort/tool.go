package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"gotest.tools/gotestsum/cmd/tool/matrix"
	"gotest.tools/gotestsum/cmd/tool/slowest"

	"github.com/gotestcohort/cohort/scheduler/history"
)

const toolUsage = `Usage: cohort tool COMMAND [flags]

Commands:
    cohort tool slowest      find or skip the slowest tests
    cohort tool ci-matrix    use previous test runtime to place packages into optimal buckets
    cohort tool flaky        run tests many times, find the flaky ones and explain them
    cohort tool history      print the least reliable and the slowest tests of past runs
    cohort tool cache        inspect or clean the link cache

Use 'cohort tool COMMAND --help' for command specific help.

`

// tool runs a subcommand of cohort tool. gotestsum's two write to the process's own
// stdout and read its own stdin.
func (c *command) tool(args []string) error {
	next, rest := "", args
	if len(args) > 0 {
		next, rest = args[0], args[1:]
	}
	name := "cohort tool " + next
	switch next {
	case "", "help", "?":
		_, err := io.WriteString(c.stdout, toolUsage)
		return err
	case "slowest":
		return slowest.Run(name, rest)
	case "ci-matrix":
		return matrix.Run(name, rest)
	case "history":
		return codeError(history.RunTool(context.Background(), rest, c.stdout, c.stderr,
			history.ToolEnv{Location: c.historyLocation("", ""), Now: time.Now()}))
	case "cache":
		return codeError(c.cache(rest))
	case "flaky":
		return c.flaky(rest)
	default:
		if _, err := io.WriteString(c.stderr, toolUsage); err != nil {
			return err
		}
		return fmt.Errorf("invalid command: %v", name)
	}
}

// codeError is the status of a tool that has printed what went wrong itself.
func codeError(code int) error {
	if code == 0 {
		return nil
	}
	return exitStatus{code}
}
