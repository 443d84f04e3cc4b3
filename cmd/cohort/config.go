package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// flagsVariable holds flags that go before every other source but the command line.
const flagsVariable = "COHORT_FLAGS"

// configHelp is the command that says what a configuration file is.
const configHelp = "cohort help config"

// supportedSections are the sections of a configuration file that this version can do
// something with, by the names of config.Config.Uses: "locks", or "tests.lock" for a key of an
// entry of tests. A file that uses another one is refused: settings that change nothing
// would be believed in.
//
// To support a section, add its name here, on a line of its own, and read the typed section from
// options.file (a run) or toolLine.file (a tool): config.Config has a field for each, with
// positions for messages, and is never nil. The entries of tests are options.rules and
// toolLine.rules, made in rules.go; conditionOf there makes a condition of any match.
func supportedSections() []string {
	return []string{
		"tests",
		"setup",
		"worker-setup",
		"locks",
		"tests.lock",
		"quarantine",
		"tests.test-timeout",
	}
}

// sources is everything that sets options.
type sources struct {
	layers   []layer         // the first that has a flag wins
	file     *config.Config  // what the configuration file says, flags included; never nil
	rules    *grouping.Rules // its entries of tests, in force; nil without any
	problems []string
	// decided reports whether the command line has decided what a key of tests sets.
	decided func(key string) bool
}

// sources returns the sources of settings in their order: given (what the command line says),
// COHORT_FLAGS, gotestsum's variables, the profile, the file. rest is what follows the flags;
// root are all of cohort's flags.
func (c *command) sources(root *flagTable, given layer, rest []string) sources {
	fromFlags, problems := c.flagsVariable(root)
	s := sources{
		layers: []layer{given, fromFlags, variableLayer(root.flags, c.env)}, file: new(config.Config), problems: problems,
	}
	chosen := resolve(root.flags, given, fromFlags)
	file, profile := lastOf(chosen, "config"), lastOf(chosen, "profile")
	dir, _ := lastValue(rest, "C")
	if c.archive != nil {
		dir = c.archive.folder()
	}
	path, err := findConfig(file, dir)
	switch {
	case err != nil:
		s.problems = append(s.problems, err.Error())
	case path == "" && profile != "":
		s.problems = append(s.problems, fmt.Sprintf("--profile=%s: there is no configuration file", profile))
	case path != "":
		s.read(path, c.archive.shown(path), profile, root)
	}
	shuffle, _ := lastValue(rest, "shuffle")
	from := ruleSource{file: s.file, given: slices.Concat(given, fromFlags), goShuffle: shuffle}
	s.decided = from.decided
	s.findRules(from, dir)
	return s
}

// inFile reports whether a flag that is in force comes from the configuration file or a profile.
func (s *sources) inFile(name string) bool {
	for i, l := range s.layers {
		if _, ok := l.find(name); ok {
			return i > 2 // behind the command line, COHORT_FLAGS and the variables
		}
	}
	return false
}

// findRules makes rules of the file's entries of tests, if nothing is wrong with it, for the module
// around dir.
func (s *sources) findRules(from ruleSource, dir string) {
	if len(s.problems) > 0 || len(s.file.Rules) == 0 {
		return
	}
	var err error
	if from.module, err = history.FindModule(dir); err == nil {
		s.rules, err = from.rules()
	}
	if err != nil {
		s.problems = append(s.problems, strings.Split(err.Error(), "\n")...)
	}
}

// read adds the file at path, of which messages say shown, and its profile of that name ("": none).
func (s *sources) read(path, shown, profile string, root *flagTable) {
	data, err := os.ReadFile(path)
	if err != nil {
		s.problems = append(s.problems, fmt.Sprintf("read the configuration: %v", err))
		return
	}
	var wrong []config.Problem
	s.file, wrong = config.Parse(shown, data, root.flags)
	for _, p := range wrong {
		s.problems = append(s.problems, p.String())
	}
	for _, use := range s.file.Uses() {
		if !slices.Contains(supportedSections(), use.Name) {
			s.problems = append(s.problems, fmt.Sprintf("%s: %s is not supported by this version of cohort", use.At, use.Name))
		}
	}
	fromProfile, err := profileLayer(s.file, profile, shown)
	if err != nil {
		s.problems = append(s.problems, err.Error())
	}
	s.layers = append(s.layers, fromProfile, fileLayer(s.file.Flags, ""))
}

// lastOf returns the last value of a setting, "" without any.
func lastOf(l layer, name string) string {
	if s, ok := l.find(name); ok {
		return s.values[len(s.values)-1]
	}
	return ""
}

// flagsVariable reads COHORT_FLAGS: flags only, separated by spaces, with quotes as in
// GOFLAGS.
func (c *command) flagsVariable(root *flagTable) (layer, []string) {
	words, err := gotest.SplitFlags(c.env.get(flagsVariable))
	if err != nil {
		return nil, []string{fmt.Sprintf("%s: %v", flagsVariable, err)}
	}
	scanned := c.scan(rootCommand(root), words)
	problems := scanned.Problems
	if len(problems) == 0 && len(scanned.Rest) > 0 {
		problems = append(problems, scanned.Rest[0]+" is no flag: write --name=value")
	}
	if scanned.Help {
		problems = append(problems, "--help has no place here")
	}
	for _, s := range scanned.Settings {
		i := slices.IndexFunc(root.flags, func(f usage.Flag) bool { return f.Name == s.Name })
		if f := root.flags[i]; f.Once && f.Section != sectionConfig {
			problems = append(problems, "--"+s.Name+" has no place here")
		}
	}
	for i, p := range problems {
		problems[i] = flagsVariable + ": " + p
	}
	l := flagLayer(scanned.Settings, flagsVariable+": ")
	for i := range l {
		l[i].source = flagsVariable
	}
	return l, problems
}

// profileLayer returns the flags of a profile, none if none is named.
func profileLayer(cfg *config.Config, name, path string) (layer, error) {
	if name == "" {
		return nil, nil
	}
	var known []string
	for _, p := range cfg.Profiles {
		if p.Name == name {
			return fileLayer(p.Flags, ", profile "+name), nil
		}
		known = append(known, p.Name)
	}
	text := fmt.Sprintf("--profile=%s: there is no such profile in %s", name, path)
	if near := usage.Nearest(name, known); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	} else if len(known) > 0 {
		text += ", which has " + usage.List(known)
	}
	return nil, errors.New(text)
}

// fileLayer turns what a file says into a layer; note follows the place.
func fileLayer(settings []config.Setting, note string) layer {
	var l layer
	for _, s := range settings {
		l = append(l, setting{name: s.Name, values: s.Values, origin: fmt.Sprintf("%s: %s", s.At, s.Name), source: s.At.String() + note})
	}
	return l
}

// findConfig returns the path of the configuration file, "" if there is none: the one
// that flag names (off: none), or the one of the module around dir.
func findConfig(flag, dir string) (string, error) {
	switch flag {
	case "off":
		return "", nil
	case "":
	default:
		if _, err := os.Stat(flag); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("--config=%s: there is no such file", flag)
		}
		return flag, nil // what else may be wrong with it shows when it is read
	}
	root, err := moduleDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range []string{".cohort.yaml", filepath.Join(".config", "cohort.yaml")} {
		path := filepath.Join(root, name)
		switch _, err := os.Stat(path); {
		case err == nil:
			found = append(found, path)
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find the configuration: %w", err)
		}
	}
	if len(found) > 1 {
		return "", fmt.Errorf("there are two configuration files, %s: remove one, or choose with --config", usage.List(found))
	}
	return strings.Join(found, ""), nil
}

// moduleDir returns the folder of the go.mod around dir ("": the current one), or dir
// itself if there is none, relative to the current folder where it is not far.
func moduleDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the configuration: %w", err)
	}
	if root, ok := above(abs, isModule); ok {
		abs = root
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return "", fmt.Errorf("find the configuration: %w", err)
	}
	if rel, err := filepath.Rel(here, abs); err == nil && len(rel) < len(abs) {
		return rel, nil
	}
	return abs, nil
}
