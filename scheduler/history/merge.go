package history

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Merge adds the given history files, in any order, to the one at out, which need not exist. What several of them
// hold counts once, so that files that grew from a common one can be merged, and merging again changes nothing.
//
// A file that cannot be read is left out: the errors name them, and out is written all the same. If out itself
// cannot be replaced, that is the last error.
func Merge(ctx context.Context, out string, files []string, now time.Time) []error {
	var problems []error
	var states []*state
	for _, file := range files {
		st, err := readFile(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("history %s: %w", file, err))
			continue
		}
		states = append(states, st)
	}
	_, err := update(ctx, out, func(st *state) {
		for _, other := range states {
			*st = *combine(st, other)
		}
		st.expire(now)
	})
	if err != nil {
		problems = append(problems, fmt.Errorf("merge into history %s: %w", out, err))
	}
	return problems
}

// combine returns what either state knows. The order of runs is that of their start: counters of different files
// say nothing about each other. It does not change a and b, but shares parts with them.
func combine(a, b *state) *state {
	runs := slices.Concat(a.runs, b.runs)
	slices.SortStableFunc(runs, compareRuns)
	runs = slices.CompactFunc(runs, runInfo.sameRun)
	for i := range runs {
		runs[i].num = i + 1
	}
	c := &state{module: cmp.Or(a.module, b.module), next: len(runs) + 1, runs: runs}
	fromA, fromB := renumbering(a, c), renumbering(b, c)
	paths := make(map[string]bool)
	for _, p := range slices.Concat(a.pkgs, b.pkgs) {
		paths[p.path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		c.pkgs = append(c.pkgs, combinePackages(renumber(a.pkg(path), fromA), renumber(b.pkg(path), fromB)))
	}
	return c
}

func compareRuns(a, b runInfo) int {
	return cmp.Or(cmp.Compare(a.start, b.start), strings.Compare(a.id, b.id), cmp.Compare(a.seed, b.seed), compareBool(a.shuffled, b.shuffled))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// renumbering maps the run numbers of one state to those of the combined one.
func renumbering(from, to *state) map[int]int {
	numbers := make(map[int]int, len(from.runs))
	for _, r := range from.runs {
		i, _ := slices.BinarySearchFunc(to.runs, r, compareRuns)
		numbers[r.num] = to.runs[i].num
	}
	return numbers
}

// renumber returns a copy of p with other run numbers, and one span per outcome. nil gives an empty package.
func renumber(p *pkgState, numbers map[int]int) *pkgState {
	if p == nil {
		return &pkgState{}
	}
	c := &pkgState{path: p.path, runs: p.runs, last: numbers[p.last], owed: p.owed, startup: p.startup}
	for _, t := range p.tests {
		var outcomes []outcomeSpan
		for _, s := range t.outcomes {
			for n := s.first; n <= s.last; n++ {
				if num, ok := numbers[n]; ok {
					outcomes = append(outcomes, outcomeSpan{first: num, last: num, attempt: s.attempt, result: s.result})
				}
			}
		}
		c.tests = append(c.tests, testState{name: t.name, seen: t.seen, owed: t.owed, outcomes: outcomes, durations: t.durations})
	}
	return c
}

func combinePackages(a, b *pkgState) *pkgState {
	c := &pkgState{path: cmp.Or(a.path, b.path), runs: max(a.runs, b.runs), last: max(a.last, b.last), startup: combineSamples(a.startup, b.startup)}
	c.owed = laterOwes(a.owed, b.owed, a.last, b.last)
	names := make(map[string]bool)
	for _, t := range slices.Concat(a.tests, b.tests) {
		names[t.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		ta, tb := a.test(name), b.test(name)
		switch {
		case ta == nil:
			c.tests = append(c.tests, testState{name: name, seen: c.runs - (b.runs - tb.seen), owed: tb.owed, outcomes: joinSpans(tb.outcomes), durations: tb.durations})
		case tb == nil:
			c.tests = append(c.tests, testState{name: name, seen: c.runs - (a.runs - ta.seen), owed: ta.owed, outcomes: joinSpans(ta.outcomes), durations: ta.durations})
		default:
			c.tests = append(c.tests, testState{
				name:      name,
				seen:      c.runs - min(a.runs-ta.seen, b.runs-tb.seen),
				owed:      laterOwes(ta.owed, tb.owed, ta.lastRun(), tb.lastRun()),
				outcomes:  joinSpans(combineOutcomes(ta.outcomes, tb.outcomes)),
				durations: combineSamples(ta.durations, tb.durations),
			})
		}
	}
	return c
}

// combineOutcomes merges two lists of single outcomes. A run that both have is taken from the one that has more of
// it: that file was saved later.
func combineOutcomes(a, b []outcomeSpan) []outcomeSpan {
	byRun := make(map[int][]outcomeSpan)
	for run, spans := range groupByRun(a) {
		byRun[run] = spans
	}
	for run, spans := range groupByRun(b) {
		if len(spans) > len(byRun[run]) {
			byRun[run] = spans
		}
	}
	var all []outcomeSpan
	for _, run := range slices.Sorted(maps.Keys(byRun)) {
		all = append(all, byRun[run]...)
	}
	return all
}

func groupByRun(spans []outcomeSpan) map[int][]outcomeSpan {
	byRun := make(map[int][]outcomeSpan)
	for _, s := range spans {
		byRun[s.first] = append(byRun[s.first], s)
	}
	return byRun
}

// joinSpans sorts single outcomes by run, joins them to spans, and keeps the bound.
func joinSpans(single []outcomeSpan) []outcomeSpan {
	slices.SortStableFunc(single, func(a, b outcomeSpan) int { return a.first - b.first })
	var spans []outcomeSpan
	for _, s := range single[max(0, len(single)-maxOutcomes):] {
		spans = addOutcome(spans, s.first, s.attempt, s.result)
	}
	return spans
}

// combineSamples takes, for each variant, the samples that were measured last. They are enough for an estimate, and
// mixing them with those of another file could count one measurement twice.
func combineSamples(a, b []samples) []samples {
	byVariant := make(map[string]samples)
	for _, s := range slices.Concat(a, b) {
		if old, ok := byVariant[s.variant]; !ok || newer(s, old) {
			byVariant[s.variant] = s
		}
	}
	all := make([]samples, 0, len(byVariant))
	for _, variant := range slices.Sorted(maps.Keys(byVariant)) {
		all = append(all, byVariant[variant])
	}
	for len(all) > maxVariants {
		i := oldestSamples(all)
		all = slices.Delete(all, i, i+1)
	}
	return all
}

// newer orders samples; those of one moment by content, so that the order of the files does not matter.
func newer(a, b samples) bool {
	return cmp.Or(cmp.Compare(a.when, b.when), len(a.micros)-len(b.micros), slices.Compare(a.micros, b.micros)) > 0
}
