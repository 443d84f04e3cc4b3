package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/gotestsum/testjson"
)

// event writes one event of package p as go test -json does.
func event(action, test, output string, more ...string) string {
	s := `{"Time":"2026-01-02T03:04:05Z","Action":"` + action + `","Package":"p"`
	if test != "" {
		s += `,"Test":"` + test + `"`
	}
	if output != "" {
		s += `,"Output":` + quote(output)
	}
	return s + strings.Join(more, "") + "}\n"
}

// result writes the events of a test that ends in action after printing output.
func result(test, action, output string) string {
	s := event("run", test, "")
	if output != "" {
		s += event("output", test, output)
	}
	return s + event(action, test, "")
}

// passes scans streams as the first pass and reruns of one execution.
func passes(t *testing.T, streams ...string) *testjson.Execution {
	t.Helper()
	var exec *testjson.Execution
	for i, s := range streams {
		var err error
		exec, err = testjson.ScanTestOutput(testjson.ScanConfig{RunID: i, Stdout: strings.NewReader(s), Execution: exec})
		if err != nil {
			t.Fatal(err)
		}
	}
	return exec
}

// flaky, broken and crashing tests, in three attempts; one passes and is not rerun,
// one is skipped, one runs twice in each attempt.
func threeAttempts(t *testing.T) *testjson.Execution {
	return passes(t,
		result("TestPass", "pass", "")+result("TestSkip", "skip", "no reason\n")+
			result("TestFlaky", "fail", "first\n")+result("TestBroken", "fail", "one\n")+
			result("TestCrash", "fail", "panic: boom\n")+
			result("TestTwice", "pass", "")+result("TestTwice", "fail", "second time\n")+
			event("output", "", "FAIL\n")+event("fail", "", ""),
		result("TestFlaky", "pass", "")+result("TestBroken", "fail", "two\n")+result("TestCrash", "fail", "tame\n")+
			result("TestTwice", "pass", "")+result("TestTwice", "pass", "")+event("fail", "", ""),
		result("TestBroken", "fail", "three\n")+result("TestCrash", "fail", "fatal error: x\n")+event("fail", "", ""),
	)
}

func junitOf(t *testing.T, exec *testjson.Execution, j JUnit) string {
	t.Helper()
	var b strings.Builder
	if err := j.Write(&b, exec); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// shape drops indentation and the parts of an XML document that these tests do not
// care for.
func shape(doc string) string {
	var out []string
	for line := range strings.Lines(doc) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "<?xml") || strings.Contains(line, "propert") || line == "</testcase>" {
			continue
		}
		line = strings.NewReplacer(` classname="p"`, "", ` time="0.000000"`, "", `></testcase>`, ">").Replace(line)
		if i := strings.Index(line, ` timestamp=`); i > 0 {
			line = line[:i] + ">"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestJUnitReruns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode RerunMode
		want string
	}{
		{RerunLast, `<testsuites tests="7" failures="2" errors="0">
<testsuite tests="7" failures="2" skipped="1" name="p">
<testcase name="TestBroken">
<failure message="Failed" type="">three&#xA;</failure>
<testcase name="TestCrash">
<failure message="Failed" type="">fatal error: x&#xA;</failure>
<testcase name="TestSkip">
<skipped message="no reason&#xA;"></skipped>
<testcase name="TestPass">
<testcase name="TestFlaky">
<testcase name="TestTwice">
<testcase name="TestTwice">
</testsuite>
</testsuites>`},
		{RerunSurefire, `<testsuites tests="7" failures="1" errors="1">
<testsuite tests="7" failures="1" errors="1" skipped="1" flakes="2" name="p">
<testcase name="TestBroken">
<failure message="Failed" type="">one&#xA;</failure>
<rerunFailure message="Failed" type="">
<stackTrace>two&#xA;</stackTrace>
</rerunFailure>
<rerunFailure message="Failed" type="">
<stackTrace>three&#xA;</stackTrace>
</rerunFailure>
<testcase name="TestCrash">
<error message="Failed" type="">panic: boom&#xA;</error>
<rerunFailure message="Failed" type="">
<stackTrace>tame&#xA;</stackTrace>
</rerunFailure>
<rerunError message="Failed" type="">
<stackTrace>fatal error: x&#xA;</stackTrace>
</rerunError>
<testcase name="TestSkip">
<skipped message="no reason&#xA;"></skipped>
<testcase name="TestPass">
<testcase name="TestFlaky">
<flakyFailure message="Failed" type="">
<stackTrace>first&#xA;</stackTrace>
</flakyFailure>
<testcase name="TestTwice">
<testcase name="TestTwice">
<flakyFailure message="Failed" type="">
<stackTrace>second time&#xA;</stackTrace>
</flakyFailure>
</testsuite>
</testsuites>`},
	} {
		got := shape(junitOf(t, threeAttempts(t), JUnit{Reruns: test.mode}))
		if got != test.want {
			t.Errorf("%v: got\n%s\nwant\n%s", test.mode, got, test.want)
		}
	}
}

// Writing the file changes nothing: twice gives the same, and the counts stay.
func TestJUnitChangesNothing(t *testing.T) {
	t.Parallel()
	exec := threeAttempts(t)
	hook := Hook{Format: "dots", JSONFile: "a", TimingFile: "b", JUnitFile: "c"}
	before := hook.Environment(exec)
	for _, j := range []JUnit{{HideSkippedTests: true}, {Reruns: RerunLast, HideSkippedTests: true}, {Reruns: RerunSurefire}} {
		if first, second := junitOf(t, exec, j), junitOf(t, exec, j); first != second {
			t.Errorf("got\n%s\nthen\n%s", first, second)
		}
	}
	if after := hook.Environment(exec); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("before %v, after %v", before, after)
	}
	want := "TESTS_SKIPPED=1"
	if got := before[len(before)-2]; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJUnitHidesSkippedWhateverTheMode(t *testing.T) {
	t.Parallel()
	for mode := range RerunMode(3) {
		if got := junitOf(t, threeAttempts(t), JUnit{Reruns: mode, HideSkippedTests: true}); strings.Contains(got, "skipped") {
			t.Errorf("%v: got\n%s", mode, got)
		}
	}
}

// A package that failed without a failed test, and passed as a whole in a rerun.
func TestJUnitPackageFailure(t *testing.T) {
	t.Parallel()
	first := event("output", "", "no database\n") + event("fail", "", "")
	if got := junitOf(t, passes(t, first), JUnit{Reruns: RerunSurefire}); !strings.Contains(got, `name="TestMain"`) {
		t.Errorf("got\n%s", got)
	}
	exec := passes(t, first, result("TestA", "pass", "")+event("pass", "", ""))
	if got := junitOf(t, exec, JUnit{Reruns: RerunSurefire}); strings.Contains(got, "TestMain") || !strings.Contains(got, `failures="0"`) {
		t.Errorf("got\n%s", got)
	}
}

func TestParseRerunMode(t *testing.T) {
	t.Parallel()
	for mode := range RerunMode(3) {
		if got, err := ParseRerunMode(mode.String()); got != mode || err != nil {
			t.Errorf("%v: got %v, %v", mode, got, err)
		}
	}
	if _, err := ParseRerunMode("none"); err == nil {
		t.Error("no error")
	}
}

func TestSummarySections(t *testing.T) {
	t.Parallel()
	exec := passes(t, result("TestA", "fail", "")+event("fail", "", ""))
	outcome := Outcome{
		Flaky:  []Unit{{Package: "p", Name: "checkout", Attempts: 3, Note: "passes alone", Command: "go test -run F p"}},
		Failed: []Unit{{Package: "p", Name: "TestA", Attempts: 3, Command: "go test -run A p", Note: "always"}, {Package: "q"}},
		Order:  []OrderFinding{{Package: "p", Name: "TestA"}},
		Seed:   "7",
	}
	var b strings.Builder
	if err := Summary(&b, exec, testjson.SummarizeNone, outcome); err != nil {
		t.Fatal(err)
	}
	got, _, _ := strings.Cut(b.String(), "\n\nDONE ")
	want := `
=== Flaky
=== FLAKY: p checkout (passed in rerun 2)
    passes alone

=== Order-dependent
=== ORDER: p TestA passes in source order in one process

=== Reproduce
go test -run A p
    always
go test -run F p
the whole run in the same order: add --shuffle=7 to the command`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Nothing failed: only gotestsum's summary, seed or not.
	b.Reset()
	if err := Summary(&b, exec, testjson.SummarizeNone, Outcome{Seed: "7"}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "\nDONE ") {
		t.Errorf("got %q", b.String())
	}
}

func TestRerunReport(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "report")
	if err := WriteRerunReport(name, threeAttempts(t)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	want := "p.TestBroken: 3 runs, 3 failures\np.TestCrash: 3 runs, 3 failures\n" +
		"p.TestFlaky: 2 runs, 1 failures\np.TestTwice: 4 runs, 1 failures\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if err := WriteRerunReport(filepath.Join(name, "x"), threeAttempts(t)); err == nil {
		t.Error("no error for a file that can not be made")
	}
}

// broken is a file system object that takes nothing.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsAreTold(t *testing.T) {
	t.Parallel()
	exec := threeAttempts(t)
	if err := (JUnit{}).Write(broken{}, exec); !errors.Is(err, errBroken) {
		t.Errorf("JUnit: got %v", err)
	}
	if err := Summary(broken{}, exec, testjson.SummarizeAll, Outcome{}); !errors.Is(err, errBroken) {
		t.Errorf("Summary: got %v", err)
	}
	if err := Interim(broken{}, exec); !errors.Is(err, errBroken) {
		t.Errorf("Interim: got %v", err)
	}
	dir := t.TempDir()
	for _, cfg := range []Config{
		{JSONFile: dir}, {TimingFile: dir}, {JSONFile: filepath.Join(dir, "ok"), TimingFile: dir}, {Format: "nonsense"},
	} {
		if cfg.Format == "" {
			cfg.Format = "none"
		}
		h, err := NewHandler(cfg)
		if err == nil {
			t.Errorf("%+v: no error", cfg)
		}
		if err := h.Close(); err != nil {
			t.Errorf("%+v: close: %v", cfg, err)
		}
	}
}

func TestHandlerForgetsPassed(t *testing.T) {
	t.Parallel()
	h, err := NewHandler(Config{Format: "none", ForgetPassed: true, Lines: NewLines(), Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	// The subtest of q has no end; testjson forgives that, as its root passed.
	q := strings.ReplaceAll(event("run", "TestQ", "")+event("run", "TestQ/sub", "")+event("pass", "TestQ", "")+
		event("pass", "", ""), `"p"`, `"q"`)
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout:  strings.NewReader(result("TestA", "pass", "") + result("TestB", "skip", "") + event("pass", "", "") + q),
		Handler: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := exec.Package("p"); len(p.Passed) != 0 || p.Total != 2 || exec.Total() != 4 || len(exec.Failed()) != 0 {
		t.Errorf("passed %d, total %d of %d, failed %v", len(p.Passed), p.Total, exec.Total(), exec.Failed())
	}
}
