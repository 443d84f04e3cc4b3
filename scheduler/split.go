package scheduler

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// splitTests are the tests of a package that may be split, by name: what their parts will take, nil
// for one that runs whole. The history learns the subtests of all of them.
type splitTests map[string][]time.Duration

// has reports whether a test may be split.
func (s splitTests) has(test string) bool {
	_, ok := s[test]
	return ok
}

// notSplit is the warning for a test that asks for something that its package cannot have.
func notSplit(p *grouping.Package, t grouping.Test) grouping.Warning {
	return grouping.Warning{File: filepath.Join(p.Dir, t.File), Line: t.Line, Text: fmt.Sprintf(
		"%s is not split: the package has a TestMain, which each part would run again", t.Name)}
}

// divide returns the parts of a test and what each will take, nil to run it whole.
func (c *Config) divide(pkg, test string) ([]grouping.Part, []time.Duration) {
	known := fitting(byName(c.Past.Subtests(pkg, test)), maxList())
	d := plan.Division{Workers: c.Hands(), End: raceEnd(c.GoTest.Race, c.Env)}
	d.Startup, _ = c.Past.Startup(pkg)
	total := time.Duration(0)
	for _, s := range known {
		d.Costs = append(d.Costs, s.Estimate)
		total += s.Estimate
	}
	whole, _ := c.Past.Estimate(pkg, test)
	d.Body = max(0, whole-total)
	var parts []grouping.Part
	var costs []time.Duration
	var others []string
	for _, share := range plan.Divide(d) {
		var p grouping.Part
		cost := d.Body
		for _, i := range share {
			p.Only = append(p.Only, known[i].Name)
			cost += known[i].Estimate
		}
		p.Expect = p.Only
		if len(parts) > 0 {
			others = append(others, p.Only...)
		}
		parts, costs = append(parts, p), append(costs, cost)
	}
	if len(parts) > 0 {
		// The first part takes its share by taking all that the others do not.
		parts[0] = grouping.Part{Except: others, Expect: parts[0].Expect}
	}
	return parts, costs
}

// byName adds those that the testing package has numbered (a#01, a#02) to the first subtest of their
// name: each time that the test runs another one may be the first, so they must not be in different
// parts. Those without a name have only numbers, and are left out.
func byName(all []history.Subtest) []history.Subtest {
	place := make(map[string]int)
	for _, s := range all {
		place[s.Name] = -1
	}
	var named []history.Subtest
	for _, s := range all {
		name := s.Name
		for {
			first, ok := cutNumber(name)
			_, known := place[first]
			if !ok || !known && first != "" {
				break
			}
			name = first
		}
		if name == "" {
			continue
		}
		if place[name] < 0 {
			place[name] = len(named)
			named = append(named, history.Subtest{Name: name})
		}
		named[place[name]].Estimate += s.Estimate
	}
	return named
}

// cutNumber returns what comes before the number of a name such as a#01.
func cutNumber(name string) (first string, ok bool) {
	i := strings.LastIndexByte(name, '#')
	if i < 0 || len(name)-i < len("#01") || strings.Trim(name[i+1:], "0123456789") != "" {
		return name, false
	}
	return name[:i], true
}

// fitting returns the first subtests of which the names, quoted, fit into one argument.
func fitting(all []history.Subtest, limit int) []history.Subtest {
	size := 0
	for i, s := range all {
		if size += 2*len(s.Name) + len("|"); size > limit || i == history.MaxSubtests {
			return all[:i]
		}
	}
	return all
}

// past is a result as the history has it.
func past(k testbin.Kind) history.Result {
	switch k {
	case testbin.KindFail:
		return history.Fail
	case testbin.KindSkip:
		return history.Skip
	}
	return history.Pass
}

// rememberJoined gives the history a test of which several processes ran a part each.
func rememberJoined(record *history.Recorder, pkg string, w ledger.Joined) {
	if !w.Complete {
		return // cut off: that says nothing of the test
	}
	result := map[ledger.Outcome]history.Result{
		ledger.Passed: history.Pass, ledger.Failed: history.Fail, ledger.Skipped: history.Skip,
	}[w.Outcome]
	record.Add(pkg, w.Test, history.Outcome{Result: result, Elapsed: w.Took})
}
