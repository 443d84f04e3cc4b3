// Command cohort runs Go tests in parallel worker processes and reports them as
// gotestsum does.
//
// This package binds flags and wires the rooms together: it decides nothing about
// how a test is run (package scheduler) or shown (package report).
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/fatih/color"

	_ "github.com/gotestcohort/cohort/cmd/internal/reenter" // exec-test and exec-tool do not get as far as main
	"github.com/gotestcohort/cohort/scheduler/archive"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// run is the whole command but for the process: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr, env: newEnviron(env)}
	c.log = &logger{out: stderr}
	err := c.route(args)
	return c.exit(errors.Join(err, c.leaveArchive()))
}

// command is what every subcommand needs of the process it runs in.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            environ
	log            *logger
	archive        *extracted // nil: the tests are those of the source
}

// route dispatches on the first argument as gotestsum does.
func (c *command) route(args []string) error {
	next, rest := "", args
	if len(args) > 0 {
		next, rest = args[0], args[1:]
	}
	switch next {
	case "help", "?":
		return c.help(rest)
	case "tool":
		return c.tool(rest)
	case archive.Command:
		return codeError(archive.Main(rest, c.env.list, c.stdout, c.stderr))
	default:
		return c.runTests(args)
	}
}

// runTests parses flags and runs the tests they ask for.
func (c *command) runTests(args []string) error {
	line, err := c.parse(args)
	if err != nil {
		return err
	}
	opts := line.opts
	if opts == nil {
		return c.help(nil)
	}
	opts.record.remember(args, line.table, c.env)
	c.log.verbose = opts.debug
	// fatih/color keeps this switch in a package variable, which testjson's formats
	// read; it is set here once, before any goroutine starts, and never again.
	color.NoColor = opts.noColor

	for _, w := range line.warnings {
		c.log.warnf("%s", w)
	}
	for _, w := range append(opts.tellingWarnings(c.env), opts.coverWarnings()...) {
		c.log.warnf("%s", w)
	}
	switch {
	case opts.version:
		return c.version()
	case opts.watch:
		return c.watch(opts)
	case opts.queue.url != "":
		return c.runQueue(opts)
	}
	return c.runOnce(opts)
}

func (c *command) version() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("read version: this binary carries no build information")
	}
	_, err := fmt.Fprintf(c.stdout, "cohort version %s\n", info.Main.Version)
	return err
}
