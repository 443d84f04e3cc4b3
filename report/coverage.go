package report

import (
	"bytes"
	"fmt"
	"html"
	"path/filepath"
	"strings"

	"github.com/fatih/color"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/cover"
)

// writeCoverage tells of coverage that is not as it should be.
func writeCoverage(out *bytes.Buffer, v *cover.Verdict) {
	if !v.Failed() {
		return
	}
	fmt.Fprintf(out, "\n=== %s\n", color.RedString("Coverage"))
	for _, line := range v.Bad(testjson.RelativePackagePath) {
		fmt.Fprintln(out, line)
	}
}

// annotateCoverage writes a warning at each place that a change has added without a test, at most
// room of them, with paths relative to the workspace.
func (g GitHub) annotateCoverage(out *bytes.Buffer, v *cover.Verdict, room int) {
	if v == nil || v.Changed == nil {
		return
	}
	for i, p := range v.Changed.Missing {
		if i >= room {
			return
		}
		fmt.Fprintf(out, "::warning file=%s,line=%d,endLine=%d,title=%s::%s\n", property(plain(g.redacted(g.inWorkspace(p.File)))), p.First, p.Last,
			property("not covered"), data("no test runs the lines changed since "+plain(g.redacted(v.Changed.Base))))
	}
}

// inWorkspace is the path of a file of the repository as GitHub takes it.
func (g GitHub) inWorkspace(file string) string {
	if g.Repository == "" || g.Sources.Root == "" {
		return file
	}
	rel, err := filepath.Rel(g.Sources.Root, filepath.Join(g.Repository, filepath.FromSlash(file)))
	if err != nil || !filepath.IsLocal(rel) {
		return file
	}
	return filepath.ToSlash(rel)
}

// coverageSummary is what a step's summary says of coverage that is not as it should be, "" of good.
func (g GitHub) coverageSummary(v *cover.Verdict) string {
	if !v.Failed() {
		return ""
	}
	return "\n#### Coverage\n\n<pre>" + html.EscapeString(plain(g.redacted(strings.Join(v.Bad(testjson.RelativePackagePath), "\n")))) + "</pre>\n"
}
