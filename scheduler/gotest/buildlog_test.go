package gotest

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBuildLog: tools in close succession are one build, and each counts from its turn on.
func TestBuildLog(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	built := func(start, end, compiling, linking int) Built {
		return Built{at(start), at(end), time.Duration(compiling) * time.Millisecond, time.Duration(linking) * time.Millisecond}
	}
	type step struct {
		at   int
		what string // "+": a tool comes; "-": a compiler goes that never ran; "-c", "-l": that has run since
		from int
	}
	for name, tc := range map[string]struct {
		steps []step
		now   int
		want  []Built
	}{
		"nothing":          {nil, 9, nil},
		"one":              {[]step{{10, "+", 0}, {30, "-c", 15}}, 99, []Built{built(10, 30, 15, 0)}},
		"close succession": {[]step{{10, "+", 0}, {30, "-c", 10}, {530, "+", 0}, {600, "-l", 540}}, 999, []Built{built(10, 600, 20, 60)}},
		"apart":            {[]step{{10, "+", 0}, {30, "-c", 10}, {531, "+", 0}, {600, "-l", 531}}, 999, []Built{built(10, 30, 20, 0), built(531, 600, 0, 69)}},
		"one waits long":   {[]step{{0, "+", 0}, {10, "+", 0}, {2000, "-c", 0}, {2100, "+", 0}, {2200, "-c", 2000}, {2300, "-", 0}}, 9999, []Built{built(0, 2300, 2200, 0)}},
		"still building":   {[]step{{0, "+", 0}, {10, "-c", 0}, {100, "+", 0}}, 700, []Built{built(0, 700, 10, 0)}},
	} {
		var l buildLog
		for _, s := range tc.steps {
			kind, link := strings.CutSuffix(s.what, "l")
			switch {
			case kind == "+":
				l.enter(at(s.at))
			case s.what == "-":
				l.leave(link, time.Time{}, at(s.at))
			default:
				l.leave(link, at(s.from), at(s.at))
			}
		}
		if got := l.built(at(tc.now)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
