package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A division is one way to spread a run over machines.
type division struct {
	n    int
	by   string
	more []string // flags of each shard and of the run that is compared with
}

// divided runs each shard in turn and merges the records. The events of the run that it returns are
// those of the merged one; junit is its JUnit file.
func (d *differ) divided(t *testing.T, dir string, env []string, v division, merge []string, args ...string) (merged run, junit string) {
	t.Helper()
	files := t.TempDir()
	command := []string{d.subject, "tool", "merge", "--no-color", "--format=standard-verbose", "--history=off"}
	for i := range v.n {
		record := filepath.Join(files, fmt.Sprintf("%d.cohort", i+1))
		shard := slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off", "--history=off", "--workers=2", "--shuffle=1",
			fmt.Sprintf("--shard=%d/%d", i+1, v.n), "--shard-by=" + v.by, "--record=" + record}, v.more, []string{"--"}, args)
		if i := slices.IndexFunc(shard, func(arg string) bool { return strings.HasPrefix(arg, "-coverprofile=") }); i >= 0 {
			shard[i] = "-coverprofile=" + record + ".cover"
		}
		r := d.command(t, dir, env, shard...)
		if r.exit == 3 && !strings.Contains(string(r.stderr), "rerun aborted") {
			t.Fatalf("%s: exit 3\n%s", r.command, r.stderr)
		}
		command = append(command, record)
	}
	events, xml := filepath.Join(files, "events.json"), filepath.Join(files, "junit.xml")
	merged = d.command(t, dir, env, slices.Concat(command, []string{"--jsonfile=" + events, "--junitfile=" + xml}, merge)...)
	f, err := os.Open(events)
	if err != nil {
		t.Fatalf("%s: %v\n%s", merged.command, err, merged.stderr)
	}
	defer f.Close() // it was only read
	merged.events = decode(t, merged, f)
	text, err := os.ReadFile(xml)
	if err != nil {
		t.Fatal(err)
	}
	return merged, string(text)
}

// whole runs the same on one machine.
func (d *differ) whole(t *testing.T, dir string, env []string, v division, args ...string) (one run, junit string) {
	t.Helper()
	xml := filepath.Join(t.TempDir(), "junit.xml")
	events := filepath.Join(t.TempDir(), "events.json")
	one = d.command(t, dir, env, slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off", "--history=off", "--format=standard-verbose",
		"--workers=2", "--shuffle=1", "--jsonfile=" + events, "--junitfile=" + xml}, v.more, []string{"--"}, args)...)
	f, err := os.Open(events)
	if err != nil {
		t.Fatalf("%s: %v\n%s", one.command, err, one.stderr)
	}
	defer f.Close() // it was only read
	one.events = decode(t, one, f)
	text, err := os.ReadFile(xml)
	if err != nil {
		t.Fatal(err)
	}
	return one, string(text)
}

// cases returns the elements of a JUnit file without times, sorted: their order is that in which
// packages ended.
func cases(junit string) []string {
	blank := regexp.MustCompile(` (time|timestamp)="[^"]*"|\(\d+\.\d\ds\)`)
	var lines []string
	for _, m := range regexp.MustCompile(`<(testsuites?|testcase|failure|skipped|error|property)[ >][^>]*>`).FindAllString(junit, -1) {
		lines = append(lines, blank.ReplaceAllString(m, ""))
	}
	slices.Sort(lines)
	return lines
}

// builds returns results in which a package that does not build counts once, whether as itself or as
// part of a test: which of them the go command tells depends on what else it builds.
func builds(count map[result]int) map[result]int {
	for key, n := range count {
		if path, _, test := strings.Cut(key.Package, " ["); test && key.Action == "build-fail" {
			delete(count, key)
			count[result{path, "", "build-fail"}] = n
		}
	}
	return count
}

// testShards compares the merged records of shards with one run of go test, and with one of cohort.
func (d *differ) testShards(t *testing.T) {
	if d.plain {
		t.Skip("NOT TESTED: the program has no shards")
	}
	d.linked(t, d.awkward, "./ok/...", "./bad/...")
	shop, groups := filepath.Join(d.root, "testdata", "shop"), filepath.Join(d.root, "testdata", "groups")
	for name, c := range map[string]struct {
		dir     string
		by      string
		n       int
		args    []string
		flags   []string
		longer  []string // as in comparison
		goTests bool     // go test and cohort come to the same
		unbuilt bool     // packages do not build, of which go test tells more if they are tested apart
	}{
		"ok":           {dir: d.awkward, by: "hash", n: 3, goTests: true, args: []string{"-count=1", "./ok/..."}},
		"bad":          {dir: d.awkward, by: "history", n: 2, goTests: true, unbuilt: true, args: []string{"-count=1", "./bad/..."}, longer: []string{"example.com/awkward/bad/panicmid"}},
		"one of many":  {dir: d.awkward, by: "history", n: 6, goTests: true, args: []string{"-count=1", "./ok/many"}},
		"count":        {dir: d.awkward, by: "hash", n: 2, goTests: true, args: []string{"-count=2", "./ok/many", "./ok/subtests", "./ok/fuzz"}},
		"run":          {dir: d.awkward, by: "hash", n: 3, goTests: true, args: []string{"-count=1", "-run=Many|Sub/a|Fuzz", "./ok/many", "./ok/subtests", "./ok/fuzz"}},
		"race":         {dir: d.awkward, by: "history", n: 2, goTests: true, args: []string{"-count=1", "-race", "./race", "./ok/many"}},
		"more than is": {dir: d.awkward, by: "history", n: 9, goTests: true, args: []string{"-count=1", "./ok/none", "./ok/empty", "./ok/many"}},
		"groups":       {dir: groups, by: "history", n: 3, args: []string{"-count=1", "./..."}},
		"groups again": {dir: groups, by: "hash", n: 2, flags: []string{"--rerun-fails=1", "--rerun-delay=0", "--rerun-fails-max-failures=500"}, args: []string{"-count=1", "./..."}},
		"flaky group":  {dir: shop, by: "history", n: 3, flags: []string{"--rerun-fails=2", "--rerun-delay=0"}, args: []string{"-count=1", "./..."}},
		"flaky fails":  {dir: shop, by: "hash", n: 2, flags: []string{"--rerun-fails=2", "--rerun-delay=0", "--fail-on-flaky"}, args: []string{"-count=1", "./e2e", "./price"}},
		"standard":     {dir: d.root, by: "history", n: 3, goTests: true, args: []string{"-count=1", "-short", "strings", "sort", "strconv", "net/url", "container/list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := division{n: c.n, by: c.by, more: c.flags}
			want, wantJUnit := d.whole(t, c.dir, nil, v, c.args...)
			got, gotJUnit := d.divided(t, c.dir, nil, v, nil, c.args...)
			wantCases, gotCases := cases(wantJUnit), cases(gotJUnit)
			if c.unbuilt {
				wantCases, gotCases = wantCases[:len(wantCases)-1], gotCases[:len(gotCases)-1] // totals count lines of builds
			}
			differences := compareVerdicts(builds(verdicts(want.events)), builds(verdicts(got.events)), nil)
			differences = append(differences, compareLines("JUnit", wantCases, gotCases)...)
			t.Logf("%d results equal, %d elements of JUnit", equal(verdicts(want.events), verdicts(got.events)), len(gotCases))
			report(t, want, got, differences)
			if c.goTests {
				plain := d.reference(t, c.dir, c.args...)
				report(t, plain, got, compareVerdicts(builds(verdicts(plain.events)), builds(verdicts(got.events)), c.longer))
			}
		})
	}
}

// testShardCoverage compares the profile of merged shards with that of go test.
func (d *differ) testShardCoverage(t *testing.T) {
	if d.plain {
		t.Skip("NOT TESTED: the program has no shards")
	}
	for name, args := range map[string][]string{
		"set":      {"-covermode=set", "./ok/covered/...", "./ok/many"},
		"count":    {"-covermode=count", "./ok/covered/..."},
		"atomic":   {"-covermode=atomic", "./ok/covered/..."},
		"coverpkg": {"-coverpkg=./ok/covered/...", "./ok/covered/...", "./ok/none"},
		"failing":  {"./bad/fails", "./bad/compile", "./ok/covered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			merged := filepath.Join(dir, "got")
			want, wantLines := d.coverReference(t, d.awkward, args...)
			got, _ := d.divided(t, d.awkward, nil, division{n: 3, by: "hash"}, []string{"--coverprofile=" + merged},
				slices.Concat([]string{"-count=1", "-coverprofile=x"}, args)...)
			differences := compareVerdicts(verdicts(want.events), verdicts(got.events), nil)
			differences = append(differences, compareLines("profile", addedUp(t, wantLines), addedUp(t, sortedLines(t, merged)))...)
			if name != "coverpkg" { // which cannot be told of a package that was divided
				differences = append(differences, compareLines("printed", percentages(want), percentages(got))...)
			}
			report(t, want, got, differences)
		})
	}
}

// addedUp returns the lines of a profile, those of one position as one.
func addedUp(t *testing.T, lines []string) []string {
	t.Helper()
	set := slices.Contains(lines, "mode: set")
	counts := map[string]int{}
	for _, line := range lines {
		if strings.HasPrefix(line, "mode: ") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		var n int
		if _, err := fmt.Sscan(line[i+1:], &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		counts[line[:i]] += n
		if set {
			counts[line[:i]] = min(counts[line[:i]], 1)
		}
	}
	var all []string
	for position, n := range counts {
		all = append(all, fmt.Sprint(position, " ", n))
	}
	slices.Sort(all)
	return all
}
