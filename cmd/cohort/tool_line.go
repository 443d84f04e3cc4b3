package main

import (
	"io"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
)

// toolLine is the command line of a tool whose arguments are go test's.
type toolLine struct {
	given layer // the flags on the command line
	flags layer // in force, with where they come from
	rest  []string
	file  *config.Config  // what the configuration file says beyond flags
	rules *grouping.Rules // its entries of tests, without what flags decide; nil without any
}

// parseTool reads the command line of cohort tool NAME and sets what t binds. What the
// configuration says of the flags that the tool shares with cohort holds for it too. check
// returns what else is wrong, one line each. If help was asked for, it is printed after
// head, and the line is nil.
func (c *command) parseTool(name, head string, t *flagTable, args []string, check func(*toolLine) []string) (*toolLine, error) {
	cmd := usage.Command{Name: "cohort tool " + name, Flags: t.flags, Help: "cohort tool " + name + " --help"}
	scanned := c.scan(cmd, args)
	if scanned.Help && len(scanned.Problems) == 0 {
		_, err := io.WriteString(c.stdout, head+usage.Describe(t.flags, helpWidth))
		return nil, err
	}
	line := &toolLine{given: flagLayer(scanned.Settings, ""), rest: scanned.Rest}
	root, _ := newFlags(c.env)
	from := c.sources(root, line.given, scanned.Rest)
	line.file, line.rules = from.file, from.rules
	line.flags = resolve(t.flags, from.layers...)
	problems := append(from.problems, t.apply(line.flags)...)
	if len(scanned.Problems) == 0 {
		problems = append(problems, check(line)...)
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return nil, err
	}
	for _, w := range scanned.Warnings {
		c.log.warnf("%s", w)
	}
	return line, nil
}

// has reports whether a flag was given.
func (l *toolLine) has(name string) bool {
	_, ok := l.given.find(name)
	return ok
}
