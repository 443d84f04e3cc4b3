package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// flagTable holds the flags of one subcommand once: what is said about each, and where its value
// goes.
type flagTable struct {
	command usage.Command
	set     *pflag.FlagSet
	given   []string // the flags that the command line or a variable sets, in their order
}

// newTable begins the flags of a subcommand; after is what follows them, as help shows it.
func newTable(name string) *flagTable {
	full := "cohort-queue " + name
	return &flagTable{
		command: usage.Command{Name: full, Help: "cohort-queue help " + name, Plain: true},
		set:     pflag.NewFlagSet(full, pflag.ContinueOnError),
	}
}

func (t *flagTable) add(v pflag.Value, f usage.Flag) {
	t.set.VarP(v, f.Name, f.Short, f.Help)
	t.command.Flags = append(t.command.Flags, f)
}

func (t *flagTable) text(p *string, f usage.Flag) {
	t.set.StringVarP(p, f.Name, f.Short, *p, f.Help)
	t.command.Flags = append(t.command.Flags, f)
}

func (t *flagTable) toggle(p *bool, f usage.Flag) {
	f.Kind = usage.Switch
	t.set.BoolVarP(p, f.Name, f.Short, *p, f.Help)
	t.command.Flags = append(t.command.Flags, f)
}

// parse reads a command line that has nothing but flags. Flags that it does not name come from
// their environment variables. It reports whether help was asked for, and all problems together:
// more is asked for them once the values are set.
func (t *flagTable) parse(args, env []string, more func() []string) (help bool, err error) {
	scanned := usage.Scan(usage.Input{Command: t.command, Args: args})
	if scanned.Help && len(scanned.Problems) == 0 {
		return true, nil
	}
	problems := t.apply(scanned.Settings, env)
	if len(scanned.Rest) > 0 {
		problems = append(problems, fmt.Sprintf("%s takes flags only, not %q", t.command.Name, scanned.Rest[0]))
	}
	if len(scanned.Problems) == 0 && len(problems) == 0 && more != nil {
		problems = more()
	}
	return false, scanned.Err(&t.command, problems...)
}

// apply sets the values: the command line's after those of the environment.
func (t *flagTable) apply(settings []usage.Setting, env []string) (problems []string) {
	for _, f := range t.command.Flags {
		value, ok := lookup(env, f.Variable)
		if !ok || value == "" || t.sets(settings, f.Name) {
			continue
		}
		if err := t.set.Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Sprintf("%s=%s: %s", f.Variable, value, reason(err)))
		}
		t.given = append(t.given, f.Name)
	}
	for _, s := range settings {
		if err := t.set.Set(s.Name, s.Value); err != nil {
			problems = append(problems, fmt.Sprintf("--%s=%s: %s", s.Name, s.Value, reason(err)))
		}
		t.given = append(t.given, s.Name)
	}
	return problems
}

func (t *flagTable) sets(settings []usage.Setting, name string) bool {
	for _, s := range settings {
		if s.Name == name {
			return true
		}
	}
	return false
}

// reason leaves out of pflag's error what says the flag and its value once more.
func reason(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "flag: "); ok {
		return after
	}
	return text
}

// lookup returns the value of an environment variable, and whether it is set.
func lookup(env []string, name string) (string, bool) {
	value, found := "", false
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name && name != "" {
			value, found = v, true // the last one counts
		}
	}
	return value, found
}
