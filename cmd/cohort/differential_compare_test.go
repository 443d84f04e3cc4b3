package main_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A result is one verdict: of a test, of a package (Test is "") or of a build
// (Package is what was built).
type result struct{ Package, Test, Action string }

// String returns the result as a difference shows it.
func (r result) String() string { return fmt.Sprintf("%s %q %s", r.Package, r.Test, r.Action) }

// verdicts counts the results in a stream of events. A test that began and did
// not end, because its process died, counts as failed: go test leaves it
// without a verdict, cohort gives it one, and neither can call it good.
func verdicts(events []event) map[result]int {
	count := map[result]int{}
	open := map[result]int{}
	for _, e := range events {
		key := result{Package: e.Package, Test: e.Test}
		switch e.Action {
		case "run":
			open[key]++
		case "pass", "fail", "skip":
			open[key]--
			count[result{e.Package, e.Test, e.Action}]++
		case "build-fail":
			count[result{e.ImportPath, "", e.Action}]++
		}
	}
	for key, n := range open {
		if key.Test != "" && n > 0 {
			count[result{key.Package, key.Test, "fail"}] += n
		}
	}
	return count
}

// compareVerdicts returns how got differs from want, one line for each
// result. In the packages of longer, got may have tests that want has not.
func compareVerdicts(want, got map[result]int, longer []string) []string {
	keys := slices.Collect(maps.Keys(want))
	for key := range got {
		if _, ok := want[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b result) int { return cmp.Compare(a.String(), b.String()) })
	var differences []string
	for _, key := range keys {
		if got[key] > want[key] && key.Test != "" && slices.Contains(longer, key.Package) {
			continue
		}
		if got[key] != want[key] {
			differences = append(differences, fmt.Sprintf("%v: %d times, want %d", key, got[key], want[key]))
		}
	}
	return differences
}

// equal returns how many results are in both want and got.
func equal(want, got map[result]int) int {
	n := 0
	for key, times := range want {
		n += min(times, got[key])
	}
	return n
}

// A speaker is who printed something: a test, or a package (Test is "").
type speaker struct{ Package, Test string }

// outputs collects what each test and each package printed, with times blanked
// and without the === NAME lines that only say that another test goes on:
// their number depends on which tests run beside each other.
func outputs(events []event) map[speaker]string {
	parts := map[speaker]*strings.Builder{}
	for _, e := range events {
		if e.Action != "output" || e.Output == "=== NAME  "+e.Test+"\n" {
			continue
		}
		key := speaker{e.Package, e.Test}
		if parts[key] == nil {
			parts[key] = &strings.Builder{}
		}
		parts[key].WriteString(e.Output)
	}
	texts := map[speaker]string{}
	for key, text := range parts {
		texts[key] = blankTimes(text.String())
	}
	return texts
}

// blankTimes returns text with times blanked. Only what follows the first bracket or tab of a line
// can hold one: with the race detector an expression takes a second for what the runs of a test say.
func blankTimes(text string) string {
	blank := regexp.MustCompile(`\(\d+\.\d\ds\)|\t(\d+\.\d+s|\(cached\))`)
	var b strings.Builder
	for line := range strings.Lines(text) {
		at := strings.IndexByte(line, '(')
		if tab := strings.IndexByte(line, '\t'); at < 0 || tab >= 0 && tab < at {
			at = tab
		}
		if at < 0 {
			b.WriteString(line)
			continue
		}
		b.WriteString(line[:at])
		b.WriteString(blank.ReplaceAllString(line[at:], "TIME"))
	}
	return b.String()
}

// compareOutputs returns how got differs from want, one line for each test or
// package, except for the packages in except.
func compareOutputs(want, got map[speaker]string, except []string) []string {
	var differences []string
	for key := range got {
		if _, ok := want[key]; !ok && !slices.Contains(except, key.Package) {
			differences = append(differences, fmt.Sprintf("%s %q prints %.300q, want nothing", key.Package, key.Test, got[key]))
		}
	}
	for key, text := range want {
		if got[key] == text || slices.Contains(except, key.Package) {
			continue
		}
		at := commonPrefix(text, got[key])
		differences = append(differences, fmt.Sprintf("%s %q: output differs at byte %d of %d:\n\t got %.200q\n\twant %.200q",
			key.Package, key.Test, at, len(text), got[key][max(at-40, 0):], text[max(at-40, 0):]))
	}
	slices.Sort(differences)
	return differences
}

// commonPrefix returns how many bytes a and b begin with alike.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// report fails t if there are differences between two runs.
func report(t *testing.T, want, got run, differences []string) {
	t.Helper()
	if got.exit != want.exit {
		differences = append(differences, fmt.Sprintf("exit code %d, want %d", got.exit, want.exit))
	}
	if len(differences) == 0 {
		return
	}
	const shown = 40 // more of them say nothing new
	t.Errorf("%d differences\n got: %s\nwant: %s\n%s\nstderr of got: %.2000s", len(differences),
		got.command, want.command, strings.Join(differences[:min(shown, len(differences))], "\n"), got.stderr)
}

// TestDifferentialNotices shows that the comparison is not blind: each damage
// to a stream is a difference, and an undamaged one is none.
func TestDifferentialNotices(t *testing.T) {
	t.Parallel()
	stream := []event{
		{Action: "start", Package: "p"},
		{Action: "run", Package: "p", Test: "TestA"},
		{Action: "output", Package: "p", Test: "TestA", Output: "=== RUN   TestA\n"},
		{Action: "output", Package: "p", Test: "TestA", Output: "says A\n"},
		{Action: "pass", Package: "p", Test: "TestA"},
		{Action: "run", Package: "p", Test: "TestB"},
		{Action: "output", Package: "p", Test: "TestB", Output: "--- FAIL: TestB (0.00s)\n"},
		{Action: "fail", Package: "p", Test: "TestB"},
		{Action: "run", Package: "p", Test: "TestDies"},
		{Action: "fail", Package: "p"},
	}
	change := func(at int, f func(*event)) []event {
		changed := slices.Clone(stream)
		f(&changed[at])
		return changed
	}
	for name, test := range map[string]struct {
		got  []event
		want bool
	}{
		"nothing":              {stream, false},
		"times":                {change(6, func(e *event) { e.Output = "--- FAIL: TestB (1.23s)\n" }), false},
		"order":                {slices.Concat(stream[:1], stream[5:8], stream[1:5], stream[8:]), false},
		"named again":          {slices.Insert(slices.Clone(stream), 3, event{Action: "output", Package: "p", Test: "TestA", Output: "=== NAME  TestA\n"}), false},
		"death given verdict":  {slices.Insert(slices.Clone(stream), 9, event{Action: "fail", Package: "p", Test: "TestDies"}), false},
		"death called good":    {slices.Insert(slices.Clone(stream), 9, event{Action: "pass", Package: "p", Test: "TestDies"}), true},
		"verdict lost":         {slices.Delete(slices.Clone(stream), 4, 5), true},
		"test lost":            {slices.Delete(slices.Clone(stream), 1, 5), true},
		"verdict doubled":      {slices.Insert(slices.Clone(stream), 4, stream[4]), true},
		"verdict flipped":      {change(7, func(e *event) { e.Action = "pass" }), true},
		"package flipped":      {change(9, func(e *event) { e.Action = "pass" }), true},
		"package lost":         {stream[:9], true},
		"test invented":        {append(slices.Clone(stream), event{Action: "pass", Package: "p", Test: "TestC"}), true},
		"test in another":      {change(4, func(e *event) { e.Package = "q" }), true},
		"line lost":            {slices.Delete(slices.Clone(stream), 3, 4), true},
		"line of another test": {change(3, func(e *event) { e.Test = "TestB" }), true},
		"line altered":         {change(3, func(e *event) { e.Output = "says B\n" }), true},
	} {
		differences := slices.Concat(
			compareVerdicts(verdicts(stream), verdicts(test.got), nil),
			compareOutputs(outputs(stream), outputs(test.got), nil))
		if got := len(differences) > 0; got != test.want {
			t.Errorf("%s: differs is %v, want %v: %q", name, got, test.want, differences)
		}
	}
}
