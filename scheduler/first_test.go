package scheduler

import (
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
)

// TestFirstUnits: the units of tests that are to come first start before all others, a group as a
// whole; nothing runs twice.
func TestFirstUnits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		testMain bool
		split    bool
		first    string
		want     string // the first processes
	}{
		{name: "nothing", want: "TestA TestB"},
		{name: "one test", first: "TestD", want: "TestD"},
		{name: "a group", first: "TestB", want: "TestA TestB"},
		{name: "a group and a test", first: "TestB TestD", want: "TestD, TestA TestB"},
		{name: "one process", testMain: true, first: "TestD", want: "TestA TestB TestC TestD"},
		{name: "with a TestMain, split", testMain: true, split: true, first: "TestD", want: "TestC TestD"},
	} {
		c := &Config{Workers: 2, SplitTestMain: tc.split}
		if tc.first != "" {
			c.First = func(pkg, test string) bool { return pkg == "m/p" && slices.Contains(strings.Fields(tc.first), test) }
		}
		b := newBench(t, c)
		p := b.arrives(shownSource, tc.testMain)
		b.pool.resize(1) // the order can be seen
		var order []string
		ran := make(map[string]int)
		for started := b.fill(); len(started) > 0; started = b.fill() {
			j := started[0]
			order = append(order, names(j))
			for _, name := range j.Names() {
				ran[name]++
			}
			b.finish(j, script.Process(passing(j)), 0)
		}
		if code := b.exit(); code != 0 || !b.over(p) || len(ran) != 4 {
			t.Errorf("%s: exit status %d, ran %v", tc.name, code, ran)
		}
		for name, n := range ran {
			if n != 1 {
				t.Errorf("%s: %s ran %d times", tc.name, name, n)
			}
		}
		if got := strings.Join(order, ", "); tc.first != "" && !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s, want %s first", tc.name, got, tc.want)
		}
	}
}
