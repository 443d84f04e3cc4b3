package merge

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// candidateOf returns a candidate of a run of three shards, in agreement with all others like it.
func candidateOf(file string, index, second int) candidate {
	return candidate{
		file: file, index: index, count: 3, start: time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC),
		digest: "d", source: "s", goes: "go1.26, linux/amd64", module: "m",
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	change := func(c candidate, f func(*candidate)) candidate {
		f(&c)
		return c
	}
	a, b, c := candidateOf("a", 1, 0), candidateOf("b", 2, 0), candidateOf("c", 3, 0)
	for _, tt := range []struct {
		name     string
		all      []candidate
		chosen   string
		notes    string
		problems string
	}{
		{"all there", []candidate{c, a, b}, "a b c", "", ""},
		{"a newer attempt", []candidate{a, b, c, candidateOf("b2", 2, 9)}, "a b2 c", "b does not count: b2 is a newer attempt of shard 2/3", ""},
		{"named in another order", []candidate{candidateOf("b2", 2, 9), a, b, c}, "a b2 c", "b does not count: b2 is a newer attempt of shard 2/3", ""},
		{"an incomplete older one", []candidate{a, b, c, change(candidateOf("b0", 2, -9), func(c *candidate) { c.incomplete = true })}, "a b c",
			"b0 does not count: b is a newer attempt of shard 2/3", ""},
		{"an incomplete newest", []candidate{a, b, c, change(candidateOf("b2", 2, 9), func(c *candidate) { *c = candidate{file: "b2", index: 2, count: 3, start: c.start, incomplete: true} })}, "a b2 c",
			"b does not count: b2 is a newer attempt of shard 2/3",
			"b2, the newest record of shard 2/3, is not complete: its run was killed, or the file was cut short"},
		{"interrupted", []candidate{a, change(b, func(c *candidate) { c.signal = 15 }), c}, "a b c", "", "b, the newest record of shard 2/3, is of a run that signal 15 ended"},
		{"two plans", []candidate{a, b, change(c, func(c *candidate) { c.digest = "e" })}, "a b c", "",
			"a and c are of two plans: d and e (give all shards the same history, or --shard-by hash, or one --shard-plan)"},
		{"another plan that does not count", []candidate{change(candidateOf("b0", 2, -9), func(c *candidate) { c.digest = "e" }), a, b, c}, "a b c",
			"b0 does not count: b is a newer attempt of shard 2/3", ""},
		{"another source", []candidate{a, change(b, func(c *candidate) { c.source = "" }), c}, "a b c", "", "a and b ran other source: s and unknown"},
		{"another go", []candidate{a, b, change(c, func(c *candidate) { c.goes = "go1.25, linux/amd64" })}, "a b c", "",
			"a and c ran with another go version or system: go1.26, linux/amd64 and go1.25, linux/amd64"},
		{"another module", []candidate{a, b, change(c, func(c *candidate) { c.module = "n" })}, "a b c", "", "a and c are of two modules: m and n"},
		{"other arguments", []candidate{a, b, change(c, func(c *candidate) { c.settings, c.arguments = "-short=true", []string{"-short", "./..."} })}, "a b c", "",
			`a (shard 1/3) and c (shard 3/3) ran with other arguments of go test: "" and "-short ./..."`},
		{"arguments in other words", []candidate{change(a, func(c *candidate) { c.arguments = []string{"-coverprofile=1"} }), b, c}, "a b c", "", ""},
		{"another setting of go", []candidate{change(a, func(c *candidate) { c.goEnv = map[string]string{"GOFLAGS": "1", "GOOS": "2"} }), b,
			change(c, func(c *candidate) { c.goEnv = map[string]string{"CGO_ENABLED": "1", "GOFLAGS": "", "GOOS": "2"} })}, "a b c", "",
			"a (shard 1/3) and c (shard 3/3) ran with another GOFLAGS (see go env)"},
		{"settings of go that are not known", []candidate{change(a, func(c *candidate) { c.goEnv = map[string]string{"GOFLAGS": "1"} }), b,
			change(c, func(c *candidate) { c.goEnv = map[string]string{"CGO_ENABLED": "1"} })}, "a b c", "", ""},
		{"another number", []candidate{a, b, change(c, func(c *candidate) { c.count = 4 })}, "a b c", "", "a and c are of another number of shards: 3 and 4"},
	} {
		chosen, notes, problems := choose(tt.all)
		var files []string
		for _, i := range chosen {
			files = append(files, tt.all[i].file)
		}
		for _, part := range []struct{ what, got, want string }{
			{"chosen", strings.Join(files, " "), tt.chosen}, {"notes", strings.Join(notes, "\n"), tt.notes}, {"problems", strings.Join(problems, "\n"), tt.problems},
		} {
			if part.got != part.want {
				t.Errorf("%s: %s %q, want %q", tt.name, part.what, part.got, part.want)
			}
		}
	}
	if got := fmt.Sprint(missing([]candidate{a, c}, 5)); got != "[2 4 5]" {
		t.Errorf("missing %s", got)
	}
	if got := (&Refused{[]string{"x", "y"}}).Error(); got != "the records cannot be merged:\n  x\n  y" {
		t.Errorf("error %q", got)
	}
}
