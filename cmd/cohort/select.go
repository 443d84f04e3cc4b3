package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/grouping"
)

// labelValue is --label, without an expression if it is not given.
type labelValue struct{ expr *grouping.LabelExpr }

func (v *labelValue) Set(text string) error {
	expr, err := grouping.ParseLabelExpr(text)
	if err != nil {
		return err
	}
	v.expr = expr
	return nil
}

func (v *labelValue) Type() string { return "expression" }

func (v *labelValue) String() string {
	if v.expr == nil {
		return ""
	}
	return v.expr.String()
}

// checkSelection reports that the run cannot leave tests out as the user wants: it would run
// them. why is the argument that makes it such a run.
func (o *options) checkSelection(why string) error {
	if o.shard.shard.given() {
		return fmt.Errorf("--shard cannot be used with %s: that run is left to the command, which runs all of it on each machine", why)
	}
	if o.run.label.expr == nil {
		return nil
	}
	return fmt.Errorf("--label cannot be used with %s: that run is left to the command, which runs tests of any label", why)
}

// warnRunWide warns once of what only all packages of the run together show. If the tests of one
// are not known, it says nothing: what has no match elsewhere may have one there.
func (s *scheduledSource) warnRunWide(lists map[string]*grouping.Package, exec *testjson.Execution) {
	if s.warned || s.part != nil || s.run.Stopped() || exec == nil || !allListed(lists, exec) {
		return
	}
	s.warned = true
	packages := slices.Collect(maps.Values(lists))
	whole := wholeModule(s.config.GoTest, s.config.Dir)
	var warnings []grouping.Warning
	if whole || !s.opts.run.fileGroups {
		warnings = grouping.UnmatchedGroups(s.config.Groups, packages)
	}
	if s.config.Label != nil {
		warnings = append(warnings, grouping.UnknownLabels(s.config.Label, packages)...)
	}
	if whole {
		warnings = append(warnings, unneeded(s.opts.file, s.config.World, packages)...)
		warnings = append(warnings, grouping.UnmatchedRules(s.config.Rules, packages)...)
	}
	for _, w := range warnings {
		s.cmd.log.warnf("%v", w)
	}
}

// warnIdle warns once of values in rules that change nothing, as far as the packages of the run show.
func (s *scheduledSource) warnIdle(lists map[string]*grouping.Package, exec *testjson.Execution) {
	if s.warnedIdle || s.part != nil || exec == nil {
		return
	}
	s.warnedIdle = true
	for _, w := range idleValues(s.config.Rules, s.config.Dist, exec.Packages(), slices.Collect(maps.Values(lists))) {
		s.cmd.log.warnf("%v", w)
	}
}

// idleValues are the values in rules that change nothing for packages, and for the tests of those that
// are listed.
func idleValues(rules *grouping.Rules, dist grouping.Dist, paths []string, lists []*grouping.Package) []grouping.Warning {
	return append(grouping.IdleOrders(rules, dist, paths), grouping.IdleSettings(rules, lists)...)
}

// allListed reports whether the tests of every package are known that may have any.
func allListed(lists map[string]*grouping.Package, exec *testjson.Execution) bool {
	for _, name := range exec.Packages() {
		var said strings.Builder
		_ = exec.Package(name).WriteOutputTo(&said, 0) // a Builder takes everything
		if lists[name] == nil && !strings.Contains(said.String(), "[no test files]") {
			return false
		}
	}
	return len(lists) > 0
}
