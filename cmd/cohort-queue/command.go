package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// helpFiles are the pages of help, one for each subcommand. A line {{flags}} in one stands for the
// flags of the subcommand.
//
//go:embed help/*.md
var helpFiles embed.FS

// helpWidth is how wide flags are printed: the pages are written for it.
const helpWidth = 80

// subcommand is one thing that cohort-queue does.
type subcommand struct {
	name string
	help string // one line
	// table makes the flags, which are bound to a new value of what run reads.
	table func() (*flagTable, runner)
}

// runner is what a subcommand does once its flags are set.
type runner interface {
	// problems says what is wrong with the flags together, one line each.
	problems() []string
	// run does it. Its error may be an exitStatus.
	run(ctx context.Context, c *command) error
}

// subcommands lists them, in the order of help.
func subcommands() []subcommand {
	return []subcommand{
		{"serve", "serve a queue from this machine", newServe},
		{"status", "show how a run stands", newStatus},
		{"report", "wait for the end of a run and exit with its verdict", newReport},
		{"clean", "remove what runs of other days have left on a server", newClean},
		{"permissions", "print what an account of a NATS server has to be allowed", newPermissions},
		{"bridge", "let the cohort that starts it talk to a queue", newBridge},
	}
}

// route dispatches on the first argument.
func (c *command) route(ctx context.Context, args []string) error {
	name, rest := "help", []string(nil)
	if len(args) > 0 {
		name, rest = args[0], args[1:]
	}
	switch name {
	case "help", "--help", "-h", "?":
		return c.help(rest)
	case "--version", "version":
		return c.version()
	}
	sub, err := find(name, rest)
	if err != nil {
		return err
	}
	table, r := sub.table()
	help, err := table.parse(rest, c.env, r.problems)
	switch {
	case err != nil:
		if b, ok := r.(*bridge); ok {
			return b.refuse(c, err)
		}
		return err
	case help:
		return c.help([]string{name})
	}
	return r.run(ctx, c)
}

// find returns the subcommand of that name, or an error that says which one was probably meant.
func find(name string, rest []string) (subcommand, error) {
	all := subcommands()
	if i := slices.IndexFunc(all, func(s subcommand) bool { return s.name == name }); i >= 0 {
		return all[i], nil
	}
	names := []string{"help"}
	for _, s := range all {
		names = append(names, s.name)
	}
	e := &usage.Error{Problems: []string{"there is no cohort-queue " + name}, Help: "cohort-queue help"}
	if near := usage.Nearest(name, names); near != "" {
		e.Problems[0] += ": did you mean " + near + "?"
		e.Type = append([]string{"cohort-queue", near}, rest...)
	}
	return subcommand{}, e
}

// help prints the overview or the page of a subcommand.
func (c *command) help(args []string) error {
	name := "overview"
	if len(args) > 0 && !slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		name = args[0]
	}
	text, err := page(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.stdout, text)
	return err
}

// page makes a page of help from its file and the tables.
func page(name string) (string, error) {
	made := ""
	if name == "overview" {
		var rows [][2]string
		for _, s := range subcommands() {
			rows = append(rows, [2]string{"cohort-queue " + s.name, s.help})
		}
		made = usage.Columns(rows, helpWidth)
	} else {
		sub, err := find(name, nil)
		if err != nil {
			return "", err
		}
		table, _ := sub.table()
		made = usage.Describe(table.command.Flags, helpWidth)
	}
	data, err := helpFiles.ReadFile("help/" + name + ".md")
	if err != nil {
		return "", fmt.Errorf("read the page %s of help: %w", name, err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		if line == "{{flags}}\n" {
			line = made
		}
		b.WriteString(strings.TrimPrefix(line, "# "))
	}
	return b.String(), nil
}

// version prints the version of the module that the program was built from.
func (c *command) version() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("read version: this binary carries no build information")
	}
	_, err := fmt.Fprintf(c.stdout, "cohort-queue version %s\n", info.Main.Version)
	return err
}
