// Package config reads a configuration file of cohort: bytes go in, a Config or all
// problems of the file come out, each with its line.
//
// It is pure: it knows no other file, and not what any of the settings does.
package config

import (
	"fmt"
	"slices"
	"time"
)

// Version is the version of the form of files that this package reads.
const Version = 1

// Config is what a file says. Its zero value is an empty file.
type Config struct {
	Flags       []Setting     // flags, in the order of the file
	Profiles    []Profile     // named sets of flags
	Rules       []Rule        // settings of single tests, in the order in which they apply
	Locks       []Lock        // how many tests may hold a lock at the same time
	Quarantine  []Quarantined // known bad tests
	Setup       []Command     // what runs before the first test
	WorkerSetup []Command     // what runs before the first test of each worker

	Sections []Section // all of the above but the flags, to be shown
}

// Position is a place in the file.
type Position struct {
	File string
	Line int // from 1
}

// String is the place as compilers write it.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Setting is a flag with its values.
type Setting struct {
	Name   string   // of the flag
	Values []string // one, or any number for a flag that may be repeated
	At     Position
}

// Profile is a named set of flags.
type Profile struct {
	Name  string
	Flags []Setting
	At    Position
}

// Match says which tests something is for: those that all of its fields that are not
// empty match.
type Match struct {
	Label   string // an expression of labels, in the language of //go:build
	Test    string // a regular expression
	Package string // a pattern of packages
	Group   string // a regular expression
}

// Rule sets something for the tests that match. What it does not set is nil or empty.
type Rule struct {
	At     Position
	Keys   map[string]Position // where each key stands that sets something
	Match  Match
	Reason string // for people

	RerunFails   *int
	RerunDelay   *time.Duration
	RerunBackoff *float64
	RerunOnly    []string // regular expressions
	RerunExcept  []string // regular expressions
	TestTimeout  *time.Duration
	Group        string
	Serial       *bool
	Lock         []string
	Dist         string
	Shuffle      string // on, off or a seed
	TestMain     string
	Labels       []string
}

// Lock is a name that at most Holders tests hold at the same time.
type Lock struct {
	Name    string
	Holders int // at least 1
	At      Position
}

// Quarantined is a test that cannot fail the run until a day.
type Quarantined struct {
	Test  string // import path, a dot, the name of the test
	Owner string
	Until time.Time // the first moment of that day in UTC
	Issue string
	At    Position
}

// CommandLine is a command: a line for a shell, or words that no shell sees. The zero value is none.
type CommandLine struct {
	Shell string
	Words []string
}

// Command is a set-up with its tear-down.
type Command struct {
	Name     string
	Run      CommandLine
	TearDown CommandLine
	Timeout  time.Duration // 0: none is set
	When     Match         // of a worker's set-up: the tests that need it; empty: all
	// PerAttempt reports that a worker's set-up is run anew for each attempt of a test or group.
	PerAttempt bool
	At         Position
}

// Problem is something wrong with a file.
type Problem struct {
	At   Position
	Text string
}

// String is the problem with its place, in one line.
func (p Problem) String() string { return p.At.String() + ": " + p.Text }

// Use is a part of a file that needs something which a version of cohort may not have.
type Use struct {
	Name string // of the section, or of a key in it: tests, tests.lock, locks, ...
	At   Position
}

// gatedKeys are keys of an entry of tests that are uses of their own: what they need is not what
// the section needs.
func gatedKeys() []string { return []string{"lock", "test-timeout"} }

// Uses returns the sections and keys that the file has, each with its first place.
func (c *Config) Uses() []Use {
	var uses []Use
	add := func(name string, n int, at func() Position) {
		if n > 0 {
			uses = append(uses, Use{name, at()})
		}
	}
	add("tests", len(c.Rules), func() Position { return c.Rules[0].At })
	for _, key := range gatedKeys() {
		i := slices.IndexFunc(c.Rules, func(r Rule) bool { return r.Keys[key].Line > 0 })
		add("tests."+key, i+1, func() Position { return c.Rules[i].Keys[key] })
	}
	add("locks", len(c.Locks), func() Position { return c.Locks[0].At })
	add("quarantine", len(c.Quarantine), func() Position { return c.Quarantine[0].At })
	add("setup", len(c.Setup), func() Position { return c.Setup[0].At })
	add("worker-setup", len(c.WorkerSetup), func() Position { return c.WorkerSetup[0].At })
	return uses
}
