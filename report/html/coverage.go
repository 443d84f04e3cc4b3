package html

import (
	"fmt"
	"strings"

	"github.com/gotestcohort/cohort/report/record"
)

// coverage is what a page tells of the coverage of a run.
type coverage struct {
	Total string   // "": no profile is in the record
	Good  []string // answers to what was asked of it
	Bad   string   // the same that are not as they should be, of several lines
	Rows  []coverageRow
	More  int // packages without a row
}

type coverageRow struct {
	Path, Percent string
	Missing       int // statements
}

// maxCovered is how many packages have a row: those that lack most.
const maxCovered = 20

// newCoverage returns nil if nothing is known of coverage.
func newCoverage(run *record.Run) *coverage {
	verdict := run.Manifest.Verdict.Coverage
	if run.Covered.Of == 0 && verdict == nil {
		return nil
	}
	c := &coverage{}
	if run.Covered.Of > 0 {
		c.Total = fmt.Sprintf("%s of %d statements are covered", run.Covered.Percent(), run.Covered.Of)
	}
	if verdict != nil {
		for _, line := range verdict.Good() {
			c.Good = append(c.Good, plain(line))
		}
		var bad []string
		for _, line := range verdict.Bad(run.Manifest.Relative) {
			bad = append(bad, plain(line))
		}
		c.Bad = strings.Join(bad, "\n")
	}
	for _, p := range run.LeastCovered {
		if len(c.Rows) == maxCovered {
			c.More = len(run.LeastCovered) - maxCovered
			break
		}
		c.Rows = append(c.Rows, coverageRow{plain(run.Manifest.Relative(p.Path)), p.Percent(), p.Missing()})
	}
	return c
}
