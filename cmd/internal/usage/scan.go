package usage

import (
	"fmt"
	"slices"
	"strings"
)

// Input is a command line and what it is judged by.
type Input struct {
	Command Command
	Args    []string        // without the name of the command
	GoTest  map[string]bool // go test's flags: whether each takes a value
	Binary  []string        // those of them that may be written -test.NAME
	// Package reports whether a word without a slash or dot is a package here although
	// it looks like a command. Nil: none is.
	Package func(word string) bool
	// File reports whether a word names a file that is there. Nil: none does.
	File func(word string) bool
}

// Setting is a flag with the value that the command line gives it.
type Setting struct{ Name, Value string }

// Result is what a command line means.
type Result struct {
	Help     bool      // help was asked for: nothing after it was read
	Settings []Setting // in their order; only those whose values fit their kinds
	Rest     []string  // what follows the flags
	Problems []string  // what is wrong, one line each; empty: nothing
	Warnings []string  // what probably is, one line each
	// Type is the command line that was probably meant, if there are problems and all of
	// them have a remedy.
	Type []string
}

// scanner walks over a command line once. What it makes of it goes two ways: into the
// result, and into the parts of the command line that was probably meant.
type scanner struct {
	Input
	Result
	next    int  // the index in Args of the word to be read
	lost    bool // it is not known how to go on, or what was meant
	instead []string

	answered bool // the first word looked like a command

	own, flags, packages, tail []string // cohort's flags, go test's, packages, what is the test binary's
}

// Scan reads a command line as pflag does without interspersed flags: the flags end at
// the first word that is none, or at "--".
func Scan(in Input) Result {
	s := &scanner{Input: in}
	dashed := false
	for s.next < len(s.Args) && !s.Help {
		arg := s.Args[s.next]
		if arg == "--" {
			dashed = true
			s.next++
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		s.next++
		if strings.HasPrefix(arg, "--") {
			s.long(arg)
		} else {
			s.single(arg)
		}
	}
	s.Rest = s.Args[min(s.next, len(s.Args)):]
	if s.Help {
		return s.Result
	}
	if s.given("raw-command") || s.Command.Plain {
		s.packages = s.Rest
	} else {
		s.rest(dashed)
	}
	if len(s.Problems) > 0 && !s.lost {
		s.Type = s.meant(dashed)
	}
	return s.Result
}

// problemf notes what is wrong. The caller says what was meant, or sets lost.
func (s *scanner) problemf(format string, args ...any) {
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

// given reports whether the switch name was turned on.
func (s *scanner) given(name string) bool {
	return slices.Contains(s.Settings, Setting{name, "true"})
}

// long reads a flag with two dashes.
func (s *scanner) long(arg string) {
	name, value, hasValue := strings.Cut(arg[2:], "=")
	switch f := s.Command.flag(name); {
	case name == "" || name[0] == '-':
		s.problemf("%s is no flag", arg)
		s.lost = true
	case f != nil:
		s.take(f, "--"+name, value, hasValue)
	case name == "help":
		s.Help = true
	default:
		s.unknown(arg, name, value, hasValue)
	}
}

// single reads a word with one dash: letters, as pflag reads them, or the name of a
// flag with a dash too few, or one of go test's flags.
func (s *scanner) single(arg string) {
	letter, rest := arg[1:2], arg[2:]
	name, value, hasValue := strings.Cut(arg[1:], "=")
	f := s.Command.short(letter)
	switch {
	case f != nil && (s.Command.flag(name) == nil && !s.isGoTest(name) || s.plausible(f, rest)):
		value, hasValue = strings.CutPrefix(rest, "=")
		s.take(f, "-"+letter, value, hasValue || rest != "")
	case letter == "h" && !s.isGoTest(name):
		s.Help = true
	case len(name) > 1 && s.Command.flag(name) != nil:
		s.problemf("%s: --%s is written with two dashes", arg, name)
		s.take(s.Command.flag(name), "--"+name, value, hasValue)
	default:
		s.unknown(arg, name, value, hasValue)
	}
}

// plausible reports whether rest, which follows the letter of f, is a value of f.
func (s *scanner) plausible(f *Flag, rest string) bool {
	if rest == "" {
		return true
	}
	value := strings.TrimPrefix(rest, "=")
	if len(f.Choices) > 0 {
		return slices.Contains(f.Choices, value) || slices.Contains(f.Also, value)
	}
	return value != "" && value[0] >= '0' && value[0] <= '9'
}

// take reads the value of f, which is written as spelled.
func (s *scanner) take(f *Flag, spelled, value string, hasValue bool) {
	switch {
	case hasValue:
	case !f.takesNext():
		value = f.alone()
		if astray, ok := s.astray(f); ok {
			s.problemf("%s %s: --%s takes its value after an equals sign", spelled, s.Args[s.next], f.Name)
			value = astray
			s.next++
		}
	case s.next == len(s.Args):
		s.problemf("%s needs a value: %s", spelled, f.Value())
		s.own = append(s.own, written(f, f.placeholder()))
		return
	default:
		value = s.Args[s.next]
		if s.swallowed(f, spelled, value) {
			return
		}
		s.next++
	}
	s.set(f, spelled, value)
}

// astray returns the value that the next word is for f, a flag that may stand alone and
// takes its value after an equals sign only, if the word is that and no package.
func (s *scanner) astray(f *Flag) (string, bool) {
	if s.next == len(s.Args) {
		return "", false
	}
	word := s.Args[s.next]
	if f.Path != NoPath { // a file of Go is what go test is given
		return word, s.File != nil && s.File(word) && !strings.HasSuffix(word, ".go")
	}
	value, fits := word, f.Check(word) == nil
	if f.Kind == Switch && !fits {
		value, fits = f.mend(word)
	}
	return value, fits && f.Kind != Text && !s.isPackage(word)
}

// swallowed reports whether the word after f, which needs a value, is a flag itself, or
// the packages in the place of a file.
func (s *scanner) swallowed(f *Flag, spelled, word string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	switch {
	case word == "--", strings.HasPrefix(word, "--") && s.Command.flag(name) != nil:
		s.problemf("%s needs a value, and %s follows", spelled, word)
	case f.Path != NoPath && strings.HasSuffix(word, "..."):
		s.problemf("%s needs a file, and the packages %s follow", spelled, word)
	default:
		return false
	}
	s.own = append(s.own, written(f, f.placeholder()))
	return true
}

// set notes a value for f, if it fits.
func (s *scanner) set(f *Flag, spelled, value string) {
	if err := f.Check(value); err != nil {
		text := fmt.Sprintf("%s=%s: %v", spelled, value, err)
		meant, ok := f.mend(value)
		if ok && f.Kind == Choice {
			text += fmt.Sprintf(" (did you mean %s?)", meant)
		}
		s.problemf("%s", text)
		if !ok {
			s.own = append(s.own, written(f, f.placeholder()))
			s.lost = s.lost || f.Kind == Switch
			return
		}
		value = meant
	}
	s.Settings = append(s.Settings, Setting{f.Name, value})
	s.own = append(s.own, written(f, value))
}

// written is the flag with its value as people write it.
func written(f *Flag, value string) string {
	if f.Kind == Switch && value == f.alone() {
		return "--" + f.Name
	}
	return "--" + f.Name + "=" + value
}

// unknown answers a flag that the command does not have.
func (s *scanner) unknown(arg, name, value string, hasValue bool) {
	dashes := arg[:len(arg)-len(strings.TrimLeft(arg, "-"))]
	if p := s.peer(dashes + name); p != nil && !s.Command.Plain {
		s.answerPeer(p, dashes+name, value, hasValue)
		return
	}
	if s.isGoTest(name) && !s.Command.Plain {
		more := ""
		if dashes+name == "-x" {
			more = " (to end at the first failure: --max-fails=1)"
		}
		s.problemf("%s%s is go test's flag: it belongs after --%s", dashes, name, more)
		s.goTestFlag(strings.TrimLeft(arg, "-"))
		return
	}
	if name == "args" {
		s.problemf("-args is go test's flag: it belongs after -- and the packages")
		s.tail = s.Args[s.next-1:]
		s.next = len(s.Args)
		return
	}
	if p := s.peer(arg[:2]); p != nil && p.takes && len(name) > 1 && name[1] >= '0' && name[1] <= '9' {
		s.answerPeer(p, arg[:2], arg[2:], true)
		return
	}
	if near := s.near(name); near != "" {
		f := s.Command.flag(near)
		s.problemf("unknown flag %s%s: did you mean --%s?", dashes, name, near)
		s.take(f, "--"+near, value, hasValue)
		return
	}
	if near := nearest(name, keys(s.GoTest)); near != "" && !s.Command.Plain {
		s.problemf("unknown flag %s%s: did you mean go test's -%s? It belongs after --", dashes, name, near)
		s.goTestFlag(strings.Replace(strings.TrimLeft(arg, "-"), name, near, 1))
		return
	}
	s.lost = true
	s.problemf("unknown flag %s%s", dashes, name)
	s.skipValue(hasValue)
}

// near is the flag that was probably meant by name: not hidden, and typed wrongly.
func (s *scanner) near(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	if s.Command.flag(name) != nil {
		return name
	}
	return nearest(name, s.Command.names())
}

// skipValue leaves out the word after a flag of which nothing is known: if it is none
// itself it may be the flag's value or a package.
func (s *scanner) skipValue(hasValue bool) {
	if !hasValue && s.next < len(s.Args) && !strings.HasPrefix(s.Args[s.next], "-") {
		s.next = len(s.Args)
	}
}

// isGoTest reports whether go test has a flag of that name.
func (s *scanner) isGoTest(name string) bool {
	if short, ok := strings.CutPrefix(name, "test."); ok {
		return slices.Contains(s.Binary, short)
	}
	_, ok := s.GoTest[name]
	return ok
}

// goTestFlag moves a flag of go test's, the word without its dashes, to where it
// belongs, with its value.
func (s *scanner) goTestFlag(word string) {
	s.flags = append(s.flags, "-"+word)
	if !strings.Contains(word, "=") && s.GoTest[strings.TrimPrefix(word, "test.")] && s.next < len(s.Args) {
		s.flags = append(s.flags, s.Args[s.next])
		s.next++
	}
}

func keys(m map[string]bool) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// meant puts the parts of the command together.
func (s *scanner) meant(dashed bool) []string {
	words := strings.Fields(s.Command.Name)
	words = append(words, s.instead...)
	words = append(words, s.own...)
	if s.Command.Plain {
		return append(words, s.packages...)
	}
	if s.given("raw-command") {
		return append(append(words, "--"), s.packages...)
	}
	if len(s.packages) == 0 && len(s.flags)+len(s.tail) > 0 && (s.answered || len(s.Rest) == 0) && !s.sets("packages") {
		s.packages = []string{"./..."}
	}
	// A word that is no path could be read as the value of the flag before it.
	word := len(s.packages) > 0 && !strings.ContainsAny(s.packages[0], "/.") && len(s.instead) == 0
	if len(s.flags) > 0 || len(s.tail) > 0 || dashed && len(s.packages) > 0 || word {
		words = append(words, "--")
	}
	return slices.Concat(words, s.flags, s.packages, s.tail)
}

// sets reports whether the flag name was given.
func (s *scanner) sets(name string) bool {
	return slices.ContainsFunc(s.Settings, func(t Setting) bool { return t.Name == name })
}
