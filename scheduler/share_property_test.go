package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// suiteOf makes a package of tests, of which some are in groups or have the same name.
func suiteOf(r *rand.Rand) *grouping.Package {
	p := &grouping.Package{ImportPath: "p", TestMain: r.IntN(4) == 0}
	for i := range r.IntN(14) {
		t := grouping.Test{Name: fmt.Sprintf("Test%c%d", 'A'+rune(r.IntN(3)), i)}
		if r.IntN(3) == 0 {
			t.Group = fmt.Sprint("g", r.IntN(3))
		}
		p.Tests = append(p.Tests, t)
	}
	return p
}

// shardUnits are the units of a selection as shards are planned with them.
func shardUnits(sel *grouping.Selection) []plan.ShardUnit {
	var units []plan.ShardUnit
	for _, u := range sel.Units {
		name := u.Name()
		if u.Group != "" {
			name = "group " + name
		}
		units = append(units, plan.ShardUnit{Name: name, Tests: u.Names()})
	}
	return units
}

// namesOf are the names of the tests of units, sorted.
func namesOf(units []grouping.Unit) []string {
	var names []string
	for _, u := range units {
		names = append(names, u.Names()...)
	}
	slices.Sort(names)
	return names
}

// TestSharesTogether divides random packages, of which some get more tests after the plan was made:
// whatever -run and -skip select, all shards together run each test once, and each group in one shard.
// Or one of them says that the plan divides a group.
func TestSharesTogether(t *testing.T) {
	t.Parallel()
	patterns := []string{"", "", "TestA", "TestB|TestC", "[02468]$", "TestA/x|TestB", "."}
	divided, more := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 0))
		list := suiteOf(r)
		c := &Config{SplitTestMain: r.IntN(2) == 0}
		c.Dist = []grouping.Dist{grouping.LoadScope, grouping.LoadScope, grouping.Load}[r.IntN(3)]
		p := gotest.Patterns{Run: patterns[r.IntN(len(patterns))], Skip: patterns[:5][r.IntN(3)]}
		sel, err := grouping.Select(list, c.Grouping("p", p))
		if err != nil {
			t.Fatal(err)
		}
		n := 1 + r.IntN(4)
		mode := []plan.ShardMode{plan.ByHistory, plan.ByHash}[r.IntN(2)]
		made, _, err := plan.PlanShards([]plan.ShardPackage{{Path: "p", Units: shardUnits(sel), Whole: list.TestMain && !c.SplitTestMain}}, n, mode)
		if err != nil {
			t.Fatal(err)
		}
		for range r.IntN(3) { // written since
			test := grouping.Test{Name: fmt.Sprintf("TestA%d", 100+len(list.Tests))}
			if r.IntN(3) == 0 {
				test.Group = fmt.Sprint("g", r.IntN(3))
			}
			list.Tests = append(list.Tests, test)
			more++
		}
		whole, err := grouping.Select(list, c.Grouping("p", p))
		if err != nil {
			t.Fatal(err)
		}
		var ran []string
		refused := 0
		for shard := range n {
			own := *c
			own.Shard = map[string]plan.ShardJob{}
			for _, job := range made.Jobs(shard + 1) {
				own.Shard[job.Path] = job
			}
			if _, ok := own.Shard["p"]; !ok {
				continue
			}
			s := &suite{suiteTests: suiteTests{path: "p", list: list, manner: own.mannerOf("p")}}
			mine, err := grouping.Select(list, own.Grouping("p", p))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.takeShare(&own, mine); err != nil {
				refused++
				continue
			}
			ran = append(ran, namesOf(mine.Units)...)
		}
		slices.Sort(ran)
		fits := made.Fits(plan.ShardPackage{Path: "p", Units: shardUnits(whole), Whole: list.TestMain && !c.SplitTestMain})
		if (fits != nil) != (refused > 0) {
			t.Fatalf("seed %d: the plan fits: %v, but %d shards refuse it", seed, fits, refused)
		}
		if refused > 0 {
			divided++
			continue
		}
		if want := namesOf(whole.Units); !slices.Equal(ran, want) {
			t.Fatalf("seed %d, %d shards by %s, -run %q -skip %q:\nran  %s\nwant %s", seed, n, mode, p.Run, p.Skip, strings.Join(ran, " "), strings.Join(want, " "))
		}
	}
	if divided < 5 || more < 1000 {
		t.Errorf("%d plans divided a group, %d tests were added: the test shows little", divided, more)
	}
}
