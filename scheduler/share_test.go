package scheduler

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// TestTakeShare asks what a shard runs of a package with a group and two loose tests.
func TestTakeShare(t *testing.T) {
	t.Parallel()
	first := plan.ShardJob{First: true, Skip: []string{"TestA", "TestB"}}
	other := plan.ShardJob{Run: []string{"TestA", "TestB"}}
	for _, tt := range []struct {
		name   string
		job    plan.ShardJob
		main   bool
		config Config
		want   string // names of units, or the error
	}{
		{"whole", plan.ShardJob{First: true}, false, Config{}, "flow TestC TestD plain"},
		{"the first piece takes what is new", first, false, Config{}, "TestC TestD"},
		{"another one", other, false, Config{}, "flow"},
		{"all of a part is elsewhere", plan.ShardJob{Run: []string{"TestGone"}}, false, Config{}, ""},
		{"a group is divided", plan.ShardJob{Run: []string{"TestB"}}, false, Config{},
			"error: the shard plan divides what must run in one process (TestA and TestB): make a new one"},
		{"not with --dist=load", plan.ShardJob{Run: []string{"TestB"}}, false, Config{Dist: grouping.Load}, "TestB"},
		{"with a TestMain", other, true, Config{}, "error: the shard plan divides it, and it has a TestMain: make a new one"},
		{"with one that is split", other, true, Config{SplitTestMain: true}, "flow"},
		{"not of the plan", plan.ShardJob{Path: "other"}, false, Config{}, "error: the shard plan does not give it to this shard"},
	} {
		list := &grouping.Package{ImportPath: "p", TestMain: tt.main, Tests: []grouping.Test{
			{Name: "TestA", Group: "flow"}, {Name: "TestB", Group: "flow"}, {Name: "TestC"}, {Name: "TestD"}}}
		s, c := &suite{suiteTests: suiteTests{path: "p", list: list}}, tt.config
		s.manner = c.mannerOf("p")
		c.Shard = map[string]plan.ShardJob{"p": tt.job}
		if tt.job.Path != "" {
			c.Shard = map[string]plan.ShardJob{tt.job.Path: tt.job}
		}
		sel, err := grouping.Select(list, c.Grouping("p", gotest.Patterns{}))
		if err != nil {
			t.Fatal(err)
		}
		err = s.takeShare(&c, sel)
		var words []string
		for _, u := range sel.Units {
			words = append(words, u.Name())
		}
		if sel.Plain() {
			words = append(words, "plain") // it may run without a list of its tests
		}
		got := strings.Join(words, " ")
		if err != nil {
			got = fmt.Sprint("error: ", err)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
