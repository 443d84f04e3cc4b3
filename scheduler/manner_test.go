package scheduler

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// rulesOf makes rules, each for the tests that a pattern of packages and an expression of names
// match ("": all).
func rulesOf(t *testing.T, rules ...grouping.Rule) *grouping.Rules {
	t.Helper()
	for i := range rules {
		rules[i].Source = fmt.Sprint("f:", i)
	}
	r, err := grouping.NewRules("m", rules)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// set is a rule.
func set(pkg, test string, values map[string]any) grouping.Rule {
	r := grouping.Rule{Match: grouping.Condition{Package: pkg}, Set: values}
	if test != "" {
		r.Match.Test = regexp.MustCompile(test)
	}
	return r
}

// TestManner: how a package is spread and ordered, by rules and by the run's settings.
func TestManner(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	for name, tc := range map[string]struct {
		rule values
		run  Config
		want string // dist, shuffle, seed, testmain; whether the seed is told
	}{
		"none":            {values{}, Config{Shuffle: true, Seed: 3, SeedChosen: true, Dist: grouping.LoadFile}, "loadfile true 3 false; true"},
		"dist":            {values{"dist": grouping.LoadPackage}, Config{Shuffle: true, Dist: grouping.Load}, "loadpackage true 0 false; false"},
		"source order":    {values{"shuffle": grouping.PackageOrder{}}, Config{Shuffle: true, Seed: 3, SeedChosen: true}, " false 3 false; false"},
		"shuffled":        {values{"shuffle": grouping.PackageOrder{Shuffled: true}}, Config{Seed: 3}, " true 3 false; false"},
		"by another seed": {values{"shuffle": grouping.PackageOrder{Shuffled: true, Seeded: true, Seed: 9}}, Config{Shuffle: true, Seed: 3, SeedChosen: true}, " true 9 false; false"},
		"split":           {values{"testmain": true}, Config{}, " false 0 true; false"},
		"whole":           {values{"testmain": false}, Config{SplitTestMain: true}, " false 0 false; false"},
	} {
		c := tc.run
		c.Rules = rulesOf(t, set("./p", "", tc.rule))
		m := c.mannerOf("m/p")
		if got := fmt.Sprintf("%s %v %d %v; %v", m.dist, m.shuffle, m.seed, m.splitTestMain, c.tellsSeed(m)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		other, plain := c.mannerOf("m/q"), tc.run
		if other != plain.mannerOf("m/q") {
			t.Errorf("%s: another package has %+v", name, other)
		}
	}
}

const mannerSource = "func TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n\nfunc TestC(t *testing.T) {}\n"

// TestMannerOfProcesses: the processes that rules make of a package.
func TestMannerOfProcesses(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	for name, tc := range map[string]struct {
		rules    []grouping.Rule
		testMain bool
		want     string // what runs: tests, group, seed, whether it is serial
	}{
		"none":          {nil, false, "TestA 7; TestB 7; TestC 7"},
		"source order":  {[]grouping.Rule{set("./p", "", values{"shuffle": grouping.PackageOrder{}})}, false, "TestA; TestB; TestC"},
		"one process":   {[]grouping.Rule{set("./p", "", values{"dist": grouping.LoadPackage})}, false, "TestA TestB TestC"},
		"of a package":  {[]grouping.Rule{set("./q", "", values{"dist": grouping.LoadPackage})}, false, "TestA 7; TestB 7; TestC 7"},
		"a group":       {[]grouping.Rule{set("", "A|B", values{"group": "g"})}, false, "TestA TestB g; TestC 7"},
		"serial":        {[]grouping.Rule{set("", "A", values{"serial": true})}, false, "TestA 7 serial; TestB 7; TestC 7"},
		"with TestMain": {nil, true, "TestA TestB TestC 7"},
		"split":         {[]grouping.Rule{set("", "", values{"testmain": true})}, true, "TestA 7; TestB 7; TestC 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &Config{Workers: 3, Shuffle: true, Seed: 7, SelectConfig: SelectConfig{Rules: rulesOf(t, tc.rules...)}})
			b.arrives(mannerSource, tc.testMain)
			var got []string
			for started := b.fill(); len(started) > 0; started = b.fill() {
				for _, j := range started {
					got = append(got, described(j)...)
					b.finish(j, passing(j), 0)
				}
			}
			slices.Sort(got)
			if text := strings.Join(got, "; "); text != tc.want {
				t.Errorf("%s, want %s", text, tc.want)
			}
			if code := b.exit(); code != 0 {
				t.Errorf("exit status %d", code)
			}
		})
	}
}

// described says what a process runs: a package or a group as one, of others each test.
func described(j *job) []string {
	tests := j.Names()
	slices.Sort(tests)
	if j.All || j.Group != "" {
		tests = []string{strings.Join(tests, " ")}
	}
	for i, text := range tests {
		words := []string{text, j.Group, j.Shuffle}
		if j.claim.Need.Serial {
			words = append(words, "serial")
		}
		tests[i] = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	}
	return tests
}

// TestRerunOf: which policy and terms a unit or a package has.
func TestRerunOf(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	re := func(text string) []*regexp.Regexp { return []*regexp.Regexp{regexp.MustCompile(text)} }
	c := &Config{AgainConfig: AgainConfig{Reruns: 1, RerunDelay: time.Second, RerunBackoff: 2}}
	c.RerunTerms.Only = re("only")
	c.Rules = rulesOf(t,
		set("", "Net", values{KeyRerunFails: 5, KeyRerunExcept: re("except")}),
		set("", "Net|Slow", values{KeyRerunFails: 4, KeyRerunDelay: time.Minute, KeyRerunOnly: re("mine")}),
		set("./p", "", values{KeyRerunBackoff: 3.0, "other": 7, "timeout": time.Hour}),
		set("./q", "", values{KeyRerunFails: 0}),
	)
	tests := func(names ...string) *ledger.Unit {
		u := &ledger.Unit{}
		for _, name := range names {
			u.Def.Tests = append(u.Def.Tests, grouping.Test{Name: name})
		}
		return u
	}
	for name, tc := range map[string]struct {
		path string
		unit *ledger.Unit
		want string
	}{
		"as the run":            {"m/r", tests("TestA"), "{1 1s 2} [only] []"},
		"the first wins":        {"m/r", tests("TestNet"), "{5 1m0s 2} [mine] [except]"},
		"by package":            {"m/p", tests("TestA"), "{1 1s 3} [only] []"},
		"a group, by a member":  {"m/p", tests("TestA", "TestSlow"), "{4 1m0s 3} [mine] []"},
		"none":                  {"m/q", tests("TestA"), "{0 1s 2} [only] []"},
		"a package":             {"m/p", nil, "{1 1s 3} [only] []"},
		"a package, never":      {"m/q", nil, "{0 1s 2} [only] []"},
		"of a name, not a test": {"m/Net", nil, "{1 1s 2} [only] []"},
	} {
		s := &suite{suiteTests: suiteTests{path: tc.path, list: &grouping.Package{ImportPath: tc.path, Tests: []grouping.Test{{Name: "TestNet"}}}}}
		policy, terms := c.rerunOf(s, tc.unit)
		if got := fmt.Sprint(policy, " ", terms.Only, " ", terms.Except); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if got := fmt.Sprint(c.patterns()); got != "[only mine except]" || !c.mayRerun() {
		t.Errorf("patterns %s", got)
	}
	c.Reruns = 0
	if !c.mayRerun() || !c.keeps() {
		t.Error("a rule makes no rerun")
	}
	c.Rules = rulesOf(t, set("", "", values{KeyRerunFails: 0, KeyRerunOnly: re("x")}))
	if c.mayRerun() || c.keeps() || c.patterns() != nil {
		t.Error("no rule makes a rerun")
	}
}

// TestModesOfRules: what decides which tests run, share a process or take too long, decides whether
// a result of the go command's cache counts.
func TestModesOfRules(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	modes := func(rules ...grouping.Rule) string {
		c := &Config{GoTest: &gotest.Args{}}
		c.Rules = rulesOf(t, rules...)
		return strings.Join(c.modes(), "\n")
	}
	seen := map[string]bool{modes(): true}
	for _, v := range []values{
		{"dist": grouping.LoadFile}, {"testmain": true}, {"group": "g"}, {"group": "h"}, {"labels": []string{"a"}}, {"labels": []string{"a", "b"}},
		{grouping.KeyTimeout: time.Second}, {grouping.KeyTimeout: time.Minute},
	} {
		if text := modes(set("./p", "", v)); seen[text] {
			t.Errorf("%v is nothing new", v)
		} else {
			seen[text] = true
		}
	}
	for _, id := range []string{"run 1", "run 2"} {
		c := &Config{GoTest: &gotest.Args{}, ProgramConfig: ProgramConfig{Uncached: id}}
		if text := strings.Join(c.modes(), "\n"); seen[text] {
			t.Errorf("results of other runs than %s count", id)
		} else {
			seen[text] = true
		}
	}
	for _, v := range []values{{"serial": true}, {KeyRerunFails: 3}, {"shuffle": grouping.PackageOrder{}}} {
		if text := modes(set("./p", "", v)); text != "" {
			t.Errorf("%v: %s", v, text)
		}
	}
}
