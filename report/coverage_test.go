package report

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/report/cover"
)

func TestCoverageAnnotations(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("workspace")
	if err != nil {
		t.Fatal(err)
	}
	v := &cover.Verdict{Changed: &cover.OfBase{Base: "a\nb", Min: 50, Lines: cover.Share{Of: 9}, Missing: []cover.Place{
		{File: "a,b.go", Range: cover.Range{First: 3, Last: 3}}, {File: "secret.go", Range: cover.Range{First: 1, Last: 9}},
		{File: "c.go", Range: cover.Range{First: 1, Last: 1}},
	}}}
	redact := func(s string) string { return strings.ReplaceAll(s, "secret", "[redacted]") }
	for name, tc := range map[string]struct {
		g    GitHub
		want string // of the file names
	}{
		"at the root":    {GitHub{Repository: root, Sources: Sources{Root: root}, Redact: redact}, "file=a%2Cb.go,line=3,endLine=3 file=[redacted].go,line=1,endLine=9"},
		"below it":       {GitHub{Repository: filepath.Join(root, "r"), Sources: Sources{Root: root}}, "file=r/a%2Cb.go,line=3,endLine=3 file=r/secret.go,line=1,endLine=9"},
		"somewhere else": {GitHub{Repository: filepath.Dir(root), Sources: Sources{Root: root}}, "file=a%2Cb.go,line=3,endLine=3 file=secret.go,line=1,endLine=9"},
	} {
		var out bytes.Buffer
		tc.g.annotateCoverage(&out, v, 2)
		var got []string
		for line := range strings.Lines(out.String()) {
			at, message, _ := strings.Cut(strings.TrimPrefix(line, "::warning "), ",title=")
			got = append(got, at)
			if message != "not covered::no test runs the lines changed since a%0Ab\n" {
				t.Errorf("%s: %q", name, message)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, " "), tc.want)
		}
		if summary := tc.g.coverageSummary(v); !strings.Contains(summary, "a,b.go:3") || strings.Contains(summary, "secret") == (tc.g.Redact != nil) {
			t.Errorf("%s: summary %q", name, summary)
		}
	}
	var out bytes.Buffer
	GitHub{}.annotateCoverage(&out, nil, 9)
	GitHub{}.annotateCoverage(&out, v, -1) // more flaky tests than GitHub shows
	writeCoverage(&out, &cover.Verdict{Total: &cover.Total{}})
	if out.Len() > 0 || (GitHub{}).coverageSummary(nil) != "" {
		t.Errorf("without a verdict: %s", &out)
	}
}
