package main

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}, {"help", "help"}} {
		code, stdout, stderr := runCommand(nil, args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "cohort-queue serve") {
			t.Errorf("%v: %d, %s, %s", args, code, stdout, stderr)
		}
	}
	for _, sub := range subcommands() {
		_, help, _ := runCommand(nil, "help", sub.name)
		code, same, stderr := runCommand(nil, sub.name, "--help")
		if code != 0 || help != same || stderr != "" || !strings.Contains(help, "cohort-queue "+sub.name) {
			t.Errorf("%s: %d, %q, %q, %q", sub.name, code, help, same, stderr)
		}
		table, _ := sub.table()
		for _, f := range table.command.Flags {
			if !f.Hidden && !strings.Contains(help, "--"+f.Name) {
				t.Errorf("help %s does not name --%s", sub.name, f.Name)
			}
		}
		for i, line := range strings.Split(help, "\n") {
			if len(line) > helpWidth {
				t.Errorf("help %s, line %d has %d columns: %s", sub.name, i+1, len(line), line)
			}
			if strings.Contains(line, "{{") {
				t.Errorf("help %s, line %d: %s", sub.name, i+1, line)
			}
		}
	}
}

func TestCommandUsage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ args, want string }{
		{"sevre", "there is no cohort-queue sevre: did you mean serve?"},
		{"sevre --store x", "type:  cohort-queue serve --store x"},
		{"nothing", "there is no cohort-queue nothing"},
		{"help nothing", "there is no cohort-queue nothing"},
	} {
		code, stdout, stderr := runCommand(nil, strings.Fields(row.args)...)
		if code != exitError || stdout != "" || !strings.Contains(stderr, row.want) || !strings.Contains(stderr, "help:  cohort-queue help") {
			t.Errorf("%s: exit code %d, %q, %q", row.args, code, stdout, stderr)
		}
	}
	if code, stdout, _ := runCommand(nil, "--version"); code != 0 || !strings.HasPrefix(stdout, "cohort-queue version ") {
		t.Errorf("--version: %d, %s", code, stdout)
	}
}
