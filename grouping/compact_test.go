package grouping

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAlternation writes lists of every kind, short and long.
func TestAlternation(t *testing.T) {
	t.Parallel()
	var nested, steps []string
	for i := range 400 {
		nested = append(nested, "Test"+strings.Repeat("a", i))
	}
	for i := range 1000 {
		steps = append(steps, fmt.Sprintf("Test%s%04d", strings.Repeat("Long", 20), i))
	}
	for name, test := range map[string]struct {
		names []string
		most  int // bytes
	}{
		"few":    {[]string{"TestB", "TestA"}, 11},
		"steps":  {steps, 2000},
		"nested": {nested, 200 * 410},
	} {
		got := alternation(test.names)
		if len(got) > test.most {
			t.Errorf("%s: %d bytes, want at most %d: %.200s", name, len(got), test.most, got)
		}
		checkAlternation(t, got, test.names)
	}
	if got := alternation([]string{"TestB", "TestA", "Test.C"}); got != `TestB|TestA|Test\.C` {
		t.Errorf("short list: %s", got)
	}
}

// TestCompactProperty writes random lists of names that are much alike.
func TestCompactProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		letters := []rune("ab1_äöŠ")[:2+rnd.IntN(6)]
		var names []string
		for range 1 + rnd.IntN(60) {
			name := "Test"
			for range rnd.IntN(8) {
				name += string(letters[rnd.IntN(len(letters))])
			}
			names = append(names, name)
		}
		slices.Sort(names)
		names = slices.Compact(names)
		var b strings.Builder
		compact(&b, names, 0)
		checkAlternation(t, b.String(), names)
		if t.Failed() {
			t.Fatalf("seed %d: %s for %q", seed, &b, names)
		}
	}
}

// checkAlternation fails t unless the expression matches the names and nothing near them.
func checkAlternation(t *testing.T, expression string, names []string) {
	t.Helper()
	re, err := regexp.Compile("^(" + expression + ")$")
	if err != nil {
		t.Fatalf("%.200s", err)
	}
	known := make(map[string]bool, len(names))
	for _, name := range names {
		known[name] = true
	}
	wrong := 0
	for _, name := range names {
		runes := []rune(name)
		for _, near := range []string{
			name, name + "a", name + "1", string(runes[:len(runes)-1]), string(runes[1:]), string(runes[:len(runes)-1]) + "ö",
		} {
			if re.MatchString(near) != known[near] {
				wrong++
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d names are taken wrongly", wrong)
	}
	if split := splitPattern("^(" + expression + ")$/x"); len(split) != 1 || len(split[0]) != 2 {
		t.Errorf("the testing package splits it: %.200q", split)
	}
}
