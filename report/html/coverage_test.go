package html

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/record"
)

// TestCoverage: the total, the packages that lack most, and what was asked of coverage are told; nothing
// is where there is no coverage.
func TestCoverage(t *testing.T) {
	t.Parallel()
	run := shop()
	if page := write(t, run); strings.Contains(page, `id="coverage"`) {
		t.Error("a run without a profile has a section about coverage")
	}
	run.Covered = cover.Share{Covered: 30, Of: 100}
	for i := range 25 {
		run.LeastCovered = append(run.LeastCovered, cover.PackageShare{
			Path: fmt.Sprintf("example.com/shop/pkg<%02d>", i), Share: cover.Share{Covered: i, Of: 30},
		})
	}
	run.Manifest.Verdict.Coverage = &cover.Verdict{
		Total:   &cover.Total{Min: 50, Statements: run.Covered, Packages: run.LeastCovered[:1]},
		Changed: &cover.OfBase{Base: "main", Min: 10, Lines: cover.Share{Covered: 1, Of: 2}},
	}
	page := write(t, run)
	for _, want := range []string{
		`<a href="#coverage">Coverage</a>`, `30.0% of 100 statements are covered`, `less than --cover-min=50. Most is missing in` + "\n    pkg&lt;00&gt;: 0.0%",
		`50.0% of 2 lines changed since main are covered`, `<bdi>pkg&lt;19&gt;</bdi></td><td class="took">63.3%</td><td class="took">11</td>`, `and 5 more, which lack less`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "pkg&lt;20&gt;</bdi></td><td class=\"took\">") {
		t.Error("there are more rows than are read")
	}
}

// TestBrowserTelephone: on a narrow screen nothing is wider than it, and the timeline can be read.
func TestBrowserTelephone(t *testing.T) {
	t.Parallel()
	run := shop()
	run.Covered, run.LeastCovered = cover.Share{Covered: 3, Of: 10}, []cover.PackageShare{{Path: strings.Repeat("long/", 40), Share: cover.Share{Covered: 3, Of: 10}}}
	older := shop()
	older.Manifest.Start = at(-500)
	b := openTab(t, "", []*record.Run{older, run}...)
	b.resize(400, 800)
	b.want(`document.documentElement.scrollWidth <= 400`, "true")
	b.want(`document.querySelector("#chart text").getBoundingClientRect().height > 9`, "true")
}
