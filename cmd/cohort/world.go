package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// worldOptions says what happens to what set-ups have built.
type worldOptions struct {
	keep           keepMode
	strictTearDown bool
}

const (
	keepNever     = "never"
	keepOnFailure = "on-failure"
	keepAlways    = "always"
)

var keepModes = []string{keepNever, keepOnFailure, keepAlways}

// keepMode is one of keepModes; "" is the first.
type keepMode string

func (v *keepMode) Set(raw string) error { return setWord((*string)(v), raw, keepModes) }
func (v *keepMode) Type() string         { return "mode" }
func (v *keepMode) String() string       { return word(string(*v), keepModes) }

// keeps reports whether the environment is kept after a run that has failed, or has been interrupted.
func (v keepMode) keeps(failed, interrupted bool) bool {
	return v == keepAlways || v == keepOnFailure && failed && !interrupted
}

// bindWorld binds what happens to the world of a run.
func bindWorld(t *flagTable, o *worldOptions) {
	t.section = sectionConfig
	t.add(&o.keep, usage.Flag{Name: "keep-env", Takes: "MODE", Kind: usage.Choice, Choices: keepModes, Own: true,
		Help: "leave out the tear-downs, and print how to run them: never, on-failure, always"})
	t.toggle(&o.strictTearDown, false, usage.Flag{Name: "strict-teardown", Own: true,
		Help: "exit 1 if a tear-down fails"})
}

// hasWorld reports whether a configuration file has set-ups. Without a file there are none.
func hasWorld(file *config.Config) bool {
	return file != nil && len(file.Setup)+len(file.WorkerSetup) > 0
}

// firstSetup is where the first set-up of a configuration file stands.
func firstSetup(file *config.Config) config.Position {
	return slices.Concat(file.Setup, file.WorkerSetup)[0].At
}

// warnNoWorld says that the set-ups are not run, for the argument that makes the run another
// command's.
func (c *command) warnNoWorld(opts *options, why string) {
	if hasWorld(opts.file) {
		c.log.warnf("%s: set-ups are not run: %s runs without them", firstSetup(opts.file), why)
	}
}

// refuseWorld is the error of a tool that runs tests and no set-ups, nil if there are none.
func refuseWorld(file *config.Config, tool string) error {
	if !hasWorld(file) {
		return nil
	}
	return &usage.Error{Help: configHelp, Problems: []string{
		fmt.Sprintf("%s: %s runs no set-ups, and the tests need them (if they do not: COHORT_FLAGS=--config=off)", firstSetup(file), tool),
	}}
}

// newWorld returns what the set-ups of a configuration file are for a run in dir, nil if it has none.
func newWorld(file *config.Config, dir string) (*scheduler.World, error) {
	if !hasWorld(file) {
		return nil, nil
	}
	root, err := moduleDir(dir)
	if err != nil {
		return nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, fmt.Errorf("find the folder of set-ups: %w", err)
	}
	problems := checkNames(slices.Concat(file.Setup, file.WorkerSetup))
	module, _ := history.FindModule(root) // without one, patterns of places are refused with their line
	var rules []grouping.Rule
	for i, s := range file.WorkerSetup {
		match, err := conditionOf(s.When)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.At, err) // config.Parse has found it right
		}
		rules = append(rules, grouping.Rule{Match: match, Set: map[string]any{scheduler.SetupKey(i): true}, Source: s.At.String()})
	}
	when, err := grouping.NewRules(module, rules)
	if err != nil {
		problems = append(problems, strings.Split(err.Error(), "\n")...)
	}
	if len(problems) > 0 {
		return nil, &usage.Error{Problems: problems, Help: configHelp}
	}
	w := &scheduler.World{Run: setups(file.Setup), Worker: setups(file.WorkerSetup), Dir: root, When: when}
	w.Key = fmt.Sprintf("%q", worldKey(file))
	return w, nil
}

// checkNames returns what is wrong with the names of set-ups.
func checkNames(all []config.Command) (problems []string) {
	first := map[string]config.Position{}
	for _, s := range all {
		if at, ok := first[s.Name]; ok {
			problems = append(problems, fmt.Sprintf("%s: there is a set-up %s already, at %s", s.At, s.Name, at))
		} else {
			first[s.Name] = s.At
		}
	}
	return problems
}

func setups(all []config.Command) []world.Setup {
	var list []world.Setup
	for _, s := range all {
		list = append(list, world.Setup{
			Name: s.Name, Run: world.Command(s.Run), TearDown: world.Command(s.TearDown), Timeout: s.Timeout, PerAttempt: s.PerAttempt, Source: s.At.String(),
		})
	}
	return list
}

// worldKey is what of the set-ups decides what a result says.
func worldKey(file *config.Config) []string {
	var key []string
	for _, s := range slices.Concat(file.Setup, []config.Command{{}}, file.WorkerSetup) {
		key = append(key, s.Name, s.Run.Shell, fmt.Sprintf("%q %+v", s.Run.Words, s.When))
		if s.PerAttempt {
			key = append(key, "per attempt")
		}
	}
	return key
}

// unneeded warns of workers' set-ups that no test of the packages needs.
func unneeded(file *config.Config, w *scheduler.World, packages []*grouping.Package) (warnings []grouping.Warning) {
	if w == nil {
		return nil
	}
	var subjects []grouping.Subject
	for _, p := range packages {
		for _, t := range p.Tests {
			subjects = append(subjects, grouping.SubjectOf(p, t))
		}
	}
	for _, n := range w.When.Unmatched(subjects) {
		s := file.WorkerSetup[n]
		warnings = append(warnings, grouping.Warning{File: s.At.File, Line: s.At.Line, Text: "no test needs set-up " + s.Name + ": its when matches no test"})
	}
	return warnings
}
