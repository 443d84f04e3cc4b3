package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"
)

// TestSetups: those that failed are told with their output, and all are in the JUnit file.
func TestSetups(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	setups := []Setup{
		{Name: "net", Worker: -1, Command: "./net", Start: at, Elapsed: 2 * time.Second},
		{Name: "db", Worker: 0, Command: "./db\n", Output: "secret\n", Problem: "exit status 1", Start: at, Elapsed: time.Second},
		{Name: "db", Worker: 1, For: "e2e TestPay", Command: "./db\n", Start: at, Elapsed: time.Second},
		{Name: "db", Worker: 1, For: "e2e TestPay, rerun 1", TearDown: true, Command: "./nodb", Problem: "timed out after 1s", Warning: true, Start: at, Elapsed: time.Second},
	}
	var out bytes.Buffer
	writeSetups(&out, setups)
	want := "\n=== Set-up\n=== FAIL: set-up db of worker 0: exit status 1 (1.00s)\n$ ./db\nsecret\n" +
		"=== WARN: tear-down of set-up db of worker 1 for e2e TestPay, rerun 1: timed out after 1s (1.00s)\n$ ./nodb\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", &out, want)
	}
	out.Reset()
	if writeSetups(&out, setups[:1]); out.Len() > 0 {
		t.Errorf("a good one: %s", &out)
	}
	out.Reset()
	j := JUnit{Setups: setups, Redact: func(s string) string { return strings.ReplaceAll(s, "secret", "[x]") }}
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Write(&out, exec); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<testsuites tests="2" failures="1" errors="0"`,
		`<testsuite tests="2" failures="1" time="4.000000" name="setup" timestamp="2026-01-02T03:04:05Z">`,
		`<testcase classname="setup" name="setup/net" time="2.000000"></testcase>`,
		`<testcase classname="setup" name="setup/db" time="2.000000">`,
		`<failure message="set-up db of worker 0: exit status 1" type="">set-up db of worker 0: exit status 1&#xA;$ ./db&#xA;&#xA;[x]&#xA;</failure>`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "timed out") {
		t.Errorf("a warning is a failure:\n%s", &out)
	}
	out.Reset()
	if err := (GitHub{Redact: j.Redact}).WriteAnnotations(&out, exec, Outcome{Setups: setups}); err != nil {
		t.Fatal(err)
	}
	if want := "::error title=set-up db of worker 0::exit status 1%0A[x]\n"; out.String() != want {
		t.Errorf("annotations %q, want %q", &out, want)
	}
}
