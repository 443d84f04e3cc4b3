package grouping

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPartPatterns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		part      Part
		run, skip string
	}{
		{Part{}, "^TestA$", ""},
		{Part{Only: []string{"a"}}, "^TestA$/^(a)(#[0-9]+)?$", ""},
		{Part{Only: []string{"a|b", "c.d", "#01"}}, `^TestA$/^(a\|b|c\.d|#01)(#[0-9]+)?$`, ""},
		{Part{Except: []string{"a", "b[", `\x00`}}, "^TestA$", `^TestA$/^(a|b\[|\\x00)(#[0-9]+)?$`},
	} {
		if run, skip := tc.part.Patterns("TestA"); run != tc.run || skip != tc.skip {
			t.Errorf("%+v: -run %s -skip %s, want %s and %s", tc.part, run, skip, tc.run, tc.skip)
		}
	}
}

// checkParts asks the testing package: of subtests with any names, each runs in exactly one of two
// parts, of which one is for those whose numbers have a bit in others, and the other one for the
// rest.
func checkParts(t *testing.T, o *oracle, names []string, others int) {
	t.Helper()
	levels := [][]string{names, {"x", "y"}}
	all := o.ask(t, question{Names: []string{"TestA", "TestAB"}, Levels: levels})
	var parts [2]Part
	var want []string
	for _, full := range all.Ran {
		elems := strings.Split(full, "/")
		if elems[0] != "TestA" {
			continue
		}
		want = append(want, full)
		// What a reader of the output may take for a name that can be told by a pattern.
		if len(elems) == 2 && elems[1] != "" && utf8.ValidString(elems[1]) && others&1 > 0 {
			parts[0].Except = append(parts[0].Except, elems[1])
			parts[1].Only = append(parts[1].Only, elems[1])
		}
		if len(elems) == 2 {
			others >>= 1
		}
	}
	runs := make(map[string]int)
	for _, p := range parts {
		if len(p.Only)+len(p.Except) == 0 {
			continue
		}
		var q question
		q.Names, q.Levels = []string{"TestA", "TestAB"}, levels
		q.Run, q.Skip = p.Patterns("TestA")
		a := o.ask(t, q)
		if a.Invalid != "" {
			t.Fatalf("%q: %s", names, a.Invalid)
		}
		for _, full := range a.Ran {
			runs[full]++
		}
	}
	if len(parts[1].Only) == 0 {
		return
	}
	for _, full := range want {
		times := 1
		if full == "TestA" {
			times = 2
		}
		if runs[full] != times {
			t.Errorf("%q runs %d times, want %d; the parts are %q", full, runs[full], times, parts)
		}
		delete(runs, full)
	}
	for full := range runs {
		t.Errorf("%q runs too; the parts are %q", full, parts)
	}
}

func TestPartsOfAllNames(t *testing.T) {
	t.Parallel()
	o := startOracle(t)
	for _, names := range [][]string{
		{"a", "b", "c"},
		{"a", "a", "a#01", "a"},
		{"", "", "#00"},
		{"a/b", "a", "a/b/c", "/", "//a", "a/"},
		{"a|b", "a", "b", "(", ")", "[", "]", "a[", "^a$", ".*", `\`, `\Q`, "a{2}"},
		{"with space", "with_space", "tab\there", "line\nbreak", "nul\x00", "\x16"},
		{"é", "日本語", "\u2028", "\ufeff", "\xff", "\xc3\x28"},
		{"-v", "=== RUN", "--- PASS: x (0.00s)"},
	} {
		all := 1 << len(names)
		for others := 1; others < all; others += 1 + all/60 { // of many, some
			checkParts(t, o, names, others)
		}
	}
}

func FuzzPartPatterns(f *testing.F) {
	f.Add("a", "b", "c", 2)
	f.Add("a|b", "a/", "(b", 5)
	f.Add("[", "]", `\`, 3)
	f.Add("x y", "x_y", "\xff", 6)
	o := startOracle(f)
	f.Fuzz(func(t *testing.T, a, b, c string, others int) { checkParts(t, o, []string{a, b, c}, others) })
}
