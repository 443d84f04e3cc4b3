package config

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

func testFlags() []usage.Flag {
	return []usage.Flag{
		{Name: "workers", Takes: "N|auto"},
		{Name: "format", Kind: usage.Choice, Choices: []string{"dots", "testname"}, Also: []string{"short"}},
		{Name: "rerun-fails", Kind: usage.Number, Bare: "2"},
		{Name: "rerun-delay"},
		{Name: "debug", Kind: usage.Switch},
		{Name: "history"},
		{Name: "junitfile", Path: usage.OutputFile},
		{Name: "group", Key: "groups", Repeat: true},
		{Name: "format-hivis", Kind: usage.Switch, Hidden: true},
		{Name: "version", Kind: usage.Switch, Once: true},
	}
}

// badFlags are files whose flags are wrong, or that are no configuration, and what is said of them.
func badFlags() map[string]string {
	return map[string]string{
		// Keys.
		"worker: 3":                         "1: unknown key worker (did you mean workers?)",
		"format: dots\nrerun_fails: 2":      "2: unknown key rerun_fails (did you mean rerun-fails?)",
		"# a\r\nworkers: 1 # b\r\nx: 1\r\n": "3: unknown key x",
		"nonsense: 3":                       "1: unknown key nonsense",
		"test: []":                          "1: unknown key test (did you mean tests?)",
		"profile: {ci: {}}":                 "1: unknown key profile (did you mean profiles?)",
		"version: 1\nversion: 1":            "2: version is there twice, first in line 1",
		"workers: 1\n\nworkers: 2":          "3: workers is there twice, first in line 1",
		"group: a\ngroups: [b]":             "2: group is there twice, first in line 1",
		"? [a]\n: 1":                        "2: is no YAML: found an invalid key for this map",
		"<<: {workers: 3}":                  "1: << is not supported: write the keys out, or use an alias for a value",
		"debug: true\nversion: 2":           "2: version 2: this cohort reads version 1",
		"version: one":                      "1: version one: this cohort reads version 1",
		"version:":                          "1: version nothing: this cohort reads version 1",
		"Workers: 3":                        "1: unknown key Workers (did you mean workers?)",
		"rerun-fails: 2\nrerun-dealy: 5":    "2: unknown key rerun-dealy (did you mean rerun-delay?)",
		"profiles: {ci: {worker: 3}}":       "1: unknown key worker (did you mean workers?)",
		"profiles:\n  ci:\n    tests: []":   "3: tests belongs at the top of the file, not into a profile",
		"profiles:\n  ci: {version: true}":  "2: version can only be a flag of the command line",
		// Types of flags.
		"debug: yes":                              `1: debug: must be true or false, not "yes"`,
		"debug: 1":                                `1: debug: must be true or false, not "1"`,
		"debug: [true]":                           "1: debug must be one value, not a list",
		"debug:":                                  "1: debug must be true or false, not nothing",
		"rerun-fails: two":                        `1: rerun-fails: must be a whole number, not "two"`,
		"rerun-fails: 1.5":                        `1: rerun-fails: must be a whole number, not "1.5"`,
		"rerun-fails: '2'":                        `1: rerun-fails: must be a whole number, not "2"`,
		"rerun-fails: true":                       `1: rerun-fails: must be a whole number, not "true"`,
		"rerun-fails: 99999999999999999999":       `1: rerun-fails: must be a whole number, not "99999999999999999999"`,
		"format: dot":                             "1: format: must be one of: dots, testname (did you mean dots?)",
		"format: {a: b}":                          "1: format must be a text, not a mapping",
		"junitfile: [a, b]":                       "1: junitfile must be one value, not a list",
		"groups:\n  - a\n  - {b: c}":              "3: groups must be a text or a list of texts, not a mapping",
		"groups: [[a]]":                           "1: groups must be a text or a list of texts, not a list",
		"junitfile: !!binary abc":                 "1: junitfile must be a text, not a tag",
		"history: *nowhere":                       "1: there is no anchor &nowhere above",
		"profiles: 3":                             `1: profiles must be a mapping (key: value), not "3"`,
		"profiles: {ci: 3}":                       `1: profile ci must be a mapping (key: value), not "3"`,
		"profiles:\n  ci:\n    rerun-fails: many": `3: rerun-fails: must be a whole number, not "many"`,
		// Files that are something else.
		"workers":                          `1: the file must be a mapping (key: value), not "workers"`,
		"- workers: 3":                     "1: the file must be a mapping (key: value), not a list",
		"workers: 3\n---\nworkers: 4":      "3: a second document: the file holds one",
		"workers: 3\n\tformat: dots":       "2: is no YAML: found character '\t' that cannot start any token",
		"workers: [1, 2":                   "1: is no YAML: sequence end token ']' not found",
		"workers: 'a":                      "1: is no YAML: could not find end character of single-quoted text",
		"workers: 3\n  format: dots\na: b": "1: is no YAML: mapping value is not allowed in this context",
	}
}

// badSections are files whose sections are wrong.
func badSections() map[string]string {
	return map[string]string{
		// Rules.
		"tests: {match: {test: A}}":                                    "1: tests must be a list (- item), not a mapping",
		"tests:\n  - rerun-fails: 2":                                   "2: an entry of tests lacks match",
		"tests:\n  - match: {test: A}":                                 "2: an entry of tests sets nothing",
		"tests:\n  - {match: {test: A}, reason: so}":                   "2: an entry of tests sets nothing",
		"tests:\n  - {match: {}, serial: true}":                        "2: match names no tests: label, test, package or group",
		"tests:\n  - {match: {tst: A}, serial: true}":                  "2: unknown key tst in match (did you mean test?)",
		"tests:\n  - match: {test: A}\n    rerun: 2":                   "3: unknown key rerun in an entry of tests",
		"tests:\n  - match: {test: A}\n    time-out: 2":                "3: unknown key time-out in an entry of tests",
		"tests:\n  - match: {test: A}\n    test_timeout: 2":            "3: unknown key test_timeout in an entry of tests (did you mean test-timeout?)",
		"tests:\n  - match: {test: '('}\n    serial: true":             "2: test: is no regular expression: error parsing regexp: missing closing ): `(`",
		"tests:\n  - match: {label: 'a &&'}\n    serial: true":         "2: label: is no expression of labels: write it like e2e && !slow",
		"tests:\n  - match: {test: A}\n    serial: 1":                  "3: serial: must be true or false",
		"tests:\n  - match: {test: A}\n    dist: loadfil":              "3: dist: must be one of: loadscope, loadfile, loadpackage, load (did you mean loadfile?)",
		"tests:\n  - match: {test: A}\n    shuffle: random":            "3: shuffle: must be on, off or a number",
		"tests:\n  - match: {test: A}\n    rerun-fails: -1":            "3: rerun-fails: must be a whole number from 0 on",
		"tests:\n  - match: {test: A}\n    rerun-delay: soon":          "3: rerun-delay: must be a number of seconds or a duration such as 0.5, 2 or 1m30s",
		"tests:\n  - match: {test: A}\n    test-timeout: -1s":          "3: test-timeout: cannot be negative",
		"tests:\n  - match: {test: A}\n    rerun-backoff: 0.5":         "3: rerun-backoff: must be a number from 1 to 1000",
		"tests:\n  - match: {test: A}\n    rerun-only: [a, '[']":       "3: rerun-only: is no regular expression: error parsing regexp: missing closing ]: `[`",
		"tests:\n  - match: {test: A}\n    lock: []":                   "3: lock: is empty",
		"tests:\n  - match: {test: A}\n    lock: [{a: b}]":             "3: lock: must be a value, not a mapping",
		"tests:\n  - match: {test: A}\n    lock: db\n    serial: true": "2: an entry of tests sets serial and lock: serial is a lock that all tests share",
		"tests:\n  - A": `2: an entry of tests must be a mapping (key: value), not "A"`,
		// The other sections.
		"locks: [db]":                                           "1: locks must be a mapping (key: value), not a list",
		"locks: {db: 0}":                                        "1: db: must be a whole number from 1 on",
		"locks:\n  a: 1\n  db: many":                            "3: db: must be a whole number from 1 on",
		"quarantine:\n  - {test: p.T}":                          "2: an entry of quarantine lacks until",
		"quarantine:\n  - {until: 2027-01-31}":                  "2: an entry of quarantine lacks test",
		"quarantine: [{test: T, until: soon}]":                  "1: until: must be a day such as 2027-01-31",
		"quarantine: [{test: T, until: 31.1.}]":                 "1: until: must be a day such as 2027-01-31",
		"quarantine: [{test: T, untl: x}]":                      "1: unknown key untl in an entry of quarantine (did you mean until?)\n1: an entry of quarantine lacks until",
		"setup: [{name: a}]":                                    "1: an entry of setup lacks run",
		"setup: [{run: a}]":                                     "1: an entry of setup lacks name",
		"setup:\n  - {name: a, run: ''}":                        "2: run: is empty",
		"setup: [{name: a, run: b, when: {}}]":                  "1: unknown key when in an entry of setup",
		"setup: [{name: a, run: b, per: attempt}]":              "1: unknown key per in an entry of setup",
		"setup: [{name: a, run: []}]":                           "1: run: is empty",
		"setup: [{name: a, run: b, timeout: 0}]":                "1: timeout: must be a duration greater than 0, such as 30 or 1m30s",
		"setup: [{name: a, run: b, timeout: x}]":                "1: timeout: must be a duration greater than 0, such as 30 or 1m30s",
		"worker-setup: [{name: a, run: b, when: {label: '!'}}]": "1: label: is no expression of labels: write it like e2e && !slow",
		"worker-setup: [{name: a, run: b, per: test}]":          "1: per: must be one of: worker, attempt",
		"worker-setup: [{name: a, run: b, per: attemp}]":        "1: per: must be one of: worker, attempt (did you mean attempt?)",
		"worker-setup: [{name: a, run: b, per: [attempt]}]":     "1: per: must be a value, not a list",
		"worker-setup:\n  - {name: a, run: x, per: attempt}\n  - {name: b, run: x}\n  - {name: c, run: x, per: worker}": "3: set-up b is per: worker and comes after a, which is per: attempt: put those of each attempt last",
		// All together.
		"worker: 3\nformat: dot\ndebug: 1\nlocks: {a: x}": "1: unknown key worker (did you mean workers?)\n" +
			"2: format: must be one of: dots, testname (did you mean dots?)\n3: debug: must be true or false, not \"1\"\n4: a: must be a whole number from 1 on",
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	files := badFlags()
	maps.Copy(files, badSections())
	for file, want := range files {
		_, problems := Parse("f", []byte(file), testFlags())
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), "f:"))
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s\ngot:  %s\nwant: %s", file, text, want)
		}
	}
}

const everything = `# All of it.
version: 1
workers: 4
groups: ['^(TestFlow[A-Za-z]+)_', "b"]
history: off
debug: &yes true
rerun-delay: 5s
profiles:
  ci: {rerun-fails: 2, junitfile: junit.xml}
  quiet:
    format: short
    format-hivis: *yes
tests:
  - match: {label: network && !slow}
    rerun-fails: 0
    rerun-delay: 5
    rerun-backoff: 1.5
    rerun-only: time.?out
    rerun-except: [a, b]
    test-timeout: 2m
  - match: {package: ./cart, test: '^TestA', group: x}
    dist: loadpackage
    shuffle: off
    testmain: per-worker
    serial: false
    lock: [db, net]
    labels: slow
    group: g
    reason: TestLenAfterAdd needs TestAdd
locks: {db: 2}
quarantine:
  - {test: shop/e2e.TestPay, owner: '@pay', until: 2027-01-31, issue: 'https://example.com/1'}
setup:
  - {name: services, run: docker compose up -d --wait, teardown: [docker, compose, down, -v], timeout: 3m}
worker-setup:
  - name: database
    run: |
      ./ci/newdb.sh
      ./ci/fill.sh
    when: {label: database}
    per: worker
  - {name: rows, run: ./ci/fill.sh, per: attempt}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, problems := Parse("f", []byte(everything), testFlags())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := func(line int) Position { return Position{"f", line} }
	keys := func(line int, names ...string) map[string]Position {
		all := map[string]Position{}
		for i, name := range names {
			all[name] = at(line + i)
		}
		return all
	}
	zero, no, backoff := 0, false, 1.5
	delay, timeout := 5*time.Second, 2*time.Minute
	want := &Config{
		Flags: []Setting{
			{"workers", []string{"4"}, at(3)}, {"group", []string{"^(TestFlow[A-Za-z]+)_", "b"}, at(4)},
			{"history", []string{"off"}, at(5)}, {"debug", []string{"true"}, at(6)}, {"rerun-delay", []string{"5s"}, at(7)},
		},
		Profiles: []Profile{
			{"ci", []Setting{{"rerun-fails", []string{"2"}, at(9)}, {"junitfile", []string{"junit.xml"}, at(9)}}, at(9)},
			{"quiet", []Setting{{"format", []string{"short"}, at(11)}, {"format-hivis", []string{"true"}, at(12)}}, at(10)},
		},
		Rules: []Rule{
			{At: at(14), Keys: keys(15, "rerun-fails", "rerun-delay", "rerun-backoff", "rerun-only", "rerun-except", "test-timeout"), Match: Match{Label: "network && !slow"}, RerunFails: &zero, RerunDelay: &delay, RerunBackoff: &backoff,
				RerunOnly: []string{"time.?out"}, RerunExcept: []string{"a", "b"}, TestTimeout: &timeout},
			{At: at(21), Keys: keys(22, "dist", "shuffle", "testmain", "serial", "lock", "labels", "group"), Match: Match{Package: "./cart", Test: "^TestA", Group: "x"}, Reason: "TestLenAfterAdd needs TestAdd",
				Dist: "loadpackage", Shuffle: "off", TestMain: "per-worker", Serial: &no, Lock: []string{"db", "net"},
				Labels: []string{"slow"}, Group: "g"},
		},
		Locks: []Lock{{"db", 2, at(30)}},
		Quarantine: []Quarantined{{"shop/e2e.TestPay", "@pay", time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
			"https://example.com/1", at(32)}},
		Setup: []Command{{Name: "services", Run: CommandLine{Shell: "docker compose up -d --wait"}, TearDown: CommandLine{Words: []string{"docker", "compose", "down", "-v"}},
			Timeout: 3 * time.Minute, At: at(34)}},
		WorkerSetup: []Command{{Name: "database", Run: CommandLine{Shell: "./ci/newdb.sh\n./ci/fill.sh\n"}, When: Match{Label: "database"}, At: at(36)},
			{Name: "rows", Run: CommandLine{Shell: "./ci/fill.sh"}, PerAttempt: true, At: at(42)}},
	}
	sections := got.Sections
	got.Sections = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if text := shown(sections); text != wantSections {
		t.Errorf("sections\n%s\nwant\n%s", text, wantSections)
	}
	uses := fmt.Sprint(got.Uses())
	if uses != "[{tests f:14} {tests.lock f:26} {tests.test-timeout f:20} {locks f:30} {quarantine f:32} {setup f:34} {worker-setup f:36}]" {
		t.Errorf("uses %s", uses)
	}
}

const wantSections = `13 tests
14: 14 match=(14 label=network && !slow), 15 rerun-fails=0, 16 rerun-delay=5, 17 rerun-backoff=1.5, 18 rerun-only=[time.?out], 19 rerun-except=[a b], 20 test-timeout=2m
21: 21 match=(21 test=^TestA, 21 package=./cart, 21 group=x), 29 reason=TestLenAfterAdd needs TestAdd, 28 group=g, 25 serial=false, 26 lock=[db net], 22 dist=loadpackage, 23 shuffle=off, 24 testmain=per-worker, 27 labels=[slow]
30 locks
30: 30 db=2
31 quarantine
32: 32 test=shop/e2e.TestPay, 32 owner=@pay, 32 until=2027-01-31, 32 issue=https://example.com/1
33 setup
34: 34 name=services, 34 run=docker compose up -d --wait, 34 teardown=docker compose down -v, 34 timeout=3m
35 worker-setup
36: 36 name=database, 37 run=./ci/newdb.sh
./ci/fill.sh
, 40 when=(40 label=database), 41 per=worker
42: 42 name=rows, 42 run=./ci/fill.sh, 42 per=attempt
`

// shown writes sections with their lines.
func shown(sections []Section) string {
	var keys func(all []Key) string
	keys = func(all []Key) string {
		var texts []string
		for _, k := range all {
			value := strings.Join(k.Values, " ")
			switch {
			case k.Keys != nil:
				value = "(" + keys(k.Keys) + ")"
			case k.List:
				value = "[" + value + "]"
			}
			texts = append(texts, fmt.Sprintf("%d %s=%s", k.At.Line, k.Name, value))
		}
		return strings.Join(texts, ", ")
	}
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintln(&b, s.At.Line, s.Name)
		for _, e := range s.Entries {
			fmt.Fprintf(&b, "%d: %s\n", e.At.Line, keys(e.Keys))
		}
	}
	return b.String()
}

func TestEmptyFiles(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "\n", "# nothing\n", "---\n", "{}", "version: 1\n", "\ufeffversion: 1"} {
		got, problems := Parse("f", []byte(file), testFlags())
		if len(problems) > 0 || !reflect.DeepEqual(got, &Config{}) {
			t.Errorf("%q: %+v, %v", file, got, problems)
		}
	}
}

// FuzzParse checks that no file panics, that every problem has a line of the file, and
// that what is read is what the flags allow.
func FuzzParse(f *testing.F) {
	f.Add(everything)
	for _, s := range []string{
		"a: &a [*a]", "a: &a {b: *a}", "<<: *x", "- a", "a: b: c", "workers: !!int 3", "? a\n: b", "a: |\n  b", "'a': \"b\"",
		"tests: [{match: {test: A}, serial: true}]", "locks: {a: 1}", "\t", "%YAML 1.2\n---\na: 1", "a: {", "a: ]", "&a : 1", "*a : 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		config, problems := Parse("f", []byte(file), testFlags())
		lines := strings.Count(strings.ReplaceAll(file, "\r", "\n"), "\n") + 1
		for _, p := range problems {
			if p.At.Line < 1 || p.At.Line > lines+1 || p.Text == "" || p.At.File != "f" {
				t.Errorf("%q: %v", file, p)
			}
		}
		flags := testFlags()
		for _, s := range config.Flags {
			for i := range flags {
				for _, value := range s.Values {
					if flags[i].Name == s.Name && flags[i].Check(value) != nil {
						t.Errorf("%q: %+v", file, s)
					}
				}
			}
		}
	})
}
