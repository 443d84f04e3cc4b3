package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"

	"github.com/gotestcohort/cohort/cmd/internal/config"
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
		Command: cmd, Args: args, GoTest: gotest.Flags(), Binary: gotest.TestFlags(), Package: c.modulePath, File: isFile,
	})
}

// isFile reports whether a word names a file that is there.
func isFile(word string) bool {
	info, err := os.Stat(word)
	return err == nil && info.Mode().IsRegular()
}

// modulePath reports whether word is the path of the module here, so that it names a
// package although it looks like a command.
func (c *command) modulePath(word string) bool {
	if gotest.GoEnv(c.env.list, "GO111MODULE") == "off" {
		return true
	}
	dir, err := filepath.Abs(cmp.Or(c.archive.folder(), "."))
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
	if file := lastOf(given, "archive"); file != "" && c.archive == nil && len(scanned.Problems) == 0 {
		if err := c.enterArchive(file); err != nil {
			return nil, err
		}
		return c.parse(args) // in another environment
	}
	from := c.settings(table, given, scanned.Rest)
	settings, problems := resolve(table.flags, from.layers...), from.problems
	if len(problems) > 0 && len(scanned.Problems) == 0 {
		cmd.Help = configHelp
	}
	problems = append(problems, table.apply(settings)...)
	opts.args, opts.file, opts.rules = scanned.Rest, from.file, from.rules
	opts.run.fileGroups = from.inFile("group")
	if len(problems)+len(scanned.Problems) == 0 {
		problems = append(problems, c.useArchive(opts, from.inFile("history"))...)
	}
	if understood := len(scanned.Problems) == 0 || scanned.Type != nil; understood && !opts.version {
		problems = append(problems, opts.problems()...)
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return nil, err
	}
	line := &commandLine{table: table, opts: opts, settings: settings, warnings: scanned.Warnings}
	line.warnings = append(line.warnings, c.idleFlags(&cmd, given, settings, opts)...)
	return line, nil
}

// settings returns the sources of what is in force. The version is printed whatever is wrong with
// them.
func (c *command) settings(t *flagTable, given layer, rest []string) sources {
	if _, ok := given.find("version"); ok {
		return sources{layers: []layer{given}, file: new(config.Config)}
	}
	return c.sources(t, given, rest)
}

// selecting are the flags outside the section about spreading that only cohort's own workers know.
func selecting() []string {
	return append([]string{"group", "whole-groups", "label", "changed-since", "last-failed", "failed-first"}, slices.Concat(rerunTermFlags(), limitFlags())...)
}

// idleFlags warns of flags that were given and change nothing.
func (c *command) idleFlags(cmd *usage.Command, given, settings layer, opts *options) []string {
	var names, spread []string
	for _, s := range given {
		names = append(names, s.name)
	}
	for _, f := range cmd.Flags {
		if slices.Contains(names, f.Name) && (f.Section == sectionSpread || slices.Contains(selecting(), f.Name)) {
			spread = append(spread, "--"+f.Name)
		}
	}
	warnings := usage.Idle(cmd, names, func(name string) bool {
		_, ok := settings.find(name)
		return ok || name == "rerun-fails" && opts.rerunsEnabled() // by rules
	})
	if len(spread) == 0 {
		return warnings
	}
	if why := c.notSpread(opts); why != "" {
		return append(warnings, usage.List(spread)+usage.Verb(len(spread), " has", " have")+" no effect with "+why)
	}
	if value, ok := lastValue(opts.args, "shuffle"); ok && slices.Contains(spread, "--shuffle") {
		warnings = append(warnings, "--shuffle has no effect with go test's -shuffle="+value)
	}
	return warnings
}

// notSpread returns the argument that makes a run one that is not spread over workers,
// "" if there is none.
func (c *command) notSpread(opts *options) string {
	if opts.rawCommand {
		return "--raw-command"
	}
	args, err := gotest.ParseArgs(testCommand(opts, rerunArgs{})[2:], c.env.list)
	if err != nil {
		return "" // the run says so
	}
	return args.PassThrough
}
