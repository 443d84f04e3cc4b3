package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"
	"gotest.tools/gotestsum/cmd/tool/matrix"
	"gotest.tools/gotestsum/cmd/tool/slowest"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// tools are the commands under "cohort tool".
func tools() []usage.Tool {
	return []usage.Tool{
		{Name: "slowest", Help: "find or skip the slowest tests"},
		{Name: "ci-matrix", Help: "place packages into buckets of equal run time"},
		{Name: "flaky", Help: "run tests many times, find the flaky ones and explain them"},
		{Name: "adopt", Help: "find the rules that keep a suite passing, and write them"},
		{Name: "list", Help: "print which tests would run, and what is known of them"},
		{Name: "plan", Help: "print how tests would be divided among several machines"},
		{Name: "merge", Help: "merge the records of several machines into one run, with all its reports"},
		{Name: "archive", Help: "pack tests into a file, for machines without Go or source"},
		{Name: "history", Help: "print the least reliable and the slowest tests of past runs"},
		{Name: "cache", Help: "inspect or clean the link cache"},
		{Name: "config", Help: "print the settings and where they come from, or the JSON Schema of the file"},
		{Name: "replay", Help: "print a recorded run again, in its format or another one"},
		{Name: "report", Help: "make reports of recorded runs"},
		{Name: "completion", Help: "print what makes a shell complete cohort: bash, zsh, fish"},
	}
}

// toolUsage lists the tools.
func toolUsage() string {
	var b strings.Builder
	b.WriteString("Usage: cohort tool COMMAND [flags]\n\nCommands:\n")
	var rows [][2]string
	for _, t := range tools() {
		rows = append(rows, [2]string{"cohort tool " + t.Name, t.Help})
	}
	b.WriteString(usage.Columns(rows, 100))
	b.WriteString("\nUse 'cohort tool COMMAND --help' for command specific help.\n\n")
	return b.String()
}

// unknownTool is the answer to a tool that does not exist.
func unknownTool(name string, rest []string) error {
	e := &usage.Error{Problems: []string{"there is no cohort tool " + name}, Help: "cohort tool"}
	if near := usage.NearestTool(name, tools()); near != "" {
		e.Problems[0] += ": did you mean " + near + "?"
		e.Type = append([]string{"cohort", "tool", near}, rest...)
	}
	return e
}

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
		_, err := io.WriteString(c.stdout, toolUsage())
		return err
	case "slowest":
		return slowest.Run(name, rest)
	case "ci-matrix":
		return matrix.Run(name, rest)
	case "history":
		if err := c.checkTool(historyCommand(), rest); err != nil {
			return err
		}
		return codeError(runHistory(context.Background(), rest, c.stdout, c.stderr,
			historyEnv{Location: c.historyLocation("", ""), Now: time.Now(), Width: c.width(), Environ: c.env.list}))
	case "cache":
		if err := checkCacheArgs(rest); err != nil {
			return err
		}
		return codeError(c.cache(rest))
	case "flaky":
		return c.flaky(rest)
	case "adopt":
		return c.adopt(rest)
	case "config":
		return c.configTool(rest)
	case "replay":
		return c.replay(rest)
	case "report":
		return c.report(rest)
	case "merge":
		return c.merge(rest)
	case "completion":
		return c.completion(rest)
	case "list":
		return c.list(rest)
	case "archive":
		return c.archiveTool(rest)
	case "plan":
		return c.plan(rest)
	default:
		return unknownTool(next, rest)
	}
}

// historyCommand is what the command line of cohort tool history is judged by.
func historyCommand() usage.Command {
	cmd := usage.Command{Name: "cohort tool history", Help: "cohort tool history --help", Plain: true}
	historyFlags(new(historyOptions)).VisitAll(func(f *pflag.Flag) {
		own := usage.Flag{Name: f.Name, Short: f.Shorthand, Help: f.Usage, Own: true}
		switch f.Value.Type() {
		case "bool":
			own.Kind = usage.Switch
		case "int":
			own.Kind = usage.Number
		}
		cmd.Flags = append(cmd.Flags, own)
	})
	return cmd
}

// checkTool reports what is wrong with the flags of a tool that reads them itself.
func (c *command) checkTool(cmd usage.Command, args []string) error {
	scanned := c.scan(cmd, args)
	return scanned.Err(&cmd)
}

// checkCacheArgs reports what is wrong with the arguments of cohort tool cache.
func checkCacheArgs(args []string) error {
	verbs := []string{"info", "clean", "help", "--help", "-h"}
	if len(args) == 1 && slices.Contains(verbs, args[0]) {
		return nil
	}
	e := &usage.Error{
		Problems: []string{"cohort tool cache does one of two things: info, clean"},
		Type:     []string{"cohort", "tool", "cache", "info"}, Help: "cohort tool cache --help",
	}
	if len(args) > 0 {
		if near := usage.Nearest(strings.TrimLeft(args[0], "-"), verbs[:2]); near != "" {
			e.Type[3] = near
		}
	}
	return e
}

// width is that of the terminal that stdout is, in columns, 0 if it is none.
func (c *command) width() int {
	file, ok := c.stdout.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// codeError is the status of a tool that has printed what went wrong itself.
func codeError(code int) error {
	if code == 0 {
		return nil
	}
	return exitStatus{code}
}
