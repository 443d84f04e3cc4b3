package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/config"
	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/scheduler"
	"github.com/gotestcohort/cohort/scheduler/history"
)

func TestQuarantinedName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"shop/e2e.TestPay":             "shop/e2e TestPay",
		"example.com/m.TestRoot":       "example.com/m TestRoot",
		"example.com/m/v2.FuzzParse":   "example.com/m/v2 FuzzParse",
		"gopkg.in/yaml.v3.TestA":       "gopkg.in/yaml.v3 TestA",
		"./e2e.TestPay":                "example.com/m/e2e TestPay",
		"./a/b.ExampleT_Method":        "example.com/m/a/b ExampleT_Method",
		"..TestRoot":                   "example.com/m TestRoot",
		"command-line-arguments.TestA": "command-line-arguments TestA",
		"./e2e.TestPay/card":           "subtest",
		"e2e.TestPay/a.b":              "subtest",
		"TestPay":                      "must be a package",
		".TestPay":                     "must be a package",
		"e2e.checkout":                 "must be a package",
		"e2e.BenchmarkX":               "must be a package",
		"e2e/TestPay":                  "must be a package",
		"":                             "must be a package",
	} {
		name, err := quarantinedName(text, "example.com/m")
		got := name.Package + " " + name.Test
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, err := quarantinedName("./a.TestA", ""); err == nil {
		t.Error("a place without a module is no error")
	}
}

// quarantineOf has the test p.T until a day.
func quarantineOf(t *testing.T, now time.Time, until string) *quarantine {
	t.Helper()
	day, err := time.Parse(time.DateOnly, until)
	if err != nil {
		t.Fatal(err)
	}
	at := config.Position{File: "c.yaml", Line: 3}
	q, problems := newQuarantine([]config.Quarantined{{Test: "p.TestT", Until: day, Owner: "@o", Issue: "#1", At: at}}, "m", now)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return q
}

// The last day counts in full, in UTC.
func TestQuarantineDay(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 14*3600)
	for _, tc := range []struct {
		now  time.Time
		want bool
	}{
		{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), true},
		{time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), true},
		{time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), false},
		{time.Date(2027, 2, 1, 13, 59, 59, 0, east), true}, // it is still January in UTC
		{time.Date(2027, 2, 1, 14, 0, 0, 0, east), false},
		{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		q := quarantineOf(t, tc.now, "2027-01-31")
		if got := q.holds("p", "TestT"); got != tc.want || (len(q.inForce()) == 1) != tc.want {
			t.Errorf("%v: %v", tc.now, got)
		}
		if q.holds("p", "TestOther") || q.holds("q", "TestT") {
			t.Error("another test is in quarantine")
		}
	}
}

func TestStreak(t *testing.T) {
	t.Parallel()
	for outcomes, want := range map[string]string{
		"": "never 0", "p": "never 1", "ppsp": "never 3", "f": "0 0", "pf": "1 0", "pfsf": "1 0", "fpf": "2 0", "ffp": "never 1", "ss": "never 0",
	} {
		var past []history.PastOutcome
		for i, r := range outcomes {
			past = append(past, history.PastOutcome{Result: history.Result(r), Time: time.Unix(int64(i), 0)})
		}
		since, passes := streak(past)
		first := "never"
		if !since.IsZero() {
			first = fmt.Sprint(since.Unix())
		}
		if got := fmt.Sprint(first, " ", passes); got != want {
			t.Errorf("%s: %s, want %s", outcomes, got, want)
		}
	}
}

// pastRuns is a history in which p.TestT ended so, one run after the other.
func pastRuns(t *testing.T, outcomes string) *history.Snapshot {
	t.Helper()
	file := t.TempDir() + "/history"
	for i, r := range outcomes {
		h, warning := history.Open(file, "m")
		if warning != nil {
			t.Fatal(warning)
		}
		start := time.Date(2027, 1, 1+i, 0, 0, 0, 0, time.UTC)
		h.NewRun(history.Run{ID: fmt.Sprint(i), Start: start}).Add("p", "TestT", history.Outcome{Result: history.Result(r)})
		if err := h.Save(t.Context(), start); err != nil {
			t.Fatal(err)
		}
	}
	s, err := history.Read(file, "")
	if err != nil {
		return new(history.History).Snapshot("")
	}
	return s
}

// TestJudge: a unit that the scheduler excuses is told of as what it is; any other stays a failure.
func TestJudge(t *testing.T) {
	t.Parallel()
	past := pastRuns(t, "pff")
	now := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		until   string
		unit    scheduler.UnitVerdict
		excused bool
		note    string
	}{
		{"excused", "2027-01-31", scheduler.UnitVerdict{Known: []string{"TestT"}, Excused: true}, true, ""},
		{"not excused", "2027-01-31", scheduler.UnitVerdict{Known: []string{"TestT"}, Unexcused: "x failed too"}, false,
			"noted; quarantined until 2027-01-31, @o, #1, failing since 2027-01-02, but not excused: x failed too"},
		{"over", "2027-01-30", scheduler.UnitVerdict{}, false, "noted; was quarantined until 2027-01-30, @o, #1, failing since 2027-01-02"},
		{"another test", "2027-01-31", scheduler.UnitVerdict{Tests: []string{"TestU"}, Name: "TestU"}, false, "noted"},
	} {
		u := tc.unit
		u.Package = "p"
		if u.Tests == nil {
			u.Tests, u.Name = []string{"TestT"}, "TestT"
		}
		o := report.Outcome{Failed: []report.Unit{{Package: u.Package, Name: u.Name, Tests: u.Tests, Note: "noted"}}}
		q := quarantineOf(t, now, tc.until)
		q.judge(&o, []scheduler.UnitVerdict{u}, past)
		if len(o.Excused) == 1 != tc.excused || len(o.Failed) == 1 == tc.excused {
			t.Errorf("%s: %+v", tc.name, o)
			continue
		}
		if !tc.excused && o.Failed[0].Note != tc.note {
			t.Errorf("%s: note %q, want %q", tc.name, o.Failed[0].Note, tc.note)
		}
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	q := quarantineOf(t, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), "2028-01-31")
	for _, tc := range []struct {
		outcomes string
		ran      bool
		failed   []scheduler.UnitVerdict
		want     int
	}{
		{"pppppppppp", true, nil, 1},
		{"fpppppsppppp", true, nil, 1},
		{"ppppppppp", true, nil, 0},
		{"pppppppppppf", true, nil, 0},
		{"pppppppppp", false, nil, 0},
		{"pppppppppp", true, []scheduler.UnitVerdict{{Package: "p", Tests: []string{"TestT"}}}, 0},
		{"pppppppppp", true, []scheduler.UnitVerdict{{Package: "p"}}, 0},
		{"pppppppppp", true, []scheduler.UnitVerdict{{Package: "p", Tests: []string{"TestU"}}}, 1},
	} {
		got := q.ready(func(string) bool { return tc.ran }, tc.failed, pastRuns(t, tc.outcomes))
		if len(got) != tc.want || len(got) == 1 && (got[0].Passes < readyAfter || got[0].Place != "c.yaml:3") {
			t.Errorf("%s, %v: %+v", tc.outcomes, tc.failed, got)
		}
	}
}

func TestUnknownEntries(t *testing.T) {
	t.Parallel()
	q := quarantineOf(t, time.Time{}, "2028-01-31")
	with := map[string]*grouping.Package{"p": {Tests: []grouping.Test{{Name: "TestT"}}}}
	without := map[string]*grouping.Package{"p": {Tests: []grouping.Test{{Name: "TestU"}}}}
	for _, tc := range []struct {
		lists    map[string]*grouping.Package
		ran, all bool
		want     string
	}{
		{with, true, true, ""}, {without, true, false, "c.yaml:3: quarantine: p has no test TestT"},
		{nil, true, true, ""}, // its result had been kept
		{nil, false, false, ""}, {nil, false, true, "c.yaml:3: quarantine: there is no package p"},
	} {
		got := strings.Join(q.unknown(tc.lists, func(string) bool { return tc.ran }, tc.all), "\n")
		if got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}

// TestSettled: a failed run is good only if all that failed is excused or passed in the end.
func TestSettled(t *testing.T) {
	t.Parallel()
	fail := func(pkg, test string) string {
		return fmt.Sprintf(`{"Action":"run","Package":%q,"Test":%q}`+"\n"+`{"Action":"fail","Package":%[1]q,"Test":%[2]q}`+"\n", pkg, test)
	}
	const end = `{"Action":"fail","Package":"p"}` + "\n"
	unit := func(name string) report.Unit { return report.Unit{Package: "p", Name: name, Tests: []string{name}} }
	bad := report.Excused{Unit: unit("TestBad"), Known: []report.Known{{Package: "p", Test: "TestBad"}}}
	status1 := exitStatus{exitFailed}
	for _, tc := range []struct {
		name        string
		status      error
		events      string
		outcome     report.Outcome
		failOnFlaky bool
		good        bool
	}{
		{"excused", status1, fail("p", "TestBad") + end, report.Outcome{Excused: []report.Excused{bad}}, false, true},
		{"nothing is excused", status1, fail("p", "TestBad") + end, report.Outcome{Failed: []report.Unit{unit("TestBad")}}, false, false},
		{"another failed unit", status1, fail("p", "TestBad") + end, report.Outcome{Excused: []report.Excused{bad}, Failed: []report.Unit{unit("TestGood")}}, false, false},
		{"an event of another test", status1, fail("p", "TestBad") + fail("p", "TestGood") + end, report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"an event of another package", status1, fail("p", "TestBad") + end + `{"Action":"fail","Package":"q"}` + "\n", report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"a test without an end", status1, fail("p", "TestBad") + `{"Action":"run","Package":"p","Test":"TestGood"}` + "\n" + end, report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"only the package", status1, end, report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"another exit code", exitStatus{2}, fail("p", "TestBad") + end, report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"reruns were given up", errors.New("too many"), fail("p", "TestBad") + end, report.Outcome{Excused: []report.Excused{bad}}, false, false},
		{"interrupted", status1, fail("p", "TestBad") + end,
			report.Outcome{Excused: []report.Excused{bad}, NotStarted: []report.TimedTest{{Package: "p", Test: "TestGood"}}}, false, false},
		{"with a flaky one", status1, fail("p", "TestBad") + fail("p", "TestFlaky") + end,
			report.Outcome{Excused: []report.Excused{bad}, Flaky: []report.Unit{unit("TestFlaky")}}, false, true},
		{"with a flaky one that fails the run", status1, fail("p", "TestBad") + fail("p", "TestFlaky") + end,
			report.Outcome{Excused: []report.Excused{bad}, Flaky: []report.Unit{unit("TestFlaky")}}, true, false},
		{"with a flaky one in quarantine", status1, fail("p", "TestBad") + fail("p", "TestFlaky") + end,
			report.Outcome{Excused: []report.Excused{bad}, Flaky: []report.Unit{unit("TestFlaky")}, InQuarantine: []string{"p.TestFlaky"}}, true, true},
	} {
		exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader(tc.events)})
		if err != nil {
			t.Fatal(err)
		}
		if got := settled(tc.status, tc.outcome, exec, tc.failOnFlaky); (got == nil) != tc.good {
			t.Errorf("%s: %v", tc.name, got)
		}
		if !tc.good || tc.failOnFlaky {
			continue
		}
		// What the summary counts agrees with that.
		failed := len(exec.Failed())
		if err := tc.outcome.Excuse(exec, 0); err != nil {
			t.Fatal(err)
		}
		if got := len(exec.Failed()); got != failed-1 || len(exec.Skipped()) != 1 {
			t.Errorf("%s: %d failures and %d skipped after it was excused", tc.name, got, len(exec.Skipped()))
		}
	}
	if settled(nil, report.Outcome{Excused: []report.Excused{bad}}, nil, false) != nil {
		t.Error("a good run is none")
	}
}
