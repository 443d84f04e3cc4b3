package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// bindAgain binds what is chosen by what earlier runs have shown.
func bindAgain(t *flagTable, o *runOptions) {
	t.add(&o.lastFailed, usage.Flag{Name: "last-failed", Takes: "RECORD", Bare: lastRun, Path: usage.InputFile, Own: true,
		Help: "run what failed or did not end the last time, by the history or a record, and new tests"})
	t.toggle(&o.failedFirst, false, usage.Flag{Name: "failed-first", Own: true,
		Help: "start with what failed or did not end the last time"})
}

// lastRun is what --last-failed means without a record.
const lastRun = "history"

// lastFailedValue is --last-failed.
type lastFailedValue struct {
	on     bool
	record string // a file; "": the history
}

func (v *lastFailedValue) Set(text string) error {
	switch text {
	case "":
		return errors.New("a record is missing; without = it is the last run")
	case lastRun, "true": // in a file, true is natural
		*v = lastFailedValue{on: true}
	case "off", "false":
		*v = lastFailedValue{}
	default:
		*v = lastFailedValue{on: true, record: text}
	}
	return nil
}

func (v *lastFailedValue) Type() string { return "record" }

func (v *lastFailedValue) String() string {
	switch {
	case !v.on:
		return ""
	case v.record == "":
		return lastRun
	}
	return v.record
}

// owing says what earlier runs have left to do.
type owing interface {
	// Owes reports whether a test failed to the end, was cut off or did not start the last time, or its
	// package did. An empty name asks for the package.
	Owes(pkg, test string) bool
	// Knows reports whether a test was there then. One that was not is new.
	Knows(pkg, test string) bool
}

// chosen are the tests of packages that have to run again, or are new.
type chosen struct {
	packages []string // the import paths of those that have any, in the order of the go command
	failed   []string // of them, those that have others than new ones
	tests    int      // that run, members that a group adds included
	owed     int      // of them, those that are no new ones
	others   int      // that the user's own selection has, and that do not run
	broken   int      // packages whose tests cannot be listed
}

// listed is a package with the tests that its source has; nil if they cannot be read.
type listed struct {
	path  string
	tests *grouping.Package
}

// choose decides which packages have a test that has to run again or is new, among those that the
// options of a package select.
func choose(packages []listed, past owing, options func(path string) grouping.Options) (chosen, error) {
	var c chosen
	for _, p := range packages {
		if p.tests == nil {
			// What is wrong with it is for the go command to say.
			c.packages = append(c.packages, p.path)
			c.broken++
			if past.Owes(p.path, "") {
				c.owed++
				c.failed = append(c.failed, p.path)
			}
			continue
		}
		o := options(p.path)
		o.Only = nil
		all, err := grouping.Select(p.tests, o)
		if err != nil {
			return c, err
		}
		o.Only = func(test string) bool { return wanted(past, p.path, test) }
		some, err := grouping.Select(p.tests, o)
		if err != nil {
			return c, err
		}
		n := countTests(some.Units, func(string) bool { return true })
		c.tests += n
		c.others += countTests(all.Units, func(string) bool { return true }) - n
		if n > 0 {
			c.packages = append(c.packages, p.path)
		}
		if owed := countTests(some.Units, func(test string) bool { return past.Owes(p.path, test) }); owed > 0 {
			c.owed += owed
			c.failed = append(c.failed, p.path)
		}
	}
	return c, nil
}

// wanted reports whether a test has to run again, or is new.
func wanted(past owing, pkg, test string) bool { return past.Owes(pkg, test) || !past.Knows(pkg, test) }

// countTests counts the tests of units.
func countTests(units []grouping.Unit, which func(test string) bool) int {
	n := 0
	for _, u := range units {
		for _, name := range u.Names() {
			if which(name) {
				n++
			}
		}
	}
	return n
}

// summary says in one line what runs.
func (c chosen) summary() string {
	text := fmt.Sprintf("--last-failed: %d %s of %d %s", c.tests, usage.Verb(c.tests, "test", "tests"),
		len(c.packages), usage.Verb(len(c.packages), "package", "packages"))
	if c.others > 0 {
		text += fmt.Sprintf("; %d %s left out", c.others, usage.Verb(c.others, "other is", "others are"))
	}
	return text
}

// onlyFailed limits a run to what has to run again, or starts with it, if the user wants that.
func (c *command) onlyFailed(s *scheduledSource) error {
	flags := s.opts.run
	if !flags.lastFailed.on && !flags.failedFirst {
		return nil
	}
	name := "--failed-first"
	if flags.lastFailed.on {
		name = "--last-failed"
	}
	past, why, err := c.past(s)
	if err != nil {
		return err
	}
	var found chosen
	if why == "" {
		packages, err := c.listTests(context.Background(), s)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		found, err = choose(packages, past, func(path string) grouping.Options {
			return s.config.Grouping(path, gotest.Patterns{Run: s.config.GoTest.Run, Skip: s.config.GoTest.Skip})
		})
		switch {
		case err != nil: // directives or patterns that are wrong: the run fails
			why = err.Error()
		case found.owed == 0:
			why = "none of these tests failed the last time"
		}
	}
	switch {
	case why != "" && flags.lastFailed.on:
		c.log.infof("%s: everything runs: %s", name, why)
	case why != "":
		c.log.infof("%s: nothing runs first: %s", name, why)
	default:
		if flags.failedFirst {
			s.begin(found, past)
		}
		if flags.lastFailed.on {
			c.log.infof("%s", found.summary())
			s.limit(found, past)
		}
	}
	return nil
}

// begin lets the run start with what failed. The go command takes packages in the order in which they
// are named, and one that is named twice once.
func (s *scheduledSource) begin(found chosen, past owing) {
	s.config.First = past.Owes
	if s.namesPackages() {
		s.config.GoTest.Packages = slices.Concat(found.failed, s.config.GoTest.Packages)
	}
}

// namesPackages reports whether the run has patterns of packages, and not files or none.
func (s *scheduledSource) namesPackages() bool {
	args := s.config.GoTest
	return len(args.Packages) > 0 && !slices.ContainsFunc(args.Packages, isGoFile)
}

// maxAgain is the longest command line that is printed to run failures again, in bytes.
const maxAgain = 200

// failedAgain is the command that runs again all that failed, "" if nothing remembers what that is.
func (s *scheduledSource) failedAgain() string {
	if !s.memory.file.Saves() {
		return ""
	}
	words := []string{"cohort", "--last-failed"}
	own, rest := s.opts.record.arguments, []string(nil)
	if i := slices.Index(own, "--"); i >= 0 {
		own, rest = own[:i], own[i:]
	}
	for _, word := range own {
		if word != "--last-failed" && !strings.HasPrefix(word, "--last-failed=") {
			words = append(words, word)
		}
	}
	if command := gotest.ShellQuote(append(words, rest...)); len(command) <= maxAgain {
		return command
	}
	return "cohort --last-failed (and the same flags)"
}

// limit lets only run what was chosen.
func (s *scheduledSource) limit(found chosen, past owing) {
	s.warned = true // what all packages together show is not seen
	s.config.Only = func(pkg, test string) bool { return wanted(past, pkg, test) }
	if s.namesPackages() {
		first := slices.DeleteFunc(slices.Clone(found.failed), func(string) bool { return !s.opts.run.failedFirst })
		s.config.GoTest.Packages = slices.Concat(first, found.packages)
	}
}

// isGoFile reports whether a package pattern is a file: then the files named are one package.
func isGoFile(pattern string) bool { return strings.HasSuffix(pattern, ".go") }

// past returns what earlier runs have left to do, or why that is not known.
func (c *command) past(s *scheduledSource) (past owing, why string, err error) {
	if file := s.opts.run.lastFailed.record; file != "" {
		past, err := c.recordedPast(file, filepath.Join(s.config.Dir, s.config.GoTest.Dir))
		return past, "", err
	}
	switch {
	case s.memory.path == "":
		return nil, "the history is off", nil
	case s.memory.past.Empty():
		return nil, "no run is remembered in " + s.memory.path, nil
	}
	return s.memory.past, "", nil
}

// listTests reads which tests the packages of a run have.
func (c *command) listTests(ctx context.Context, s *scheduledSource) ([]listed, error) {
	sources, err := s.config.GoTest.ListSources(ctx, s.config.Dir, c.env.list)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for _, src := range sources {
		l := listed{path: src.ImportPath}
		if src.Err == "" {
			// An error is a file that is not right Go, or gone: the package does not build.
			l.tests, _, err = grouping.List(src.ImportPath, src.Dir, grouping.Files{Internal: src.Internal, External: src.External})
			if err != nil {
				l.tests = nil
			} else {
				s.config.Rules.Apply(l.tests)
			}
		}
		packages = append(packages, l)
	}
	return packages, nil
}
