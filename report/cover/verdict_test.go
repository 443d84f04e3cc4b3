package cover

import (
	"path"
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	places := []Place{{"a.go", Range{3, 3}}, {"b.go", Range{1, 9}}}
	for name, tc := range map[string]struct {
		v         *Verdict
		fails     bool
		good, bad string
	}{
		"nobody asked": {nil, false, "", ""},
		"enough": {&Verdict{Total: &Total{Min: 80, Statements: Share{4, 5}}, Changed: &OfBase{Base: "main", Min: 50.5, Lines: Share{2, 3}}, Incomplete: true}, false,
			"80.0% of the statements are covered (--cover-min=80)\n66.6% of 3 lines changed since main are covered (--cover-min-changed=50.5)", ""},
		"nothing": {&Verdict{Total: &Total{Min: 100}, Changed: &OfBase{Base: "main", Min: 100}}, false,
			"no statement to cover (--cover-min=100)\nno line that counts for coverage has changed since main (--cover-min-changed=100)", ""},
		"too little": {&Verdict{
			Total:      &Total{Min: 90, Statements: Share{4, 5}, Packages: []PackageShare{{"m/x", Share{0, 1}}}},
			Changed:    &OfBase{Base: "main", Min: 1, Lines: Share{0, 1}, Missing: places, More: 2, NoData: []string{"b.go"}},
			Incomplete: true,
		}, true, "", `80.0% of the statements are covered, less than --cover-min=90. Most is missing in
    x: 0.0%, 1 statement not covered
0.0% of 1 line changed since main are covered, less than --cover-min-changed=1. Not covered:
    a.go:3
    b.go:1-9
    and 2 places more
    b.go was not measured: its package was not tested, or not built
the run failed: a test binary that was cut short does not say what it covers`},
		"one of two": {&Verdict{Total: &Total{Min: 10, Statements: Share{1, 5}}, Changed: &OfBase{Base: "x", Min: 100, Lines: Share{1, 2}}}, true,
			"20.0% of the statements are covered (--cover-min=10)", "50.0% of 2 lines changed since x are covered, less than --cover-min-changed=100. Not covered:"},
		"blind": {&Verdict{Total: &Total{Min: 0, Blind: "a reason"}}, true, "", "no statement was measured, so --cover-min=0 cannot be met: a reason"},
	} {
		if tc.v.Failed() != tc.fails {
			t.Errorf("%s: fails %v", name, !tc.fails)
		}
		if tc.v == nil {
			continue
		}
		if got := strings.Join(tc.v.Good(), "\n"); got != tc.good {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tc.good)
		}
		if got := strings.Join(tc.v.Bad(path.Base), "\n"); got != tc.bad {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tc.bad)
		}
	}
}
