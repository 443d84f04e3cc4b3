package cover

import (
	"fmt"
	"strconv"
)

// Verdict is whether a run covers as much as it was asked to.
type Verdict struct {
	// Total is about all statements, Changed about the lines of a change; nil: nobody asked.
	Total   *Total  `json:"total,omitempty"`
	Changed *OfBase `json:"changed,omitempty"`
	// Incomplete reports that the run has failed, so that more may be covered than was measured.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Total is the answer to --cover-min.
type Total struct {
	// Min is in percent.
	Min        float64 `json:"min"`
	Statements Share   `json:"statements"`
	// Packages are those that lack most, if the share is too small.
	Packages []PackageShare `json:"packages,omitempty"`
	// Blind says why there is nothing to judge although packages were tested, "" if there is.
	Blind string `json:"blind,omitempty"`
}

// OfBase is the answer to --cover-min-changed.
type OfBase struct {
	// Base names the commit that the change is compared with.
	Base  string  `json:"base"`
	Min   float64 `json:"min"`
	Lines Share   `json:"lines"`
	// Missing are lines that no test ran, More how many further places there are.
	Missing []Place `json:"missing,omitempty"`
	More    int     `json:"more,omitempty"`
	// NoData are changed files of which no test binary has measured anything.
	NoData []string `json:"nodata,omitempty"`
}

// Failed reports whether less is covered than was asked for.
func (v *Verdict) Failed() bool {
	return v != nil && (v.Total != nil && !v.Total.met() || v.Changed != nil && !v.Changed.met())
}

func (t *Total) met() bool { return t.Blind == "" && t.Statements.Meets(t.Min) }

func (c *OfBase) met() bool { return c.Lines.Meets(c.Min) }

func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }

// Good returns a line for each answer that is as it should be.
func (v *Verdict) Good() []string {
	var lines []string
	if t := v.Total; t != nil && t.met() {
		if t.Statements.Of == 0 {
			lines = append(lines, fmt.Sprintf("no statement to cover (--cover-min=%s)", percent(t.Min)))
		} else {
			lines = append(lines, fmt.Sprintf("%s of the statements are covered (--cover-min=%s)", t.Statements.Percent(), percent(t.Min)))
		}
	}
	if c := v.Changed; c != nil && c.met() {
		if c.Lines.Of == 0 {
			lines = append(lines, fmt.Sprintf("no line that counts for coverage has changed since %s (--cover-min-changed=%s)", c.Base, percent(c.Min)))
		} else {
			lines = append(lines, fmt.Sprintf("%s of %s changed since %s are covered (--cover-min-changed=%s)",
				c.Lines.Percent(), count(c.Lines.Of, "line"), c.Base, percent(c.Min)))
		}
	}
	return lines
}

// Bad returns a text for each answer that is not as it should be: a line, and lines about it that
// begin with four spaces. name is how a package is shown.
func (v *Verdict) Bad(name func(path string) string) []string {
	var lines []string
	if t := v.Total; t != nil && !t.met() {
		lines = append(lines, t.bad(name)...)
	}
	if c := v.Changed; c != nil && !c.met() {
		lines = append(lines, c.bad()...)
	}
	if len(lines) > 0 && v.Incomplete {
		lines = append(lines, "the run failed: a test binary that was cut short does not say what it covers")
	}
	return lines
}

func (t *Total) bad(name func(string) string) []string {
	if t.Blind != "" {
		return []string{fmt.Sprintf("no statement was measured, so --cover-min=%s cannot be met: %s", percent(t.Min), t.Blind)}
	}
	lines := []string{fmt.Sprintf("%s of the statements are covered, less than --cover-min=%s. Most is missing in", t.Statements.Percent(), percent(t.Min))}
	for _, p := range t.Packages {
		lines = append(lines, fmt.Sprintf("    %s: %s, %s not covered", name(p.Path), p.Percent(), count(p.Missing(), "statement")))
	}
	return lines
}

func (c *OfBase) bad() []string {
	lines := []string{fmt.Sprintf("%s of %s changed since %s are covered, less than --cover-min-changed=%s. Not covered:",
		c.Lines.Percent(), count(c.Lines.Of, "line"), c.Base, percent(c.Min))}
	for _, p := range c.Missing {
		lines = append(lines, "    "+p.String())
	}
	if c.More > 0 {
		lines = append(lines, fmt.Sprintf("    and %s more", count(c.More, "place")))
	}
	for _, file := range c.NoData {
		lines = append(lines, fmt.Sprintf("    %s was not measured: its package was not tested, or not built", file))
	}
	return lines
}

// String is FILE:LINE or FILE:FIRST-LAST.
func (p Place) String() string {
	if p.First == p.Last {
		return fmt.Sprintf("%s:%d", p.File, p.First)
	}
	return fmt.Sprintf("%s:%d-%d", p.File, p.First, p.Last)
}

// count names a number of things whose plural ends in s.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
