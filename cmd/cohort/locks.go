package main

import (
	"slices"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/grouping"
)

// lockCapacity returns how many processes may hold each lock of the section locks.
func lockCapacity(file *config.Config) map[string]int {
	if len(file.Locks) == 0 {
		return nil
	}
	capacity := make(map[string]int)
	for _, l := range file.Locks {
		capacity[l.Name] = l.Holders
	}
	return capacity
}

// warnOfLocks warns of entries of the section locks that change nothing: neither a directive in the
// module around dir nor a rule names the lock.
func (c *command) warnOfLocks(file *config.Config, dir string) error {
	var names []string
	for _, l := range file.Locks {
		named := func(r config.Rule) bool { return slices.Contains(r.Lock, l.Name) }
		if !slices.ContainsFunc(file.Rules, named) {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	root, err := moduleDir(dir)
	if err != nil {
		return err
	}
	unused, err := grouping.UnusedLocks(root, names)
	if err != nil {
		return err
	}
	for _, l := range file.Locks {
		if slices.Contains(unused, l.Name) {
			c.log.warnf("%s: no test has the lock %s", l.At, l.Name)
		}
	}
	return nil
}
