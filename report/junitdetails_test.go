package report

import (
	"io"
	"strings"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"
)

func TestRefinedTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rounded float64
		between time.Duration
		want    time.Duration
	}{
		{0.01, 12345 * time.Microsecond, 12345 * time.Microsecond},
		{0, 926 * time.Microsecond, 926 * time.Microsecond},
		{0, 4 * time.Second, 0},                      // the event came late
		{5, time.Millisecond, 5 * time.Second},       // the start came late
		{1.5, -time.Second, 1500 * time.Millisecond}, // a clock was set
		{0, -time.Millisecond, 0},
	} {
		if got := refined(test.rounded, test.between); got != test.want {
			t.Errorf("%v, %v: %v, want %v", test.rounded, test.between, got, test.want)
		}
	}
}

// detailsOf writes the JUnit file of streams with details, and what a Handler timed.
func detailsOf(t *testing.T, mode RerunMode, d *JUnitDetails, streams ...string) string {
	t.Helper()
	lines := NewLines()
	d.Times = &Times{}
	h, err := NewHandler(Config{Format: "none", Lines: lines, Stdout: io.Discard, Stderr: io.Discard, Times: d.Times})
	if err != nil {
		t.Fatal(err)
	}
	var exec *testjson.Execution
	for i, stream := range streams {
		exec, err = testjson.ScanTestOutput(testjson.ScanConfig{
			RunID: i, Stdout: h.Events(lines.Events(strings.NewReader(inModule(stream)), nil)), Handler: h, Execution: exec,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return junitOf(t, exec, JUnit{Reruns: mode, Lines: lines, Details: d})
}

// later moves an event by some time.
func later(event, clock string) string { return strings.ReplaceAll(event, "03:04:05Z", clock+"Z") }

func TestJUnitDetails(t *testing.T) {
	t.Parallel()
	s := sources(t)
	d := func() *JUnitDetails {
		return &JUnitDetails{Sources: s, Detail: func(pkg, test string, attempt int) Detail {
			if test != "TestA" || attempt > 0 {
				return Detail{}
			}
			return Detail{Group: "checkout", Worker: "0", Seed: "7", Labels: []string{"e2e", "slow"}, Owner: "@pay"}
		}}
	}
	fail := event("fail", "", "")
	for _, test := range []struct {
		name    string
		mode    RerunMode
		streams []string
		want    string // in the file
	}{
		{"where it failed", RerunAll, []string{event("run", "TestA", "") + event("output", "TestA", "=== RUN   TestA\n") +
			event("output", "TestA", "    a_test.go:6: no <luck>\n") + event("output", "TestA", "more\n") +
			later(event("output", "TestA", "--- FAIL: TestA (0.01s)\n"), "03:04:05.012345") + later(event("fail", "TestA", "", `,"Elapsed":0.01`), "03:04:09") + fail},
			`<testcase classname="m/p" name="TestA" time="0.012345" file="mod/p/a_test.go" line="6">
			<properties>
				<property name="group" value="checkout"></property>
				<property name="worker" value="0"></property>
				<property name="attempt" value="0"></property>
				<property name="seed" value="7"></property>
				<property name="labels" value="e2e slow"></property>
				<property name="owner" value="@pay"></property>
			</properties>
			<failure message="a_test.go:6: no &lt;luck&gt;" type="">`},
		{"where it is", RerunAll, []string{result("TestA", "pass", "") + event("pass", "", "")}, `name="TestA" time="0.000000" file="mod/p/a_test.go" line="3">`},
		{"a subtest", RerunAll, []string{event("run", "TestA", "") + result("TestA/x", "skip", "why\n") + event("pass", "TestA", "") + event("pass", "", "")},
			`name="TestA/x" time="0.000000" file="mod/p/a_test.go" line="3">`},
		{"nobody knows where", RerunAll, []string{result("TestB", "pass", "") + event("pass", "", "")}, `name="TestB" time="0.000000">`},
		{"the test's own property", RerunAll, []string{event("run", "TestA", "") + event("attr", "TestA", "", `,"Key":"group","Value":"mine"`) +
			event("pass", "TestA", "") + event("pass", "", "")}, "<property name=\"group\" value=\"mine\"></property>\n\t\t\t\t<property name=\"worker\""},
		{"it never ended", RerunAll, []string{event("start", "", "") + event("run", "TestA", "") + later(event("fail", "", "", `,"Elapsed":3`), "03:04:08")},
			`name="TestA" time="3.000000"`},
		{"a package", RerunAll, []string{event("output", "", "no database\n") + event("output", "", "FAIL\tm/p\t0.1s\n") + fail},
			`<failure message="no database" type="">`},
		{"no output", RerunAll, []string{result("TestA", "fail", "") + fail}, `<failure message="Failed" type="">`},
		{"the last attempt", RerunLast, []string{result("TestA", "fail", "one\n") + fail, result("TestA", "fail", "two\n") + fail},
			`<failure message="two" type="">`},
		{"attempts inside", RerunSurefire, []string{result("TestA", "fail", "one\n") + fail, result("TestA", "fail", "two\n") + fail},
			`<rerunFailure message="two" type="">`},
		{"the number of an attempt", RerunLast, []string{result("TestA", "fail", "one\n") + fail, result("TestA", "pass", "") + event("pass", "", "")},
			`<property name="attempt" value="1"></property>`},
	} {
		if got := detailsOf(t, test.mode, d(), test.streams...); !strings.Contains(got, test.want) {
			t.Errorf("%s: got\n%s\nwant in it\n%s", test.name, got, test.want)
		}
	}
}
