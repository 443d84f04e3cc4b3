//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// TestQueueLead runs tests on several machines, which are processes here, and share a real server.
func TestQueueLead(t *testing.T) {
	t.Parallel()
	programs := buildQueue(t)
	for name, test := range map[string]func(l *lab){
		"other files": queueOtherFiles, "report": queueReport, "long test": queueLongTest, "built elsewhere": queueBuilt, "set-up": queueSetup, "canceled": queueCanceled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newLab(t, programs))
		})
	}
}

// queueOtherFiles: a machine with other source says in which files.
func queueOtherFiles(l *lab) {
	l.waiting(1)
	l.write("a/a.go", "package a\n")
	lead := l.start("--", "-count=1", ".")
	l.file("ran0")
	other := l.copied()
	other.write("b.go", "package w\n")
	other.write("c.go", "package w\n")
	other.write("d.go", "package w\n")
	other.start("--queue-role=agent", "--", "-count=1", "-trimpath", ".").wait(3, "which has", "module root", "arguments",
		"files that differ: a/a.go (not here), b.go (only here), c.go (only here) and 1 more")
	l.release()
	lead.wait(0)
	if said := lead.out.String(); strings.Contains(said, "went away") {
		l.t.Errorf("a machine that was refused is lost:\n%s", said)
	}
}

// queue runs cohort-queue and returns what it prints.
func (l *lab) queue(code int, words ...string) string {
	l.t.Helper()
	cmd := exec.Command(l.server.Path, words...)
	cmd.Dir, cmd.Env = l.module, l.env
	out, _ := cmd.CombinedOutput() // the exit code says it
	if cmd.ProcessState.ExitCode() != code {
		l.t.Errorf("%v: exit code %d, want %d\n%s", cmd, cmd.ProcessState.ExitCode(), code, out)
	}
	return string(out)
}

// queueReport: who has not taken part gets what the leader has got, and after the run nothing runs.
func queueReport(l *lab) {
	for name, text := range mixed {
		l.write(name, text)
	}
	lead := l.start("--junitfile=lead.xml", "--junitfile-details", "--record=lead.cohort", "--", "-count=1", "./b", "./none")
	lead.wait(1)
	out := l.queue(1, "report", "--junitfile=report.xml")
	_, name, _ := strings.Cut(lead.out.String(), "this machine is ")
	name, _, _ = strings.Cut(name, "\n")
	for _, want := range []string{"=== FAIL: b TestFails", "\n    failed on " + name + "\n", "DONE 2 tests, 1 failure", "exit code 1 on " + name} {
		if !strings.Contains(out, want) {
			l.t.Errorf("no %q in\n%s", want, out)
		}
	}
	got, err := os.ReadFile(filepath.Join(l.module, "report.xml"))
	want, err2 := os.ReadFile(filepath.Join(l.module, "lead.xml"))
	if err != nil || err2 != nil || !bytes.Equal(got, want) || !bytes.Contains(want, []byte("TestFails")) || !bytes.Contains(want, []byte(`name="machine" value="`+name+`"`)) {
		l.t.Errorf("%v, %v; report:\n%s\nleader:\n%s", err, err2, got, want)
	}
	l.reported(string(want))
	file, err := record.Open(filepath.Join(l.module, "lead.cohort"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	for p, err := range file.Processes() {
		if err != nil || p.Machine != name {
			l.t.Errorf("a process ran on %q, %v", p.Machine, err)
		}
	}
	if out := l.queue(0, "status"); !strings.Contains(out, "batches: 0 waiting, 0 running, ") || strings.Contains(out, "LANE") {
		l.t.Errorf("status of a run that is over:\n%s", out)
	}
	if out := l.queue(3, "report", "--junitfile=missing/report.xml"); !strings.Contains(out, "missing/report.xml") {
		l.t.Errorf("a file that cannot be written:\n%s", out)
	}
}

// reported checks that the JUnit file that is made of the record is the one that the run has written.
func (l *lab) reported(want string) {
	l.t.Helper()
	report := exec.Command("cohort", "tool", "report", "--junit=again.xml", "lead.cohort")
	report.Dir, report.Env = l.module, l.env
	if out, err := report.CombinedOutput(); err != nil {
		l.t.Errorf("%v: %v\n%s", report, err, out)
	}
	if got := l.read("again.xml"); got != want {
		l.t.Errorf("JUnit of the record:\n%s\nof the run:\n%s", got, want)
	}
}

// queueLongTest: a test that runs for long on another machine is named meanwhile.
func queueLongTest(l *lab) {
	l.waiting(1)
	cmd := exec.Command("cohort", "-n=1", "--heartbeat=1s", "--", "-count=1", ".")
	cmd.Dir, cmd.Env = l.module, l.env
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "still running: ") && strings.Contains(lines.Text(), "; Test0 ") {
			l.release()
		}
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(said.String(), "; Test0 ") {
		l.t.Errorf("%v\n%s", err, said.String())
	}
}

// copied is the lab with another checkout of the module.
func (l *lab) copied() *lab {
	l.t.Helper()
	other := *l
	other.module = l.t.TempDir()
	for _, name := range []string{"go.mod", "w_test.go"} {
		text, err := os.ReadFile(filepath.Join(l.module, name))
		if err != nil {
			l.t.Fatal(err)
		}
		other.write(name, string(text))
	}
	return &other
}

// queueBuilt: a machine builds the binary that the leader has, byte for byte, in another folder too if
// paths are not in it, and leaves nothing of coverage behind.
func queueBuilt(l *lab) {
	l.waiting(6)
	args := []string{"--queue-binaries=build", "--", "-count=1", "-trimpath", "-coverprofile=c.out", "."}
	lead := l.start(args...)
	l.file("ran0")
	other := l.copied()
	agent := other.start(slices.Concat([]string{"--queue-role=agent"}, args)...)
	other.file("ran2")
	l.release()
	other.release()
	lead.wait(0, "DONE 6 tests")
	if text := lead.out.String(); strings.Contains(text, "test binaries") {
		l.t.Errorf("the leader does not take the binaries that it has:\n%s", text)
	}
	agent.wait(0, "=== Queue: of the test binaries 1 were built here, 0 downloaded")
	if _, err := os.Stat(filepath.Join(l.module, "c.out")); err != nil {
		l.t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(other.module, "c.out")); err == nil {
		l.t.Error("the profile of a build is left")
	}
}

// queueSetup: a set-up runs once, on the leader, tests on all machines have its variables, and it is torn
// down in the end. One that fails is the result of the run everywhere.
func queueSetup(l *lab) {
	l.waiting(6)
	l.write("env_test.go", `package w

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("ADDRESS") != "leader:1=2" || os.Getenv("SHOWN") != "by the set-up" {
		panic(os.Getenv("ADDRESS") + ", " + os.Getenv("SHOWN"))
	}
	os.Exit(m.Run())
}
`)
	l.write(".cohort.yaml", `version: 1
testmain: per-worker
setup:
  - name: service
    run: 'echo up >>world; printf "ADDRESS=leader:1=2\nSHOWN=by the set-up\n" >>"$COHORT_ENV"'
    teardown: 'echo down >>world'
`)
	// Each package has as many processes as there are workers when it begins.
	for _, name := range []string{"w_test.go", "env_test.go"} {
		text, err := os.ReadFile(filepath.Join(l.module, name))
		if err != nil {
			l.t.Fatal(err)
		}
		l.write("v/"+name, string(text))
	}
	l.env = append(l.env, "SHOWN=not so")
	lead := l.start("--queue-env=SHOWN", "--", "-count=1", "./...")
	ran := func(name string) bool {
		all, err := filepath.Glob(filepath.Join(l.module, "*", name))
		_, here := os.Stat(filepath.Join(l.module, name))
		return len(all) > 0 && err == nil || here == nil
	}
	if !within(func() bool { return ran("ran0") && ran("ran1") }) {
		l.t.Fatal("the leader's workers run nothing")
	}
	other := l.start("--queue-role=agent", "--queue-env=SHOWN", "--", "-count=1", "./...")
	if !within(func() bool { return ran("ran2") || ran("ran3") }) {
		l.t.Fatal("the other machine runs nothing")
	}
	l.release()
	l.write("v/go", "")
	lead.wait(0, "DONE 12 tests")
	other.wait(0)
	if got, err := os.ReadFile(filepath.Join(l.module, "world")); string(got) != "up\ndown\n" {
		l.t.Errorf("the world was %q, %v", got, err)
	}
	l.write(".cohort.yaml", "version: 1\nsetup:\n  - {name: broken, run: 'exit 9'}\n")
	l.start("--queue-run=r2", "--", "-count=1", ".").wait(4, "broken")
	l.start("--queue-run=r2", "--queue-role=agent", "--", "-count=1", ".").wait(4, "exit code 4 on ")
}

// queueCanceled: a signal that ends the run names the tests that wait for a machine, and its package has an
// end.
func queueCanceled(l *lab) {
	l.waiting(9)
	for name := range 9 {
		l.write(fmt.Sprintf("g%d_test.go", name), fmt.Sprintf("package w\n\nimport \"testing\"\n\n//cohort:group g%d\nfunc TestIn%d(t *testing.T) { wait(t) }\n", name, name))
	}
	lead := l.start("--", "-count=1", ".")
	l.file("ran0")
	l.file("ran1")
	l.told(1)
	if err := lead.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Fatal(err)
	}
	lead.wait(143, "DONE 18 tests, 18 skipped", "=== INTERRUPTED: . Test", "=== NOT STARTED: . Test")
}
