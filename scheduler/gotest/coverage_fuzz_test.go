package gotest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// FuzzProfile checks that what was added up can be read again as it was
// written, and that taking away what was added leaves nothing.
func FuzzProfile(f *testing.F) {
	f.Add("mode: set\na.go:1.1,2.2 1 1\nb.go:3.4,5.6 2 0\n", "mode: set\na.go:1.1,2.2 1 0\n")
	f.Add("mode: count\na.go:1.1,2.2 1 7\na.go:1.1,2.2 1 18446744073709551615\n", "mode: count\n")
	f.Add("mode: atomic\na b.go:1.1,2.2 1 1", "mode: count\nx 1 1\n")
	f.Add("mode: \n 1 1\n", "x  \n")
	f.Fuzz(func(t *testing.T, a, b string) {
		var p Profile
		if p.Add(strings.NewReader(a)) != nil || p.Add(strings.NewReader(b)) != nil {
			return
		}
		if p.mode == "" {
			return // not one line says how counts add up: no test binary writes that
		}
		first, again := written(t, &p), new(Profile)
		if err := again.Add(strings.NewReader(first)); err != nil {
			t.Fatalf("%q and %q add up to %q: %v", a, b, first, err)
		}
		if second := written(t, again); second != first {
			t.Errorf("%q is read and written as %q", first, second)
		}
		if !isCoverageLine(p.Percent("")) {
			t.Errorf("%q is not taken for a coverage line", p.Percent(""))
		}
		again.Subtract(&p, 1)
		for _, block := range again.blocks {
			if block.count != 0 {
				t.Errorf("%q less itself leaves %+v", first, block)
			}
		}
	})
}

// isCoverageLine reports whether line is taken for a binary's coverage line.
func isCoverageLine(line string) bool {
	_, ok := testbin.CoverageSuffix(line)
	return ok
}

func written(t *testing.T, p *Profile) string {
	t.Helper()
	var out bytes.Buffer
	if n, err := p.WriteTo(&out); err != nil || n != int64(out.Len()) {
		t.Fatalf("WriteTo: %d, %v, but %d bytes", n, err, out.Len())
	}
	return out.String()
}
