package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
)

// ruleSource is what rules are made from: the entries of tests in a configuration file, and what a
// command line says of the same settings, which wins.
type ruleSource struct {
	file *config.Config
	// module is the path of the module that places such as ./cart are in.
	module string
	// given are the flags of the command line and of COHORT_FLAGS.
	given layer
	// goShuffle is the value of go test's own -shuffle, "" if it is not given.
	goShuffle string
}

// rules are the entries of tests as a run and the tools apply them: all of them call it. The error
// tells all that is wrong, each with file and line.
func (s ruleSource) rules() (*grouping.Rules, error) {
	var all []grouping.Rule
	for _, r := range s.file.Rules {
		rule, err := s.rule(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.At, err) // config.Parse has found it right
		}
		all = append(all, rule)
	}
	return grouping.NewRules(s.module, all)
}

// rule is one entry, without the keys that the command line decides.
func (s ruleSource) rule(r config.Rule) (grouping.Rule, error) {
	match, err := conditionOf(r.Match)
	if err != nil {
		return grouping.Rule{}, err
	}
	out := grouping.Rule{Match: match, Set: map[string]any{}, Source: r.At.String(), Sources: map[string]string{}}
	only, err := compileAll(r.RerunOnly)
	if err != nil {
		return out, err
	}
	except, err := compileAll(r.RerunExcept)
	if err != nil {
		return out, err
	}
	add := func(key string, set bool, value func() any) {
		if set && !s.decided(key) {
			out.Set[key], out.Sources[key] = value(), r.Keys[key].String()
		}
	}
	add(grouping.KeyGroup, r.Group != "", func() any { return r.Group })
	add(grouping.KeyLabels, r.Labels != nil, func() any { return r.Labels })
	add(grouping.KeyLock, r.Lock != nil, func() any { return r.Lock })
	add(grouping.KeySerial, r.Serial != nil, func() any { return *r.Serial })
	add(grouping.KeyTimeout, r.TestTimeout != nil, func() any { return *r.TestTimeout })
	add(grouping.KeyDist, r.Dist != "", func() any { return grouping.Dist(r.Dist) })
	add(grouping.KeyTestMain, r.TestMain != "", func() any { return r.TestMain == testMainPerWorker })
	add(grouping.KeyShuffle, r.Shuffle != "", func() any { return s.order(r.Shuffle) })
	add(scheduler.KeyRerunFails, r.RerunFails != nil, func() any { return *r.RerunFails })
	add(scheduler.KeyRerunDelay, r.RerunDelay != nil, func() any { return *r.RerunDelay })
	add(scheduler.KeyRerunBackoff, r.RerunBackoff != nil, func() any { return *r.RerunBackoff })
	add(scheduler.KeyRerunOnly, only != nil, func() any { return only })
	add(scheduler.KeyRerunExcept, except != nil, func() any { return except })
	return out, nil
}

// decided reports whether the command line has the last word on a key. A group that a rule gives
// goes before those of --group, which is said to apply where nothing closer to the test does. A seed
// says in which order what is shuffled runs, not what is shuffled.
func (s ruleSource) decided(key string) bool {
	if key == grouping.KeyGroup {
		return false
	}
	value := lastOf(s.given, key)
	if key == grouping.KeyShuffle {
		return value == "on" || value == "off" || s.goShuffle == "on" || s.goShuffle == "off"
	}
	_, given := s.given.find(key)
	return given
}

// order is the order that a rule gives a package: on, off or a seed.
func (s ruleSource) order(text string) grouping.PackageOrder {
	seed, err := strconv.ParseInt(text, 10, 64)
	_, given := s.given.find(grouping.KeyShuffle)
	return grouping.PackageOrder{
		Shuffled: text != "off", Seeded: err == nil && !given && s.goShuffle == "", Seed: seed,
	}
}

// conditionOf is a match of a configuration file as rules take it.
func conditionOf(m config.Match) (c grouping.Condition, err error) {
	c.Package = m.Package
	if m.Label != "" {
		if c.Label, err = grouping.ParseLabelExpr(m.Label); err != nil {
			return c, err
		}
	}
	if m.Test != "" {
		if c.Test, err = regexp.Compile(m.Test); err != nil {
			return c, err
		}
	}
	if m.Group != "" {
		c.Group, err = regexp.Compile(m.Group)
	}
	return c, err
}

// compileAll compiles expressions.
func compileAll(texts []string) ([]*regexp.Regexp, error) {
	var all []*regexp.Regexp
	for _, text := range texts {
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		all = append(all, re)
	}
	return all, nil
}

// wholeModule reports whether go test arguments, in dir ("": here), name every package of the
// module: what then has no match has none anywhere.
func wholeModule(args *gotest.Args, dir string) bool {
	dir = filepath.Join(dir, args.Dir)
	module, err := history.FindModule(dir)
	if err != nil || module == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, "go.mod"))
	root := err == nil && !info.IsDir()
	return slices.ContainsFunc(args.Packages, func(pattern string) bool {
		return pattern == module+"/..." || root && pattern != "..." && path.Clean(pattern) == "..."
	})
}
