package scheduler

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
)

// longSubtests is a history in which these subtests of package m/p took a second each.
func longSubtests(t *testing.T, names ...string) *history.Snapshot {
	t.Helper()
	h, err := history.Open(filepath.Join(t.TempDir(), "history"), "m")
	if err != nil {
		t.Fatal(err)
	}
	r := h.NewRun(history.Run{ID: "past", Start: time.Unix(1000, 0)})
	for _, name := range names {
		r.Add("m/p", name, history.Outcome{Result: history.Pass, Elapsed: time.Second})
	}
	if err := h.Save(t.Context(), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	return h.Snapshot("")
}

// patterns are what the processes run of TestA, sorted.
func patterns(t *testing.T, jobs []*job) string {
	t.Helper()
	var all []string
	for _, j := range jobs {
		p, err := j.Patterns()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(p.Run+" "+p.Skip))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestWhatIsSplit: a test runs in parts if it says so, if the history knows its subtests, and if
// nothing asks for one process.
func TestWhatIsSplit(t *testing.T) {
	t.Parallel()
	const source = "//cohort:split\nfunc TestA(t *testing.T) {}\n\n"
	const both = "^TestA$ ^TestA$/^(y)(#[0-9]+)?$, ^TestA$/^(y)(#[0-9]+)?$"
	for name, tc := range map[string]struct {
		config   Config
		source   string
		testMain bool
		args     []string
		want     string // "" for a process of all tests
		warns    bool
	}{
		"alone":                      {Config{}, source, false, nil, both, false},
		"-run names it":              {Config{}, source, false, []string{"-test.run=TestA"}, both, false},
		"-count=1":                   {Config{}, source, false, []string{"-test.count=1"}, both, false},
		"no directive":               {Config{}, "func TestA(t *testing.T) {}\n", false, nil, "", false},
		"-run selects a subtest":     {Config{}, source, false, []string{"-test.run=TestA/x"}, "", false},
		"-skip leaves one out":       {Config{}, source, false, []string{"-test.skip=TestA/x"}, "", false},
		"-count":                     {Config{}, source, false, []string{"-test.count=2"}, "", false},
		"-cpu":                       {Config{}, source, false, []string{"-test.cpu=1,2"}, "", false},
		"-failfast":                  {Config{}, source, false, []string{"-test.failfast=true"}, "", false},
		"loadpackage":                {Config{Dist: grouping.LoadPackage}, source, false, nil, "", false},
		"TestMain":                   {Config{}, source, true, nil, "", true},
		"TestMain, split by workers": {Config{SplitTestMain: true}, source, true, nil, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.config.Workers = 2
			b := newBench(t, &tc.config)
			b.cfg.Past = longSubtests(t, "TestA/x", "TestA/y")
			s := b.arrives(tc.source, tc.testMain, tc.args...)
			started := b.fill()
			if tc.want == "" && (len(started) != 1 || started[0].Part != nil) || tc.want != "" && patterns(t, started) != tc.want {
				t.Errorf("the processes run %s, want %q", patterns(t, started), tc.want)
			}
			warned := slices.ContainsFunc(s.warnings, func(w grouping.Warning) bool { return strings.Contains(w.Text, "TestA is not split") })
			if warned != tc.warns {
				t.Errorf("warnings: %v", s.warnings)
			}
			for ; len(started) > 0; started = b.fill() {
				for _, j := range started {
					b.finish(j, passing(j), 0)
				}
			}
			b.exit()
		})
	}
	for name, past := range map[string]*history.Snapshot{
		"one subtest": longSubtests(t, "TestA/x"), "no subtest": longSubtests(t, "TestA", "TestB/x", "TestB/y"),
	} {
		b := newBench(t, &Config{Workers: 2})
		b.cfg.Past = past
		b.arrives(source, false)
		started := b.fill()
		if len(started) != 1 || started[0].Part != nil {
			t.Errorf("%s: the processes run %s", name, patterns(t, started))
		}
		b.finish(started[0], passing(started[0]), 0)
		b.exit()
	}
}

// TestPartsAreOneTest: the go command sees one test, whatever becomes of its parts, and another test
// in its own process.
func TestPartsAreOneTest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		second script.Process // that of subtest y
		code   int
		exit   int
		want   string // the end of TestA
		sub    string // the end of TestA/y
		more   int    // processes for subtests that no part has run
	}{
		"passes":      {"+TestA +TestA/y pTestA/y pTestA PASS", 0, 0, "pass", "pass", 0},
		"fails":       {"+TestA +TestA/y fTestA/y fTestA FAIL", 1, 1, "fail", "fail", 0},
		"dies":        {"+TestA +TestA/y", 2, 2, "fail", "fail", 0},
		"has nothing": {"+TestA pTestA PASS", 0, 0, "pass", "", 1},
	} {
		b := newBench(t, &Config{Workers: 3})
		b.cfg.Past = longSubtests(t, "TestA/x", "TestA/y")
		s := b.arrives("//cohort:split\nfunc TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n", false)
		processes := 0
		for jobs := b.fill(); len(jobs) > 0; jobs = b.fill() {
			for _, j := range jobs {
				processes++
				switch {
				case j.Part == nil:
					b.finish(j, passing(j), 0)
				case len(j.Part.Only) == 0:
					b.finish(j, "+TestA +TestA/x pTestA/x +TestA/new pTestA/new pTestA PASS", 0)
				default:
					b.finish(j, tc.second, tc.code)
				}
			}
		}
		if want := 3 + tc.more; processes != want {
			t.Errorf("%s: %d processes, want %d", name, processes, want)
		}
		if code := b.exit(); code != tc.exit || !b.over(s) {
			t.Errorf("%s: exit status %d, want %d", name, code, tc.exit)
		}
		of, err := script.Events(b.stdout.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for test, end := range map[string]string{"TestA": tc.want, "TestA/x": "pass", "TestA/new": "pass", "TestA/y": tc.sub, "TestB": "pass"} {
			var got []string
			for _, e := range of[test] {
				if word, _, _ := strings.Cut(e, " "); word != "output" {
					got = append(got, word)
				}
			}
			want := []string{"run", end}
			if end == "" {
				want = nil
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has the events %q, want %q", name, test, of[test], want)
			}
		}
	}
}

// TestPartsInterrupted: of a test of which a part was cut off, or did not start, the run knows no
// result, and it is named once.
func TestPartsInterrupted(t *testing.T) {
	t.Parallel()
	for name, workers := range map[string]int{"one has ended": 2, "none has begun": 0} {
		b := newBench(t, &Config{Workers: 2, GoTest: &gotest.Args{Timeout: gotest.DefaultTimeout}})
		b.cfg.Past = longSubtests(t, "TestA/x", "TestA/y")
		b.arrives("//cohort:split\nfunc TestA(t *testing.T) {}\n", false)
		if workers == 0 {
			b.core.stop()
			b.exit()
		} else {
			started := b.fill()
			b.finish(started[0], "+TestA pTestA PASS", 0)
			b.core.stop()
			b.script.canceled = true
			b.finish(started[1], "+TestA +TestA/x", -1)
			b.exit()
		}
		got := b.core.interrupted
		if len(got) != 1 || got[0].Test != "TestA" || got[0].Started != (workers > 0) {
			t.Errorf("%s: %+v", name, got)
		}
		if out := b.stdout.String(); strings.Count(out, "=== RUN   TestA\n") != 1 || strings.Count(out, "--- SKIP: TestA (") != 1 {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestSubtestsAreRemembered: the history learns the subtests of a test that may be split, and the
// test as one, however it ran.
func TestSubtestsAreRemembered(t *testing.T) {
	t.Parallel()
	for name, past := range map[string]*history.Snapshot{"whole": longSubtests(t), "in parts": longSubtests(t, "TestA/x", "TestA/y")} {
		b := newBench(t, &Config{Workers: 2})
		h, err := history.Open(filepath.Join(t.TempDir(), "history"), "m")
		if err != nil {
			t.Fatal(err)
		}
		b.cfg.Past, b.cfg.Recorder = past, h.NewRun(history.Run{ID: "now", Start: time.Unix(2000, 0)})
		b.arrives("//cohort:split\nfunc TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n", false)
		for b.fill(); len(b.running) > 0; b.fill() {
			j := b.running[0]
			words := map[string]string{
				"TestA": "+TestA +TestA/x +TestA/x/deep pTestA/x/deep pTestA/x pTestA ", "TestB": "+TestB +TestB/x pTestB/x pTestB ",
			}
			if j.Part != nil && len(j.Part.Only) > 0 {
				words["TestA"] = "+TestA +TestA/y pTestA/y pTestA "
			}
			var all script.Process
			for _, p := range j.Tests {
				all += script.Process(words[p.Name])
			}
			j.remember(b.cfg.Recorder, b.finish(j, all+"PASS", 0))
		}
		b.exit()
		if err := h.Save(t.Context(), time.Unix(2000, 0)); err != nil {
			t.Fatal(err)
		}
		now := h.Snapshot("")
		want := map[string]int{"whole": 1, "in parts": 2}[name]
		if a, b := now.Subtests("m/p", "TestA"), now.Subtests("m/p", "TestB"); len(a) != want || len(b) != 0 {
			t.Errorf("%s: the subtests of TestA are %v, of TestB %v", name, a, b)
		}
		if n := len(now.Outcomes("m/p", "TestA")); n != 1 {
			t.Errorf("%s: %d outcomes of TestA", name, n)
		}
	}
}

// TestByName: subtests of one name are together, whatever their numbers are.
func TestByName(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"":                         "",
		"a b c":                    "a b c",
		"a a#01 a#02 b":            "a*3 b",
		"a#01 a":                   "a*2",
		"issue#12 issue#13":        "issue#12 issue#13", // nothing is called issue
		"issue#12 issue#12#01":     "issue#12*2",
		"a a#1 a# a#x a#01b":       "a a#1 a# a#x a#01b", // no number of the testing package's
		"#00 #01 b":                "b",
		"a a#01 a#01#01 a#100 b#2": "a*4 b#2",
	} {
		var all []history.Subtest
		for name := range strings.FieldsSeq(names) {
			all = append(all, history.Subtest{Name: name, Estimate: time.Second})
		}
		var got []string
		for _, s := range byName(all) {
			word := s.Name
			if s.Estimate > time.Second {
				word += fmt.Sprint("*", int(s.Estimate.Seconds()))
			}
			got = append(got, word)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}
