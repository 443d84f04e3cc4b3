package usage

import (
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// Error is a command line that was not understood.
type Error struct {
	Problems []string // what is wrong, one line each
	Type     []string // the command line that was probably meant; nil: nobody knows
	Help     string   // the command that says more
}

// Err returns the problems of r as one error, nil without any. More problems may be
// added to it: more.
func (r *Result) Err(c *Command, more ...string) error {
	all := append(slices.Clip(r.Problems), more...)
	if len(all) == 0 {
		return nil
	}
	e := &Error{Problems: all, Help: c.Help}
	if len(more) == 0 {
		e.Type = r.Type
	}
	return e
}

// Error returns all lines but for "ERROR", which is put before each problem.
func (e *Error) Error() string {
	return strings.Join(append(slices.Clone(e.Problems), e.Hints()...), "\n")
}

// Hints are the lines that say what to do.
func (e *Error) Hints() []string {
	var lines []string
	if len(e.Type) > 0 {
		lines = append(lines, "type:  "+gotest.ShellQuote(e.Type))
	}
	return append(lines, "help:  "+e.Help)
}

// Idle returns a warning for each flag without which others that were given have no
// effect. on reports whether the flag of a name is in force.
func Idle(c *Command, given []string, on func(name string) bool) []string {
	var order []string
	idle := map[string][]string{}
	for _, name := range given {
		f := c.flag(name)
		if f == nil || f.Needs == "" || on(f.Needs) || slices.Contains(idle[f.Needs], "--"+name) {
			continue
		}
		if idle[f.Needs] == nil {
			order = append(order, f.Needs)
		}
		idle[f.Needs] = append(idle[f.Needs], "--"+name)
	}
	var warnings []string
	for _, needed := range order {
		warnings = append(warnings, List(idle[needed])+Verb(len(idle[needed]), " has", " have")+" no effect without --"+needed)
	}
	return warnings
}

// List joins words as in a sentence.
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Verb returns one if n is 1 and many if it is not.
func Verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
