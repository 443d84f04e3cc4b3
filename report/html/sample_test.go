package html

import (
	"fmt"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

func at(seconds float64) time.Time {
	return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func second(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// hostile are texts that try to be more than text.
func hostile() []string {
	return []string{
		`<script>document.title = "owned"</script>`,
		`</script><script>document.title = "owned"</script>`,
		`<img src=x onerror='document.title="owned"'>`,
		`" onmouseover="document.title='owned'" x="`,
		`javascript:document.title="owned"`,
		"\x1b]8;;javascript:document.title='owned'\x07link\x1b]8;;\x07",
		"\x1b[31m<b onclick=alert(1)>red\x1b[0m",
		"\u202egnp.exe\u202c",
		"<!-- --><style>*{display:none}</style>",
		"{{.Script}}${document.title='owned'}`",
	}
}

// shop is a run of a shop: two workers, a group that is rerun, failures, tests that were cut short.
func shop() *record.Run {
	const module = "example.com/shop"
	group := record.Unit{Name: "checkout", Group: "checkout", Tests: []string{"TestCart", "TestAddress", "TestPay"}, Labels: []string{"network", "slow"}, Owner: "@pay"}
	run := &record.Run{
		Manifest: record.Manifest{
			Cohort: "v2.0.0", Go: "go1.26.8 linux/amd64", Module: module, Arguments: []string{"--rerun-fails", "--", "./..."},
			Seed: "1849", Workers: 3, Start: at(0), End: at(12),
			Verdict: record.Verdict{Exit: 1, First: 1, Seed: "1849",
				Failed: []record.Outcome{{Package: module + "/stock", Name: "TestTakeTooMuch", Attempts: 2, Command: "go test -run '^(TestTake|TestTakeTooMuch)$' -shuffle=1849 ./stock"}},
				Flaky:  []record.Outcome{{Package: module + "/e2e", Name: "checkout", Attempts: 2, Command: "go test -run '^(TestCart|TestAddress|TestPay)$' ./e2e", Note: "payment was slow"}},
				Setups: []record.Setup{
					{Name: "services", Worker: -1, Command: "docker compose up", Start: at(0.1), Elapsed: second(0.7)},
					{Name: "database", Worker: 1, Command: "createdb", Start: at(0.9), Elapsed: second(0.2)},
					{Name: "database", Worker: 1, TearDown: true, Start: at(11.8), Elapsed: second(0.1), Problem: "exit status 1"},
				},
			},
		},
		Stderr: "go: downloading example.com/money v1.2.3\n",
	}
	add := func(pkg, name string, u record.Unit, attempts ...record.TestAttempt) {
		run.Tests = append(run.Tests, &record.Test{Package: module + pkg, Name: name, Unit: u, Attempts: attempts})
	}
	passed := func(process int, start, took float64) record.TestAttempt {
		return record.TestAttempt{Status: record.Passed, Start: at(start), Elapsed: second(took), Process: process}
	}
	failed := func(number, process int, start, took float64, out string) record.TestAttempt {
		return record.TestAttempt{Number: number, Status: record.Failed, Start: at(start), Elapsed: second(took), Process: process, Output: out}
	}
	again := func(process int, start, took float64) record.TestAttempt {
		return record.TestAttempt{Number: 1, Status: record.Passed, Start: at(start), Elapsed: second(took), Process: process}
	}
	for i := range 12 {
		add("/cart", fmt.Sprintf("TestLine%02d", i), record.Unit{Name: "x"}, passed(1, 1.2+float64(i)*0.2, 0.05*float64(i)))
	}
	add("/e2e", "TestCart", group, passed(0, 1, 1.5), again(3, 7, 1.4))
	add("/e2e", "TestAddress", group, passed(0, 2.5, 1), again(3, 8.4, 1))
	add("/e2e", "TestPay", group, failed(0, 0, 3.5, 2.5,
		"=== RUN   TestPay\n    checkout_test.go:71: order 17 placed\n    checkout_test.go:85: pay order: \x1b[1;31mpayment service: time-out\x1b[0m after \x1b[33m2s\x1b[0m\n--- FAIL: TestPay (2.50s)\n"), again(3, 9.4, 2.3))
	add("/e2e", "TestSearchByVoice", record.Unit{Name: "TestSearchByVoice"}, record.TestAttempt{Status: record.Skipped, Output: "    pages_test.go:9: no microphone\n", Process: 2})
	add("/stock", "TestTake", record.Unit{Name: "TestTake"}, passed(2, 1, 2))
	add("/stock", "TestTakeTooMuch", record.Unit{Name: "TestTakeTooMuch", Owner: "@stock"},
		failed(0, 2, 3, 1.2, "=== RUN   TestTakeTooMuch\n    stock_test.go:41: took \x1b[31m9\x1b[0m of 5 cups, want an error\n--- FAIL: TestTakeTooMuch (1.20s)\n"),
		failed(1, 4, 5, 1.1, "=== RUN   TestTakeTooMuch\n    stock_test.go:41: took \x1b[31m8\x1b[0m of 5 cups, want an error\n--- FAIL: TestTakeTooMuch (1.10s)\n"))
	add("/stock", "TestRefill", record.Unit{Name: "TestRefill"}, record.TestAttempt{Status: record.NoEnd, Process: 2, Output: "waiting for the lorry\n"})
	for _, p := range []string{"/cart", "/e2e", "/stock"} {
		run.Packages = append(run.Packages, &record.RunPackage{Path: module + p, Status: record.Passed, Elapsed: second(3), Coverage: "coverage: 81.5% of statements"})
	}
	processTest := func(name string, start, took float64, result string) record.ProcessTest {
		return record.ProcessTest{Name: name, Start: at(start), Elapsed: second(took), Result: result}
	}
	run.Processes = []record.Process{
		{Number: 0, Worker: 0, Package: module + "/e2e", Kind: "first", Group: "checkout", Start: at(0.9), End: at(6.1), Exit: 1, CPU: second(0.3), MaxRSS: 40 << 20,
			Tests: []record.ProcessTest{processTest("TestCart", 1, 1.5, "pass"), processTest("TestAddress", 2.5, 1, "pass"), processTest("TestPay", 3.5, 2.5, "fail")}},
		{Number: 1, Worker: 1, Package: module + "/cart", Kind: "first", Seed: "1849", Start: at(1.1), End: at(4), Tests: []record.ProcessTest{processTest("TestLine00", 1.2, 0, "pass")}},
		{Number: 2, Worker: 2, Package: module + "/stock", Kind: "first", Seed: "1849", Start: at(0.9), End: at(4.3), Exit: 1,
			Tests: []record.ProcessTest{processTest("TestTake", 1, 2, "pass"), processTest("TestTakeTooMuch", 3, 1.2, "fail")}},
		{Number: 4, Worker: 1, Package: module + "/stock", Kind: "attempt", Attempt: 1, Start: at(4.8), End: at(6.2), Exit: 1,
			Tests: []record.ProcessTest{processTest("TestTakeTooMuch", 5, 1.1, "fail")}},
		{Number: 3, Worker: 0, Package: module + "/e2e", Kind: "attempt", Group: "checkout", Attempt: 1, Start: at(6.7), End: at(11.8), Command: "go test ./e2e",
			Tests: []record.ProcessTest{processTest("TestCart", 7, 1.4, "pass"), processTest("TestAddress", 8.4, 1, "pass"), processTest("TestPay", 9.4, 2.3, "pass")}},
	}
	return run
}

// wicked is a run in which everything that a test can name or print is hostile.
func wicked() *record.Run {
	run := &record.Run{Manifest: record.Manifest{Module: "<b>module</b>", Arguments: hostile(), Start: at(0), End: at(5), Workers: 1}}
	for i, text := range hostile() {
		run.Packages = append(run.Packages, &record.RunPackage{Path: text, Status: record.Failed, Coverage: text})
		run.Manifest.Verdict.Errors = append(run.Manifest.Verdict.Errors, text)
		run.Manifest.Verdict.Failed = append(run.Manifest.Verdict.Failed, record.Outcome{Package: text, Name: text, Command: text, Note: text})
		run.Tests = append(run.Tests, &record.Test{
			Package: text, Name: text, Unit: record.Unit{Name: text, Group: text, Labels: []string{text}, Owner: text},
			Attempts: []record.TestAttempt{{Status: record.Failed, Output: text + "\n", Process: i}},
		})
		run.Processes = append(run.Processes, record.Process{Number: i, Package: text, Kind: text, Group: text, Command: text, Signal: text,
			Start: at(0), End: at(5), Tests: []record.ProcessTest{{Name: text, Result: text, Start: at(1)}, {Name: text, Result: "fail", Start: at(2)}}})
		run.Stderr += text + "\n"
		run.Manifest.Verdict.Setups = append(run.Manifest.Verdict.Setups, record.Setup{Name: text, Worker: -1, Command: text, Problem: text, Start: at(0)})
	}
	return run
}

// large is a run of n tests.
func large(n int) *record.Run {
	run := &record.Run{Manifest: record.Manifest{Module: "example.com/large", Start: at(0), End: at(600), Workers: 8}}
	for i := range n {
		status := record.Passed
		if i%2000 == 7 {
			status = record.Failed
		}
		run.Tests = append(run.Tests, &record.Test{
			Package: fmt.Sprintf("example.com/large/pkg%03d", i/100), Name: fmt.Sprintf("TestNumber%05d", i),
			Attempts: []record.TestAttempt{{Status: status, Elapsed: time.Duration(i%977) * time.Millisecond, Process: i / 100, Output: "    x_test.go:1: no\n"}},
		})
		if i%100 == 0 {
			run.Processes = append(run.Processes, record.Process{
				Number: i / 100, Worker: i / 100 % 8, Package: fmt.Sprintf("example.com/large/pkg%03d", i/100),
				Start: at(float64(i) / 100), End: at(float64(i)/100 + 3),
			})
		}
	}
	return run
}
