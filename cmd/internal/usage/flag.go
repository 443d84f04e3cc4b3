// Package usage says what a command line means: which flags it sets, what it hands on
// to go test, and what is wrong with it, in words that name what to type instead.
//
// It is pure: the tables of flags are arguments, and nothing is read or written.
package usage

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a flag takes.
type Kind uint8

// The kinds of flags.
const (
	Text   Kind = iota // any text
	Switch             // true or false; alone it is true
	Number             // a whole number
	Choice             // one of Flag.Choices
)

// Flag describes one flag: everything that is said about it anywhere comes from here.
type Flag struct {
	Name     string   // without dashes
	Short    string   // one letter, "" for none
	Kind     Kind     // what its values are checked against
	Takes    string   // how help names its value; "": nothing, or what follows from Kind
	Bare     string   // its value when it stands alone; "": it needs one
	Choices  []string // the values of a Choice; for other kinds what completion offers
	Also     []string // further values of a Choice, which nobody is told of
	Repeat   bool     // each use adds a value
	Path     Path     // whether the value names a file or folder
	Section  string   // the heading that help shows it under
	Help     string   // one line
	Default  string   // as help shows it; "": none
	Variable string   // the environment variable that its default comes from, "" for none
	Needs    string   // the flag without which this one has no effect, "" for none
	Own      bool     // gotestsum does not have it
	Hidden   bool     // it works, and nobody is told of it
	Key      string   // its key in a configuration file, "" for Name, which is one too
	Once     bool     // it is about one command: no configuration can set it
}

// Path says what kind of path a value is.
type Path uint8

// The kinds of paths.
const (
	NoPath     Path = iota
	OutputFile      // a file that is written
	InputFile       // a file that is read
)

// takesNext reports whether the word after the flag is its value.
func (f *Flag) takesNext() bool { return f.Bare == "" && f.Kind != Switch }

// alone is the value of the flag without one.
func (f *Flag) alone() string {
	if f.Kind == Switch {
		return "true"
	}
	return f.Bare
}

// Check reports what is wrong with a value of f, as far as its kind tells.
func (f *Flag) Check(value string) error {
	switch f.Kind {
	case Switch:
		if _, err := strconv.ParseBool(value); err != nil {
			return errors.New("must be true or false")
		}
	case Number:
		_, err := strconv.ParseInt(value, 0, 0)
		if errors.Is(err, strconv.ErrRange) {
			return errors.New("the number is too large")
		}
		if err != nil {
			return errors.New("must be a whole number")
		}
	case Choice:
		if !slices.Contains(f.Choices, value) && !slices.Contains(f.Also, value) {
			return fmt.Errorf("must be one of: %s", strings.Join(f.Choices, ", "))
		}
	case Text:
	}
	return nil
}

// mend returns the value that was probably meant, and whether there is one.
func (f *Flag) mend(value string) (string, bool) {
	switch f.Kind {
	case Switch:
		switch strings.ToLower(value) {
		case "yes", "on", "y", "always":
			return "true", true
		case "no", "off", "n", "never":
			return "false", true
		}
	case Choice:
		if other := otherModes(value); slices.Contains(f.Choices, other) {
			return other, true
		}
		if near := nearest(strings.ToLower(value), f.Choices); near != "" {
			return near, true
		}
	case Text, Number:
	}
	return "", false
}

// Value is how help names the value of f, "" if it takes none.
func (f *Flag) Value() string {
	switch {
	case f.Takes != "":
		return f.Takes
	case f.Kind == Switch:
		return ""
	case f.Kind == Number:
		return "N"
	case f.Path != NoPath:
		return "FILE"
	}
	return "TEXT"
}

// placeholder is what stands for a value that has to be filled in.
func (f *Flag) placeholder() string {
	if f.Kind == Switch {
		return "true"
	}
	value, _, _ := strings.Cut(f.Value(), "|")
	return value
}

// Command is what the scanner knows of a command.
type Command struct {
	Name  string   // as it is typed: "cohort", "cohort tool flaky"
	Flags []Flag   // all of them
	Tools []Tool   // the commands under "cohort tool"
	Words []string // words that are commands themselves: help, tool
	Help  string   // the command that prints its flags
	Plain bool     // what follows its flags is not go test's
}

// Tool is a command under "cohort tool".
type Tool struct {
	Name string
	Args string // what follows the name, as help shows it
	Help string // one line
}

func (c *Command) flag(name string) *Flag {
	i := slices.IndexFunc(c.Flags, func(f Flag) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Flags[i]
}

func (c *Command) short(letter string) *Flag {
	i := slices.IndexFunc(c.Flags, func(f Flag) bool { return f.Short == letter && letter != "" })
	if i < 0 {
		return nil
	}
	return &c.Flags[i]
}

func (c *Command) tool(name string) bool {
	return slices.ContainsFunc(c.Tools, func(t Tool) bool { return t.Name == name })
}

// names lists the flags that people are told of.
func (c *Command) names() []string {
	var names []string
	for _, f := range c.Flags {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	return names
}
