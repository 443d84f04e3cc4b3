package scheduler

import (
	"github.com/gotestcohort/cohort/grouping"
)

// manner is how the tests of one package are spread and ordered: as the run's, unless rules say
// otherwise.
type manner struct {
	dist    grouping.Dist
	shuffle bool
	seed    int64
	// splitTestMain splits the package although it has a TestMain.
	splitTestMain bool
}

// mannerOf returns how the tests of a package are spread and ordered.
func (c *Config) mannerOf(path string) manner {
	m := manner{dist: c.Dist, shuffle: c.Shuffle, seed: c.Seed, splitTestMain: c.SplitTestMain}
	own := c.Rules.Manner(path)
	if own.Dist != "" {
		m.dist = own.Dist
	}
	if own.SplitTestMain != nil {
		m.splitTestMain = *own.SplitTestMain
	}
	if o := own.Order; o != nil {
		m.shuffle = o.Shuffled
		if o.Seeded {
			m.seed = o.Seed
		}
	}
	return m
}

// tellsSeed reports whether a package says that its tests are shuffled by the seed of the run.
func (c *Config) tellsSeed(m manner) bool { return c.SeedChosen && m.shuffle && m.seed == c.Seed }
