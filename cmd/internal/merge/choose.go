// Package merge makes one record of those of the shards of a suite, and says why that cannot be
// done: a merged run never passes without proof that each unit of the plan ran, and ran once.
//
// What is decided is in pure functions: [choose] says which record of a shard counts, [ledger] whether
// the shards together ran what the plan says, [joiner] what the events of a divided package are.
package merge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Refused says why records cannot be merged, one problem a line.
type Refused struct{ Problems []string }

// Error returns the problems.
func (e *Refused) Error() string {
	return "the records cannot be merged:\n  " + strings.Join(e.Problems, "\n  ")
}

// candidate is what decides whether a record counts.
type candidate struct {
	file         string
	index, count int
	start        time.Time
	incomplete   bool
	digest       string // of the plan
	source, goes string // a hash of the source; the go version and system
	module       string
	arguments    []string          // of go test
	settings     string            // what they say of the tests
	goEnv        map[string]string // hashes of the go command's settings by name, as far as they are known
	signal       int               // that ended the run
}

// shard names the candidate's part.
func (c candidate) shard() string { return fmt.Sprintf("%d/%d", c.index, c.count) }

// choose returns the numbers of the candidates that count, one of each shard, in order of the shards:
// the one that was begun last. Notes say which do not count.
func choose(all []candidate) (chosen []int, notes, problems []string) {
	newest := make(map[int]int)
	for i, c := range all {
		have, ok := newest[c.index]
		if !ok || all[have].start.Before(c.start) {
			newest[c.index] = i
		}
	}
	for i, c := range all {
		if n := newest[c.index]; n != i {
			notes = append(notes, fmt.Sprintf("%s does not count: %s is a newer attempt of shard %s", c.file, all[n].file, c.shard()))
		}
	}
	for _, i := range newest {
		chosen = append(chosen, i)
	}
	slices.SortFunc(chosen, func(a, b int) int { return cmp.Compare(all[a].index, all[b].index) })
	for _, i := range chosen {
		c := all[i]
		switch {
		case c.incomplete:
			problems = append(problems, fmt.Sprintf("%s, the newest record of shard %s, is not complete: its run was killed, or the file was cut short", c.file, c.shard()))
		case c.signal != 0:
			problems = append(problems, fmt.Sprintf("%s, the newest record of shard %s, is of a run that signal %d ended", c.file, c.shard(), c.signal))
		}
	}
	return chosen, notes, append(problems, differences(all, chosen)...)
}

// differences returns in what the records that count do not agree.
func differences(all []candidate, chosen []int) []string {
	var problems []string
	complete := slices.DeleteFunc(slices.Clone(chosen), func(i int) bool { return all[i].incomplete })
	differ := func(what, hint string, value func(candidate) string) {
		for _, i := range complete {
			a, b := all[complete[0]], all[i]
			if value(a) != value(b) {
				problems = append(problems, fmt.Sprintf("%s and %s %s: %s and %s%s", a.file, b.file, what, said(value(a)), said(value(b)), hint))
				return
			}
		}
	}
	differ("are of another number of shards", "", func(c candidate) string { return fmt.Sprint(c.count) })
	differ("are of two plans", " (give all shards the same history, or --shard-by hash, or one --shard-plan)", func(c candidate) string { return c.digest })
	differ("ran other source", "", func(c candidate) string { return c.source })
	differ("ran with another go version or system", "", func(c candidate) string { return c.goes })
	differ("are of two modules", "", func(c candidate) string { return c.module })
	problems = append(problems, otherGoEnv(all, complete)...)
	return append(problems, otherArguments(all, complete)...)
}

// otherGoEnv says of the first record that ran with other settings of the go command than one before it,
// as far as both know them.
func otherGoEnv(all []candidate, complete []int) []string {
	for n, i := range complete {
		for _, j := range complete[:n] {
			a, b := all[j], all[i]
			var names []string
			for _, name := range slices.Sorted(maps.Keys(a.goEnv)) {
				if value, known := b.goEnv[name]; known && value != a.goEnv[name] {
					names = append(names, name)
				}
			}
			if len(names) > 0 {
				return []string{fmt.Sprintf("%s (shard %s) and %s (shard %s) ran with another %s (see go env)",
					a.file, a.shard(), b.file, b.shard(), strings.Join(names, ", "))}
			}
		}
	}
	return nil
}

// otherArguments says of the first record that ran with other arguments of go test than the one of the
// first shard that it did: together they would be no run that one machine could have had.
func otherArguments(all []candidate, complete []int) []string {
	for _, i := range complete {
		a, b := all[complete[0]], all[i]
		if a.settings != b.settings {
			return []string{fmt.Sprintf("%s (shard %s) and %s (shard %s) ran with other arguments of go test: %q and %q",
				a.file, a.shard(), b.file, b.shard(), strings.Join(a.arguments, " "), strings.Join(b.arguments, " "))}
		}
	}
	return nil
}

func said(value string) string {
	if value == "" {
		return "unknown"
	}
	return value
}

// missing returns the shards of which there is no record, in order.
func missing(all []candidate, count int) []int {
	var list []int
	for index := 1; index <= count; index++ {
		if !slices.ContainsFunc(all, func(c candidate) bool { return c.index == index }) {
			list = append(list, index)
		}
	}
	return list
}
