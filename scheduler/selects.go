package scheduler

import (
	"context"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// leavesOut reports whether the user wants some tests only.
func (c *Config) leavesOut() bool { return c.GoTest.Run != "" || c.GoTest.Skip != "" || c.Label != nil }

// anySelected reports whether a test is selected in one of the packages, as far as the source tells.
func (c *Config) anySelected(ctx context.Context) bool {
	sources, err := c.GoTest.ListSources(ctx, c.Dir, c.Env)
	if err != nil {
		return false // the go command says what is wrong
	}
	for _, src := range sources {
		if src.Err != "" {
			continue
		}
		p, _, err := grouping.List(src.ImportPath, src.Dir, grouping.Files{Internal: src.Internal, External: src.External})
		if err != nil {
			continue // as above
		}
		c.Rules.Apply(p)
		selected, err := grouping.Select(p, c.Grouping(src.ImportPath, gotest.Patterns{Run: c.GoTest.Run, Skip: c.GoTest.Skip}))
		if err == nil && len(selected.Units) > 0 {
			return true
		}
	}
	return false
}
