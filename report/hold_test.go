package report

import (
	"errors"
	"io"
	"strings"
	"testing"

	"gotest.tools/gotestsum/testjson"
)

// held runs a first pass and attempts through a Hold, and returns what it let through
// at once, and what in the end, as "action test output" lines with the run's number.
func held(t *testing.T, mode HoldMode, first string, attempts []Attempt, streams []string, o Outcome) (passed, shown string) {
	t.Helper()
	var out strings.Builder
	hold := NewHold(HoldConfig{Mode: mode, Lines: NewLines(), Passed: &out, Err: func(string) error { return nil }})
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader(first), Handler: hold})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range attempts {
		_, err := testjson.ScanTestOutput(testjson.ScanConfig{
			RunID: a.RunID, Stdout: strings.NewReader(streams[i]), Handler: hold.Add(a), Execution: exec,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	for _, batch := range hold.Release(o) {
		b.WriteString(brief(t, batch.RunID, batch.Stdout))
	}
	return brief(t, 0, strings.NewReader(out.String())), b.String()
}

type briefly struct {
	strings.Builder
	id int
}

func (b *briefly) Event(e testjson.TestEvent, _ *testjson.Execution) error {
	if len(e.Bytes()) == 0 {
		return nil
	}
	b.WriteString(strings.TrimSpace(strings.Repeat(">", b.id)+string(e.Action)+" "+e.Test+" "+strings.TrimSpace(e.Output)) + "\n")
	return nil
}

func (b *briefly) Err(string) error { return nil }

func brief(t *testing.T, id int, r io.Reader) string {
	t.Helper()
	b := &briefly{id: id}
	if _, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: r, Handler: b}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is shown of a package p, in which a group of TestB, TestC and TestD fails.
const wantAll = `run TestA
output TestA a
pass TestA
output  coverage: 1%
run TestB
output TestB b
pass TestB
run TestC
output TestC bad c
fail TestC
run TestD
output TestD later
skip TestD
output  FAIL
output  exit status 1
output  FAIL	p	0.1s
fail`

const wantGreen = `run TestA
output TestA a
pass TestA
output  coverage: 1%
>>run TestB
>>output TestB b
>>pass TestB
>>run TestC
>>pass TestC
>>run TestD
>>pass TestD
>>output  PASS
>>output  ok  	p	0.1s
>>pass`

const wantRed = `run TestA
output TestA a
pass TestA
output  coverage: 1%
>run TestB
>output TestB b
>pass TestB
>run TestC
>output TestC bad c again
>fail TestC
>run TestD
>skip TestD
>output  FAIL
>output  exit status 1
>output  FAIL	p	0.1s
>fail`

const wantPackage = `>run TestB
>output TestB b
>pass TestB
>run TestC
>pass TestC
>run TestD
>pass TestD
>pass`

const wantDetails = `run TestA
output TestA a
pass TestA
output  coverage: 1%
run TestB
output TestB
pass TestB
run TestC
output TestC
fail TestC
run TestD
output TestD
skip TestD
output  FAIL
output  exit status 1
output  FAIL	p	0.1s
fail
>run TestB
>output TestB
>pass TestB
>run TestC
>output TestC
>fail TestC
>run TestD
>skip TestD
>output  FAIL
>output  exit status 1
>output  FAIL	p	0.1s
>fail
>>run TestB
>>output TestB b
>>pass TestB
>>run TestC
>>pass TestC
>>run TestD
>>pass TestD
>>pass`

func TestHold(t *testing.T) {
	t.Parallel()
	good := strings.ReplaceAll(result("TestG", "pass", "fine\n")+event("pass", "", ""), `"p"`, `"good"`)
	verdict := event("output", "", "FAIL\n") + event("output", "", "exit status 1\n") +
		event("output", "", "FAIL\tp\t0.1s\n") + event("fail", "", "")
	first := result("TestA", "pass", "a\n") + good + event("output", "", "coverage: 1%\n") +
		result("TestB", "pass", "b\n") + result("TestC", "fail", "bad c\n") + result("TestD", "skip", "later\n") + verdict
	again := result("TestB", "pass", "b\n") + result("TestC", "fail", "bad c again\n") + result("TestD", "skip", "") + verdict
	fine := result("TestB", "pass", "b\n") + result("TestC", "pass", "") + result("TestD", "pass", "") + event("pass", "", "")
	group := func(run int) Attempt {
		return Attempt{RunID: run, Package: "p", Unit: "checkout", Tests: []string{"TestB", "TestC", "TestD"}}
	}
	flaky := Outcome{Flaky: []Unit{{Package: "p", Name: "checkout"}}}
	failed := Outcome{Failed: []Unit{{Package: "p", Name: "checkout"}}}

	for _, test := range []struct {
		name     string
		mode     HoldMode
		attempts []Attempt
		streams  []string
		outcome  Outcome
		want     string
	}{
		{"no reruns", OnlyLast, nil, nil, failed, wantAll},
		{"only last, green", OnlyLast, []Attempt{group(1), group(2)}, []string{again, fine}, flaky, wantGreen},
		{"only last, red", OnlyLast, []Attempt{group(1)}, []string{again}, failed, wantRed},
		{"the package as a unit", OnlyLast, []Attempt{{RunID: 1, Package: "p"}}, []string{fine},
			Outcome{Flaky: []Unit{{Package: "p"}}}, wantPackage},
		{"hidden details", HideDetails, []Attempt{group(1), group(2)}, []string{again, fine}, flaky, wantDetails},
	} {
		passed, shown := held(t, test.mode, first, test.attempts, test.streams, test.outcome)
		if want := "run TestG\noutput TestG fine\npass TestG\npass\n"; passed != want {
			t.Errorf("%s: let through\n%s\nwant\n%s", test.name, passed, want)
		}
		if shown != test.want+"\n" {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, shown, test.want)
		}
	}
	// Details of what stays red are not hidden.
	if _, shown := held(t, HideDetails, first, []Attempt{group(1)}, []string{again}, failed); !strings.Contains(shown, "bad c again") {
		t.Errorf("got\n%s", shown)
	}
}

func TestHoldEndsAtMaxFails(t *testing.T) {
	t.Parallel()
	hold := NewHold(HoldConfig{Mode: OnlyLast, Lines: NewLines(), Passed: io.Discard, MaxFails: 1})
	in := result("TestA", "fail", "") + result("TestB", "fail", "")
	_, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader(in), Handler: hold})
	if err == nil || err.Error() != "ending test run because max failures was reached" {
		t.Errorf("got %v", err)
	}
}

func TestHoldWriteError(t *testing.T) {
	t.Parallel()
	hold := NewHold(HoldConfig{Mode: OnlyLast, Lines: NewLines(), Passed: broken{}})
	in := result("TestA", "pass", "") + event("pass", "", "")
	_, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader(in), Handler: hold})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
