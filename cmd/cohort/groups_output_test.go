package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testOutput looks at how attempts appear on the terminal and in the files.
func (g *groups) testOutput(t *testing.T) {
	// The first attempt comes to TestReceipt, the second only to TestLogin, the last to the end.
	const script = "alpha.TestReceipt:0=fail alpha.TestLogin:1=fail"
	const checkout = `TestLogin TestPay TestReceipt TestShip`
	for _, tc := range []struct {
		name   string
		args   []string
		exit   int
		want   map[string]string // results in the JSON file
		has    []string
		hasNot []string
		junit  map[string]int // elements of the file
		report string
	}{
		{
			name: "all", exit: 0,
			want: map[string]string{
				"alpha.TestLogin": "pass fail pass", "alpha.TestPay": "pass skip pass",
				"alpha.TestReceipt": "fail skip pass", "alpha.TestShip": "skip skip pass", "alpha.TestLoose1": "pass",
			},
			has: []string{
				"=== Flaky\n=== FLAKY: alpha checkout (passed in rerun 2)", "DONE 3 runs", "TestReceipt failed earlier in group checkout",
				"TestLogin failed earlier in group checkout", "\n=== Reproduce\ngo test",
			},
			junit:  map[string]int{"testcase": 26, "failure": 2},
			report: "example.com/groups/alpha.TestLogin: 3 runs, 1 failures\nexample.com/groups/alpha.TestReceipt: 2 runs, 1 failures\n",
		},
		{
			name: "only last", args: []string{"--rerun-show-only-last"}, exit: 0,
			want: map[string]string{
				"alpha.TestLogin": "pass", "alpha.TestPay": "pass", "alpha.TestReceipt": "pass", "alpha.TestShip": "pass",
				"alpha.TestLoose1": "pass",
			},
			has:    []string{"=== FLAKY: alpha checkout (passed in rerun 2)"},
			hasNot: []string{"as the script says", "failed earlier", "(re-run 1)"},
			junit:  map[string]int{"testcase": 18, "failure": 0},
			report: "", // nothing failed in what is shown, but the report is about what is not
		},
		{
			name: "hide details", args: []string{"--hide-rerun-details"}, exit: 0,
			want:   map[string]string{"alpha.TestReceipt": "fail skip pass"},
			has:    []string{"=== FAIL: alpha TestReceipt", "=== FAIL: alpha TestLogin (re-run 1)", "=== FLAKY: alpha checkout"},
			hasNot: []string{"as the script says"},
			junit:  map[string]int{"testcase": 26, "failure": 2},
		},
		{
			name: "fail on flaky", args: []string{"--fail-on-flaky"}, exit: 1,
			want: map[string]string{"alpha.TestReceipt": "fail skip pass"},
			has:  []string{"=== FLAKY: alpha checkout (passed in rerun 2)"},
		},
		{
			name: "junit last", args: []string{"--junitfile-reruns=last"}, exit: 0,
			want: map[string]string{"alpha.TestReceipt": "fail skip pass"}, junit: map[string]int{"testcase": 18, "failure": 0, "skipped": 0},
		},
		{
			name: "junit surefire", args: []string{"--junitfile-reruns=surefire"}, exit: 0,
			want:  map[string]string{"alpha.TestReceipt": "fail skip pass"},
			junit: map[string]int{"testcase": 18, "failure": 0, "flakyFailure": 2, "rerunFailure": 0},
		},
		{
			// The last attempt comes only to TestLogin: what an earlier one reached has a
			// status in each all the same.
			name: "gives up", args: []string{"--rerun-fails=1"}, exit: 1,
			want: map[string]string{"alpha.TestLogin": "pass fail", "alpha.TestPay": "pass skip", "alpha.TestReceipt": "fail skip", "alpha.TestShip": "skip skip"},
			has:  []string{"DONE 2 runs"}, hasNot: []string{"=== Flaky"},
		},
		{
			name: "gives up, only last", args: []string{"--rerun-fails=1", "--rerun-show-only-last"}, exit: 1,
			want:   map[string]string{"alpha.TestLogin": "fail", "alpha.TestPay": "skip", "alpha.TestReceipt": "skip", "alpha.TestShip": "skip"},
			has:    []string{"TestLogin failed earlier in group checkout"},
			hasNot: []string{"TestReceipt failed earlier"},
			junit:  map[string]int{"testcase": 18, "failure": 1, "skipped": 3},
		},
		{
			name: "gives up, junit last", args: []string{"--rerun-fails=1", "--junitfile-reruns=last"}, exit: 1,
			junit: map[string]int{"testcase": 18, "failure": 1, "skipped": 3},
		},
		{
			// As Surefire has it, what failed once and was skipped later has not failed.
			name: "gives up, junit surefire", args: []string{"--rerun-fails=1", "--junitfile-reruns=surefire"}, exit: 1,
			junit: map[string]int{"testcase": 18, "failure": 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			files := t.TempDir()
			junit, report := filepath.Join(files, "junit.xml"), filepath.Join(files, "report.txt")
			args := slices.Concat([]string{
				"--rerun-fails=2", "--rerun-delay=0", "--shuffle=3", "--junitfile=" + junit, "--rerun-fails-report=" + report,
			}, tc.args, []string{"--", "-count=1", "./alpha"})
			r := g.run(t, script, args...)
			r.wantExit(t, tc.exit)
			r.wantResults(t, tc.want)
			r.wantText(t, tc.has...)
			for _, text := range tc.hasNot {
				if bytes.Contains(r.stdout, []byte(text)) {
					t.Errorf("%s: %q is in\n%s", r.command, text, r.stdout)
				}
			}
			for _, d := range strings.Fields(checkout) {
				if results := strings.Fields(r.results()["alpha."+d]); len(results) == 0 {
					t.Errorf("%s: %s has no status", r.command, d)
				}
			}
			data, err := os.ReadFile(junit)
			if err != nil {
				t.Fatal(err)
			}
			for element, want := range tc.junit {
				if got := len(regexp.MustCompile("<"+element+"[ >]").FindAll(data, -1)); got != want {
					t.Errorf("%s: %d times <%s>, want %d\n%s", r.command, got, element, want, data)
				}
			}
			if data, err := os.ReadFile(report); err != nil || tc.report != "" && string(data) != tc.report {
				t.Errorf("%s: report %q, %v, want %q", r.command, data, err, tc.report)
			}
		})
	}
}

// testReproduce pastes what cohort prints into a shell.
func (g *groups) testReproduce(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("no shell to paste into: %v", err)
	}
	odd := module(t, map[string]string{"odd/odd_test.go": "package odd\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
		"func note(t *testing.T) {\n\tf, err := os.OpenFile(os.Getenv(\"TRACE_LOG\"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)\n" +
		"\tif err != nil {\n\t\tt.Fatal(err)\n\t}\n\tdefer f.Close()\n" +
		"\tif !started {\n\t\tstarted = true\n\t\tf.WriteString(`{\"Event\":\"process\",\"Package\":\"odd\",\"Pid\":1}` + \"\\n\")\n\t}\n" +
		"\tf.WriteString(`{\"Event\":\"begin\",\"Pid\":1,\"Test\":\"` + t.Name() + `\"}` + \"\\n\")\n}\n\nvar started bool\n\n" +
		"func TestÄpfel(t *testing.T) {\n\tnote(t)\n\tt.Run(\"it's $HOME `x`\", func(t *testing.T) { note(t); t.Error(1) })\n\tt.Run(\"other\", note)\n}\n\n" +
		"func TestB(t *testing.T) { note(t) }\n"})
	for _, tc := range []struct {
		name, script string
		dir          string
		own, goArgs  string
		failing      string // a test of the process that failed
		commands     int    // how many are printed
	}{
		{"loose tests", "alpha.TestLoose3:*=fail", g.dir, "--shuffle=5", "./alpha", "TestLoose3", 1},
		{"two failures of one process", "alpha.TestLoose3:*=fail alpha.TestLoose1:*=fail", g.dir, "--shuffle=5 --workers=1", "./alpha", "TestLoose3", 1},
		{"two processes", "alpha.TestLoose3:*=fail alpha.TestPay:*=fail", g.dir, "--shuffle=5 --workers=1", "./alpha", "TestPay", 2},
		{"group", "alpha.TestPay:*=fail", g.dir, "--shuffle=5", "./alpha", "TestPay", 1},
		{"group goes on", "alpha.TestPay:*=fail", g.dir, "--group-failfast=false", "./alpha", "TestPay", 1},
		{"group alone", "single.TestSecond:*=fail", g.dir, "", "./single", "TestSecond", 1},
		{"panic", "alpha.TestLoose3:*=panic", g.dir, "--shuffle=5 --workers=1", "./alpha", "TestLoose3", 1},
		{"serial", "alpha.TestAlone:*=fail", g.dir, "", "./alpha", "TestAlone", 1},
		{"seeds", "alpha.FuzzSeeds:*=fail", g.dir, "--shuffle=9", "./alpha", "FuzzSeeds", 1},
		{"TestMain", "withmain.TestFour:*=fail", g.dir, "--shuffle=9", "./withmain", "TestFour", 1},
		{"TestMain that exits", "withmain.Main:*=after1", g.dir, "", "./withmain", "TestFour", 1},
		{"per worker", "withmain.TestFour:*=fail", g.dir, "--shuffle=9 --testmain=per-worker --workers=3", "./withmain", "TestFour", 1},
		{"loadfile", "alpha.TestLoose3:*=fail", g.dir, "--dist=loadfile", "./alpha", "TestLoose3", 1},
		{"loadpackage", "alpha.TestLoose3:*=fail", g.dir, "--dist=loadpackage", "./alpha", "TestLoose3", 1},
		{"source order", "loose.TestD:*=fail", g.dir, "--shuffle=off --workers=1", "./loose", "TestD", 1},
		{"run and skip", "alpha.TestLoose3:*=fail", g.dir, "--shuffle=4 --workers=1", "-run=Loose|User|Both|Example -skip=Loose2 ./alpha", "TestLoose3", 1},
		{"count", "loose.TestD:*=fail", g.dir, "--shuffle=4 --workers=2", "-count=2 ./loose", "TestD", 1},
		{"flags", "loose.TestD:*=fail", g.dir, "--shuffle=4 --workers=2", "-short -timeout=1m -tags=a,b ./loose", "TestD", 1},
		{"many packages", "loose.TestD:*=fail beta.TestPay:*=fail", g.dir, "--shuffle=4 --workers=2", "./...", "TestD", 2},
		{"files", "loose.TestD:*=fail", g.dir, "--shuffle=4 --workers=1", "loose/loose_test.go", "TestD", 1},
		{"rerun", "alpha.TestPay:*=fail", g.dir, "--shuffle=4 --rerun-fails=1 --rerun-delay=0", "./alpha", "TestPay", 1},
		{"names for a shell", "", odd, "--shuffle=4 --workers=1", "./odd", "TestÄpfel", 1},
		{"names for a shell, and a pattern", "", odd, "--shuffle=4 --workers=1", "-run=Äpf/it's ./odd", "TestÄpfel", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := slices.Concat(strings.Fields(tc.own), []string{"--", "-count=1"}, strings.Fields(tc.goArgs))
			r := g.runIn(t, tc.dir, []string{"TRACE_SCRIPT=" + tc.script}, args...)
			r.wantExit(t, 1)
			i := slices.IndexFunc(r.processes, func(p *process) bool { return slices.Contains(p.tests, tc.failing) })
			if i < 0 {
				t.Fatalf("%s: %s did not run\n%s%s", r.command, tc.failing, r.stdout, r.stderr)
			}
			commands := reproduceLines(r.stdout)
			if len(commands) != tc.commands {
				t.Errorf("%s: %d commands, want %d: %q", r.command, len(commands), tc.commands, commands)
			}
			var got [][]string
			for _, command := range commands {
				log := filepath.Join(t.TempDir(), "log")
				again := traced{run: g.command(t, tc.dir, []string{"TRACE_LOG=" + log, "TRACE_SCRIPT=" + tc.script}, "sh", "-c", command)}
				again.read(t, log)
				if again.exit == 0 {
					t.Errorf("%s: nothing failed", command)
				}
				if len(again.processes) != 1 {
					t.Errorf("%s: %d processes\n%s", command, len(again.processes), again.stdout)
				}
				for _, p := range again.processes {
					got = append(got, p.tests)
				}
			}
			if !slices.ContainsFunc(got, func(tests []string) bool { return slices.Equal(tests, r.processes[i].tests) }) {
				t.Errorf("%s\nthe process ran %v\n%q\nran           %v", r.command, r.processes[i].tests, commands, got)
			}
		})
	}
}

// reproduceLines returns the commands that cohort printed for processes. That of a group stands
// below its failure, and that of a process of one test is the one of the test.
func reproduceLines(stdout []byte) []string {
	_, section, _ := strings.Cut(string(stdout), "\n=== Reproduce\n")
	section, _, _ = strings.Cut(section, "\n\n")
	commands := slices.DeleteFunc(strings.Split(section, "\n"), func(line string) bool { return !strings.HasPrefix(line, "go test") })
	var tests []string
	for line := range strings.Lines(string(stdout)) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    again: ")
		switch {
		case ok && strings.Contains(command, "-run '^("):
			commands = append(commands, command)
		case ok:
			tests = append(tests, command)
		}
	}
	if len(commands) == 0 {
		return tests
	}
	return commands
}
