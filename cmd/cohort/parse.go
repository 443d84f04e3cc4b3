package main

import (
	"path/filepath"
	"slices"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// commandLine is the outcome of parsing: nil options if only help was asked for.
type commandLine struct {
	table    *flagTable
	opts     *options
	settings layer // in force, with where they come from
	warnings []string
}

// rootCommand is what the command line of cohort itself is judged by.
func rootCommand(t *flagTable) usage.Command {
	return usage.Command{
		Name: "cohort", Flags: t.flags, Tools: tools(), Words: []string{"help", "tool"}, Help: "cohort help flags",
	}
}

// scan reads args by the tables of flags.
func (c *command) scan(cmd usage.Command, args []string) usage.Result {
	return usage.Scan(usage.Input{
		Command: cmd, Args: args, GoTest: gotest.Flags(), Binary: gotest.TestFlags(), Package: c.modulePath,
	})
}

// modulePath reports whether word is the path of the module here, so that it names a
// package although it looks like a command.
func (c *command) modulePath(word string) bool {
	if gotest.GoEnv(c.env.list, "GO111MODULE") == "off" {
		return true
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	module, err := history.FindModule(dir)
	return err == nil && module == word
}

// parse reads the command line and everything else that sets options. All problems are
// reported together.
func (c *command) parse(args []string) (*commandLine, error) {
	table, opts := newFlags(c.env)
	cmd := rootCommand(table)
	scanned := c.scan(cmd, args)
	if scanned.Help && len(scanned.Problems) == 0 {
		return &commandLine{table: table}, nil
	}
	given := flagLayer(scanned.Settings, "")
	settings, problems := c.settings(table, given, scanned.Rest)
	if len(problems) > 0 && len(scanned.Problems) == 0 {
		cmd.Help = configHelp
	}
	problems = append(problems, table.apply(settings)...)
	opts.args = scanned.Rest
	if understood := len(scanned.Problems) == 0 || scanned.Type != nil; understood && !opts.version {
		problems = append(problems, opts.problems()...)
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return nil, err
	}
	line := &commandLine{table: table, opts: opts, settings: settings, warnings: scanned.Warnings}
	line.warnings = append(line.warnings, idleFlags(&cmd, given, settings, opts)...)
	return line, nil
}

// settings returns what is in force, and what is wrong with its sources. The version is
// printed whatever is wrong with them.
func (c *command) settings(t *flagTable, given layer, rest []string) (layer, []string) {
	if _, ok := given.find("version"); ok {
		return resolve(t.flags, given), nil
	}
	layers, problems := c.layers(t, given, rest)
	return resolve(t.flags, layers...), problems
}

// idleFlags warns of flags that were given and change nothing.
func idleFlags(cmd *usage.Command, given, settings layer, opts *options) []string {
	var names []string
	for _, s := range given {
		names = append(names, s.name)
	}
	warnings := usage.Idle(cmd, names, func(name string) bool {
		_, ok := settings.find(name)
		return ok
	})
	if !opts.rawCommand {
		return warnings
	}
	var idle []string
	for _, f := range cmd.Flags {
		if f.Section == sectionSpread && slices.Contains(names, f.Name) || f.Name == "group" && slices.Contains(names, f.Name) {
			idle = append(idle, "--"+f.Name)
		}
	}
	if len(idle) > 0 {
		warnings = append(warnings, usage.List(idle)+usage.Verb(len(idle), " has", " have")+" no effect with --raw-command")
	}
	return warnings
}
