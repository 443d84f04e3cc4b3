package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/hunt"
	"github.com/gotestcohort/cohort/scheduler/hunt/adopt"
)

// adoptedMark begins the reasons of rules that adopt has written.
const adoptedMark = "adopted: "

// adoptPlace is the configuration file that rules are added to.
type adoptPlace struct {
	path    string
	old     []byte // its text, nil if there is no file
	module  string
	file    *config.Config
	command *command
}

// adoptPlace finds the file. Without one it is the one beside go.mod.
func (c *command) adoptPlace(l *toolLine) (*adoptPlace, error) {
	dir, _ := lastValue(l.rest, "C")
	path, err := findConfig("", dir)
	if err != nil {
		return nil, err
	}
	if path == "" {
		root, err := moduleDir(dir)
		if err != nil {
			return nil, err
		}
		path = filepath.Join(root, ".cohort.yaml")
	}
	p := &adoptPlace{path: path, file: l.file, command: c}
	if p.old, err = os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if dir == "" {
		dir = "."
	}
	if p.module, err = history.FindModule(dir); err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	return p, nil
}

// hasRoom returns an error if rules cannot be added to the file, before the work of finding them.
func (p *adoptPlace) hasRoom() error {
	_, err := p.withEntries([]config.Rule{{Match: config.Match{Package: "."}, Dist: string(grouping.LoadPackage)}})
	return err
}

// with returns the text of the file with the rules at the end of tests.
func (p *adoptPlace) with(rules []*adopt.Rule) ([]byte, error) {
	var entries []config.Rule
	for _, r := range rules {
		entries = append(entries, p.entries(r)...)
	}
	return p.withEntries(entries)
}

// withEntries returns the text of the file with these rules at the end of tests.
func (p *adoptPlace) withEntries(entries []config.Rule) ([]byte, error) {
	root, _ := newFlags(p.command.env)
	text, err := config.AddRules(p.path, p.old, root.flags, entries)
	if errors.Is(err, config.ErrNoPlace) {
		return nil, fmt.Errorf("%w: write tests as a list of lines (- match: ...) and try again; nothing is written", err)
	}
	return text, err
}

// entries are a rule as the file has it: one for each package.
func (p *adoptPlace) entries(r *adopt.Rule) []config.Rule {
	var list []config.Rule
	for _, pkg := range r.Packages() {
		e := config.Rule{Match: config.Match{Package: p.pattern(pkg)}, Reason: adoptedMark + strings.Join(r.Reasons, "; ")}
		if names := r.Names(pkg); len(names) > 0 {
			e.Match.Test = "^(" + strings.Join(names, "|") + ")$" // they are identifiers
		}
		switch r.Kind {
		case adopt.Lock:
			e.Lock = []string{r.Name}
		case adopt.Group:
			e.Group = r.Name
		case adopt.Serial:
			yes := true
			e.Serial = &yes
		case adopt.Source:
			e.Shuffle = "off"
		case adopt.Whole:
			e.Dist = string(grouping.LoadPackage)
		}
		list = append(list, e)
	}
	return list
}

// pattern is a package as the file names it.
func (p *adoptPlace) pattern(pkg string) string {
	if pkg == p.module {
		return "."
	}
	if rest, ok := strings.CutPrefix(pkg, p.module+"/"); ok && p.module != "" {
		return "./" + rest
	}
	return pkg
}

// withoutAdopted are the rules of the file that somebody else has written.
func (p *adoptPlace) withoutAdopted(l *toolLine) (*grouping.Rules, error) {
	others := *p.file
	others.Rules = slices.DeleteFunc(slices.Clone(p.file.Rules), func(r config.Rule) bool {
		return strings.HasPrefix(r.Reason, adoptedMark)
	})
	return ruleSource{file: &others, module: p.module, given: l.given}.rules()
}

// useless returns the adopted entries of the file that are about packages that ran, and about
// nothing that failed without them.
func (p *adoptPlace) useless(rep *hunt.Report) []config.Rule {
	return slices.DeleteFunc(adoptedRules(p.file), func(r config.Rule) bool {
		about := func(pkg string) bool { return p.pattern(pkg) == r.Match.Package }
		re, err := regexp.Compile(r.Match.Test) // config.Parse has found it to be one
		needed := slices.ContainsFunc(rep.Findings, func(f hunt.Finding) bool {
			return about(f.Package) && (err != nil || re.MatchString(f.Unit))
		})
		return needed || !slices.ContainsFunc(rep.Paths, about)
	})
}
