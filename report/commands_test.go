package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"gotest.tools/gotestsum/testjson"
)

func TestCommandsOfFailures(t *testing.T) {
	t.Parallel()
	unit := func(name string, more ...func(*Unit)) Unit {
		u := Unit{Package: "p", Name: name, Attempts: 1, Command: "go test -run '^(" + name + "|TestZ)$' p", Again: "again " + name}
		for _, f := range more {
			f(&u)
		}
		return u
	}
	alone := func(a Answer) func(*Unit) { return func(u *Unit) { u.FailsAlone = a } }
	note := func(s string) func(*Unit) { return func(u *Unit) { u.Note = s } }
	long := func(u *Unit) { u.Command += strings.Repeat("x", maxCommand) }
	same := func(u *Unit) { u.Command = "go test -run '^(TestA|TestB)$' p" }
	only := func(u *Unit) { u.Command = "go test -run '^(" + u.Name + ")$' -shuffle=1 p" }
	members := func(tests ...string) func(*Unit) { return func(u *Unit) { u.Tests, u.Again = tests, "" } }

	for _, test := range []struct {
		name   string
		failed string // names, of p unless they say otherwise
		o      Outcome
		below  string
		same   string
	}{
		{"nothing is known", "TestA", Outcome{}, "", ""},
		{"one", "TestA", Outcome{Failed: []Unit{unit("TestA")}}, "0 again TestA", "go test -run '^(TestA|TestZ)$' p"},
		{"a long process", "TestA", Outcome{Failed: []Unit{unit("TestA", long)}}, "0 again TestA", ""},
		{"a process of its own", "TestA", Outcome{Failed: []Unit{unit("TestA", only)}}, "0 again TestA", ""},
		{"a process of its own, no other command", "TestA", Outcome{Failed: []Unit{unit("TestA", only, alone(No))}}, "",
			"go test -run '^(TestA)$' -shuffle=1 p"},
		{"passes alone", "TestA", Outcome{Failed: []Unit{unit("TestA", alone(No), note("passes alone"))}},
			"0 passes alone", "go test -run '^(TestA|TestZ)$' p"},
		{"fails alone", "TestA", Outcome{Failed: []Unit{unit("TestA", alone(Yes), note("fails alone too"), long)}},
			"0 fails alone too, again TestA", ""},
		{"below the last attempt", "TestA TestB TestA TestA/sub TestA", Outcome{Failed: []Unit{unit("TestA", long), unit("TestB", long)}},
			"1 again TestB; 4 again TestA", ""},
		{"one process", "TestA TestB", Outcome{Failed: []Unit{unit("TestA", same), unit("TestB", same)}},
			"0 again TestA; 1 again TestB", "go test -run '^(TestA|TestB)$' p"},
		{"another package", "q.TestA", Outcome{Failed: []Unit{unit("TestA", long)}}, "", ""},
		{"flaky", "TestA", Outcome{Flaky: []Unit{unit("TestA", alone(No), note("its section has it"))}}, "", "go test -run '^(TestA|TestZ)$' p"},
		{"a group, its tests known", "TestPay TestLoose",
			Outcome{Failed: []Unit{unit("checkout", members("TestLogin", "TestPay"), note("why")), unit("TestLoose", long)}},
			"0 why, go test -run '^(checkout|TestZ)$' p; 1 again TestLoose", ""},
		{"a flaky group", "TestPay", Outcome{Flaky: []Unit{unit("checkout", members("TestPay"), alone(No))}}, "", "go test -run '^(checkout|TestZ)$' p"},
		{"a group of many tests", "TestPay", Outcome{Failed: []Unit{unit("checkout", members("TestPay"), long)}}, "", ""},
		{"a group, its tests not known", "TestPay", Outcome{Failed: []Unit{unit("checkout", members(), note("why"), long)}}, "0 why", ""},
		{"two groups, their tests not known", "TestPay",
			Outcome{Failed: []Unit{unit("checkout", members(), note("why"), long), unit("stock", members(), note("where"), long)}},
			"", " [checkout: why] [stock: where]"},
		{"a package", ".", Outcome{Failed: []Unit{unit("", long, note("exit status 3"))}}, "0 exit status 3, again ", ""},
		{"a package whose test failed", "TestA", Outcome{Failed: []Unit{unit("", long, note("exit status 3")), unit("TestA", long)}},
			"0 again TestA", " [: exit status 3]"},
		{"not in the list", "", Outcome{Failed: []Unit{unit("TestA", note("why"))}}, "", "go test -run '^(TestA|TestZ)$' p [TestA: why]"},
	} {
		c := newCommands(cases(test.failed), test.o)
		var below []string
		for i := range cases(test.failed) {
			if b := c.below[i]; b.note != "" && b.again != "" {
				below = append(below, fmt.Sprint(i, " ", b.note, ", ", b.again))
			} else if b.note+b.again != "" {
				below = append(below, fmt.Sprint(i, " ", b.note+b.again))
			}
		}
		var lines []string
		for _, p := range c.same {
			for _, u := range p.units {
				p.command += " [" + u.Name + ": " + u.Note + "]"
			}
			lines = append(lines, p.command)
		}
		if got := strings.Join(below, "; "); got != test.below {
			t.Errorf("%s: below failures: %q, want %q", test.name, got, test.below)
		}
		if got := strings.Join(lines, "; "); got != test.same {
			t.Errorf("%s: processes: %q, want %q", test.name, got, test.same)
		}
	}
}

// cases are failures by name: "." is package p, and q.TestA one of another package.
func cases(names string) []testjson.TestCase {
	var list []testjson.TestCase
	for _, name := range strings.Fields(names) {
		tc := testjson.TestCase{Package: "p", Test: testjson.TestName(name)}
		if pkg, test, ok := strings.Cut(name, "."); ok {
			tc.Test = testjson.TestName(test)
			if pkg != "" {
				tc.Package = pkg
			}
		}
		list = append(list, tc)
	}
	return list
}

// Thirty failures in thirty processes: ten commands of each kind, and a line that counts.
func TestCommandsAreFew(t *testing.T) {
	t.Parallel()
	var stream string
	var o Outcome
	for i := range 30 {
		name := fmt.Sprintf("Test%02d", i)
		stream += result(name, "fail", "bad\n")
		o.Failed = append(o.Failed, Unit{Package: "p", Name: name, Command: "same " + name, Again: "alone " + name})
	}
	exec := passes(t, stream+event("fail", "", ""))
	for more, want := range map[string]string{
		"":          "\n20 more failures are listed without a command\n\nDONE ",
		"cohort -x": "\n20 more failures are listed without a command; all of them again: cohort -x\n\nDONE ",
	} {
		o.More = more
		var b strings.Builder
		if err := Summary(&b, exec, testjson.SummarizeAll, o); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if n := strings.Count(got, "    again: alone "); n != maxCommands {
			t.Errorf("%d commands below failures, want %d", n, maxCommands)
		}
		if n := strings.Count(got, "\nsame "); n != maxCommands {
			t.Errorf("%d commands of processes, want %d", n, maxCommands)
		}
		if !strings.Contains(got, want) || strings.LastIndex(got, "\n\nDONE ") != strings.LastIndex(got, "\n\n") {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
}

// Without commands the section of failures is gotestsum's, whatever failed and how.
func TestFailedSectionIsGotestsums(t *testing.T) {
	t.Parallel()
	framed := "=== RUN   TestA\nout\n=== PAUSE TestA\n=== CONT  TestA\n--- FAIL: TestA (0.00s)\n--- PASS: TestA2 (0.00s)\n=== CONT  Example\n"
	for _, exec := range []*testjson.Execution{
		passes(t, result("TestA", "fail", framed)+event("fail", "", "")),
		passes(t, result("TestA", "fail", "no end")+result("TestB", "skip", "why\n")+event("fail", "", "")),
		passes(t, result("TestA", "fail", "")+event("fail", "", ""), result("TestA", "fail", framed)+event("fail", "", "")),
		passes(t, event("run", "TestA", "")+event("output", "TestA", framed)+event("fail", "", "")),
		passes(t, event("output", "", "no database\n")+event("fail", "", "")),
		threeAttempts(t),
	} {
		for shown := range testjson.SummarizeAll + 1 {
			var want, got bytes.Buffer
			testjson.PrintSummary(&want, exec, shown)
			writeSummary(&got, exec, shown, commands{}, nil)
			if got.String() != want.String() {
				t.Errorf("%v: got\n%s\nwant\n%s", shown, got.String(), want.String())
			}
		}
	}
}

func TestOrderSection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		finding OrderFinding
		want    string
	}{
		{OrderFinding{Package: "p", Name: "TestA"}, "=== ORDER: p TestA passes in source order in one process\n"},
		{OrderFinding{Package: "p", Name: "TestA", Tests: 1}, "=== ORDER: p TestA passes in source order in one process; it failed with 1 other test in another order\n"},
		{OrderFinding{Package: "p", Name: "TestA", FailsAlone: No, FailsAgain: Yes, Parts: true}, "=== ORDER: p TestA passes in source order in one process, passes alone; " +
			"it failed in a process with a part of its subtests: if they need each other, //cohort:split is wrong on it\n"},
		{OrderFinding{Package: "p", Name: "TestA", FailsAlone: No, FailsAgain: No, Machines: true}, "=== ORDER: p TestA passes in source order in one process, passes alone, " +
			"and in the process that failed, run again: it is flaky, or shares something with tests that run at the same time, or the machines of the run are not alike\n"},
		{OrderFinding{Package: "p", Name: "TestA", Tests: 7, FailsAlone: Yes, Hunt: "cohort tool flaky -- -run '^TestA$' ./p"},
			"=== ORDER: p TestA passes in source order in one process, fails alone; it failed with 7 other tests in another order\n" +
				"    find the test to blame: cohort tool flaky -- -run '^TestA$' ./p\n"},
		{OrderFinding{Package: "p", FailsAlone: No, Hunt: "hunt", Keep: "keep"},
			"=== ORDER: p passes in source order in one process, passes alone\n" +
				"    find the test to blame: hunt\n    run it as go test does until then: keep\n"},
	} {
		var b bytes.Buffer
		writeOrder(&b, []OrderFinding{test.finding})
		if want := "\n=== Order-dependent\n" + test.want; b.String() != want {
			t.Errorf("got\n%s\nwant\n%s", b.String(), want)
		}
		if n := strings.Count(test.want, "\n"); n > 3 {
			t.Errorf("%d lines for one finding", n)
		}
	}
	var b bytes.Buffer
	if writeOrder(&b, nil); b.Len() > 0 {
		t.Errorf("got %q for no finding", b.String())
	}
}
