package cover

import (
	"slices"
	"strings"
	"testing"
)

// parsed is the profile with these lines.
func parsed(t *testing.T, lines ...string) *Profile {
	t.Helper()
	p, err := Parse(strings.NewReader("mode: count\n" + strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTotal(t *testing.T) {
	t.Parallel()
	p := parsed(t,
		"m/a/x.go:1.1,2.2 3 1", "m/a/y.go:1.1,2.2 1 0",
		"m/a/b/x.go:1.1,2.2 5 0", "m/a/z.go:1.1,2.2 2 0",
		"m/c/x.go:1.1,2.2 1 1", "m/a/x.go:1.1,2.2 3 0") // the last one is of another binary
	if got := p.Total(); got != (Share{4, 12}) {
		t.Errorf("total %v, want 4 of 12", got)
	}
	want := []PackageShare{{"m/a/b", Share{0, 5}}, {"m/a", Share{3, 6}}, {"m/c", Share{1, 1}}}
	if got := p.Packages(); !slices.Equal(got, want) {
		t.Errorf("packages %v, want %v", got, want)
	}
	if f := p.File("m/a/y.go"); f == nil || f.Name != "m/a/y.go" {
		t.Errorf("m/a/y.go is %v", f)
	}
	if f := p.File("m/a/none.go"); f != nil {
		t.Errorf("m/a/none.go is %v", f)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		share   Share
		percent float64
		meets   bool
		text    string
	}{
		{Share{0, 0}, 100, true, "100.0%"},
		{Share{0, 3}, 0, true, "0.0%"},
		{Share{4, 5}, 80, true, "80.0%"},
		{Share{2, 3}, 66.6, true, "66.6%"},
		{Share{2, 3}, 66.7, false, "66.6%"},
		{Share{7999, 10000}, 80, false, "79.9%"}, // rounded it would be the 80 that are asked for
		{Share{999, 1000}, 100, false, "99.9%"},
		{Share{3, 3}, 100, true, "100.0%"},
	} {
		if got := tc.share.Meets(tc.percent); got != tc.meets || tc.share.Percent() != tc.text {
			t.Errorf("%v: %v and %s, want %v for %v and %s", tc.share, got, tc.share.Percent(), tc.meets, tc.percent, tc.text)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "",
		"mode: set\n":                          "",
		"m/a.go:1.1,2.2 1 1\n":                 "bad mode line",
		"mode: set\nm/a.go\n":                  "doesn't match",
		"mode: set\nm/a.go:1.1,2.2 x 1\n":      "m/a.go",
		"mode: set\nm/a.go:1.1,2.2 1 1\nm/a.g": "doesn't match",
	} {
		p, err := Parse(strings.NewReader(text))
		switch {
		case want == "" && (err != nil || len(p.Files) != 0):
			t.Errorf("%q: %v, %v", text, p, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "coverage profile")):
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	p := parsed(t, "m/a.go:1.1,3.2 1 2", "m/a.go:3.2,4.1 1 5", "m/a.go:9.1,9.9 0 0")
	want := []LineHits{{1, 2}, {2, 2}, {3, 7}, {4, 5}, {9, 0}}
	if got := p.Files[0].Lines(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
