package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testCoverage compares coverage profiles, line by line, and the percentages
// that are printed. testShardCoverage and testArchiveCoverage compare with the same runs of go test, where they can.
func (d *differ) testCoverage(t *testing.T) {
	for name, args := range map[string][]string{
		"default":      {"./ok/covered/..."},
		"set":          {"-covermode=set", "./ok/covered/...", "./ok/many"},
		"count":        {"-covermode=count", "./ok/covered/..."},
		"atomic":       {"-covermode=atomic", "./ok/covered/..."},
		"coverpkg":     {"-coverpkg=./ok/covered/...", "./ok/covered/...", "./ok/none"},
		"coverpkg set": {"-coverpkg=./...", "./ok/covered", "./ok/covered/deep", "./ok/examples"},
		"coverpkg all": {"-coverpkg=./...", "-covermode=count", "./ok/covered", "./ok/covered/deep", "./ok/examples"},
		"TestMain":     {"-covermode=count", "-coverpkg=./ok/...", "./ok/testmain/external"},
		"one test":     {"-covermode=atomic", "./ok/covered/...", "-run=TestSmall"},
		"failing":      {"./bad/fails", "./bad/compile", "./ok/covered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			want, wantLines := d.coverReference(t, d.awkward, args...)
			for _, v := range d.variants([]variant{{workers: 4, shuffle: "1"}, {workers: 1, shuffle: "off"}}) {
				profile := filepath.Join(dir, "got-"+v.String())
				got := d.test(t, d.awkward, nil, v, slices.Concat([]string{"-count=1", "-coverprofile=" + profile}, args)...)
				differences := compareVerdicts(verdicts(want.events), verdicts(got.events), nil)
				differences = append(differences, compareLines("profile", wantLines, sortedLines(t, profile))...)
				differences = append(differences, compareLines("printed", percentages(want), percentages(got))...)
				report(t, want, got, differences)
			}
		})
	}
}

// sortedLines returns the lines of a coverage profile: their order is the one
// in which packages finished.
func sortedLines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("no coverage profile: %v", err)
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	slices.Sort(lines)
	return lines
}

// percentages returns what a run prints about coverage, package by package.
func percentages(r run) []string {
	var lines []string
	for _, e := range r.events {
		if _, text, ok := strings.Cut(e.Output, "coverage: "); ok && e.Action == "output" {
			lines = append(lines, e.Package+" "+strings.TrimSpace(text))
		}
	}
	slices.Sort(lines)
	return lines
}

// compareLines returns which lines are only in one of two sorted lists.
func compareLines(what string, want, got []string) []string {
	var differences []string
	for len(want)+len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0] < got[0]:
			differences = append(differences, what+" lacks: "+want[0])
			want = want[1:]
		case len(want) == 0 || got[0] < want[0]:
			differences = append(differences, what+" has in excess: "+got[0])
			got = got[1:]
		default:
			want, got = want[1:], got[1:]
		}
	}
	return differences
}
