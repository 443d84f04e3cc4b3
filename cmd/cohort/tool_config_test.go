package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/config"
)

// everySection has every key of every section.
const everySection = `tests:
  - match: {label: 'network && !slow', test: '^Test''A', package: ./cart/..., group: x}
    rerun-fails: 0
    rerun-delay: 5
    rerun-backoff: 1.5
    rerun-only: [time.?out, 'a: b']
    rerun-except: "a\tb"
    test-timeout: 2m
    reason: 'it: fails # often'
  - match: {package: ./shop}
    group: g
    serial: false
    lock: [db, net]
    labels: slow
    dist: loadpackage
    shuffle: off
    testmain: per-worker
locks: {db: 2, a/b: 1}
quarantine:
  - {test: shop/e2e.TestPay, owner: '@pay', until: 2027-01-31, issue: 'https://example.com/1'}
setup:
  - {name: services, run: docker compose up -d --wait, teardown: '-', timeout: 3m}
worker-setup:
  - name: database
    run: |
      ./ci/newdb.sh
      ./ci/fill.sh
    when: {label: database}
  - {name: 'null', run: 'true', when: {test: A, package: ./x}}
`

func parseFile(t *testing.T, text string) *config.Config {
	t.Helper()
	table, _ := newFlags(newEnviron(nil))
	file, problems := config.Parse("f", []byte(text), table.flags)
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	return file
}

// unplaced are sections without their lines.
func unplaced(sections []config.Section) []config.Section {
	data, err := json.Marshal(sections)
	if err != nil {
		panic(err) // of plain data
	}
	var out []config.Section
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	var clear func(keys []config.Key)
	clear = func(keys []config.Key) {
		for i := range keys {
			keys[i].At = config.Position{}
			clear(keys[i].Keys)
		}
	}
	for i := range out {
		out[i].At = config.Position{}
		for j := range out[i].Entries {
			out[i].Entries[j].At = config.Position{}
			clear(out[i].Entries[j].Keys)
		}
	}
	return out
}

// TestSectionsAreWritten: what tool config prints of sections is a file that means the same.
func TestSectionsAreWritten(t *testing.T) {
	t.Parallel()
	file := parseFile(t, everySection)
	none := func(string) bool { return false }
	text := configText(sectionRows(file.Sections, none))
	again := parseFile(t, text)
	if got, want := unplaced(again.Sections), unplaced(file.Sections); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v\nin\n%s", got, want, text)
	}
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "  # f:") {
			t.Errorf("nothing says where this is from: %s", line)
		}
	}
	data, err := json.Marshal(sectionsJSON(file.Sections))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"match":{"group":"x","label":"network \u0026\u0026 !slow"`, `"rerun-only":["time.?out","a: b"]`, `"name":"tests","source":"f:1"`,
		`"rerun-fails":"f:3"`, `"db":"2"`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in\n%s", want, data)
		}
	}
}

// TestDecidedKeysAreComments: what the command line has decided is not in the file that is printed.
func TestDecidedKeysAreComments(t *testing.T) {
	t.Parallel()
	file := parseFile(t, "tests:\n  - {match: {test: A}, rerun-fails: 2, reason: so}\n  - {match: {test: B}, rerun-fails: 3, serial: true}\n")
	text := configText(sectionRows(file.Sections, func(key string) bool { return key == "rerun-fails" }))
	rules := parseFile(t, text).Rules
	if len(rules) != 1 || rules[0].Match.Test != "B" || rules[0].RerunFails != nil || rules[0].Serial == nil {
		t.Errorf("%+v in\n%s", rules, text)
	}
	if n := strings.Count(text, "but the command line sets rerun-fails"); n != 2 {
		t.Errorf("%d lines say why:\n%s", n, text)
	}
	text = configText(sectionRows(file.Sections, func(key string) bool { return true }))
	if all := parseFile(t, text); len(all.Sections) > 0 {
		t.Errorf("something is left:\n%s", text)
	}
}

// TestDecided: which keys of rules the command line decides.
func TestDecided(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string // go test's follow --
		want string   // of the keys group, dist, shuffle, rerun-fails, those that are decided
		seed int64    // of a rule that says shuffle: 5; 0: the run's
	}{
		{nil, "", 5},
		{[]string{"--rerun-fails=0", "--group=A"}, "rerun-fails", 5},
		{[]string{"--dist=load"}, "dist", 5},
		{[]string{"--shuffle=on"}, "shuffle", -1},
		{[]string{"--shuffle=off"}, "shuffle", -1},
		{[]string{"--shuffle=7"}, "", 0},
		{[]string{"--shuffle=last"}, "", 0},
		{[]string{"--", "-shuffle=7"}, "", 0},
		{[]string{"--", "-shuffle", "on", "./..."}, "shuffle", -1},
		{[]string{"--", "-shuffle=off"}, "shuffle", -1},
	} {
		path := writeConfig(t, "tests: [{match: {package: ./...}, shuffle: 5}]\n")
		table, _ := newFlags(newEnviron(nil))
		cmd := &command{env: newEnviron([]string{"COHORT_FLAGS=--config=" + path})}
		scanned := cmd.scan(rootCommand(table), tc.args)
		from := cmd.sources(table, flagLayer(scanned.Settings, ""), scanned.Rest)
		if len(from.problems) > 0 {
			t.Errorf("%v: %v", tc.args, from.problems)
			continue
		}
		var decided []string
		for _, key := range []string{"group", "dist", "shuffle", "rerun-fails"} {
			if from.decided(key) {
				decided = append(decided, key)
			}
		}
		seed := int64(-1)
		if o := from.rules.Manner("github.com/gotestcohort/cohort/x").Order; o != nil && o.Shuffled {
			seed = o.Seed * map[bool]int64{true: 1}[o.Seeded]
		}
		if got := strings.Join(decided, " "); got != tc.want || seed != tc.seed {
			t.Errorf("%v: decided %q, seed %d; want %s", tc.args, got, seed, fmt.Sprint(tc.want, " ", tc.seed))
		}
	}
}
