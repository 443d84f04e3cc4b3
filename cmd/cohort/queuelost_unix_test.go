//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQueueLost: a run that has lost its server ends on all machines. The machines are processes here, and
// share a real server.
func TestQueueLost(t *testing.T) {
	t.Parallel()
	programs := buildQueue(t)
	for name, test := range map[string]func(l *worldLab){
		"the server is gone": lostServer, "the server comes back empty": lostStore, "interrupted twice": lostInterrupted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &worldLab{newLab(t, programs)}
			l.waiting(8)
			l.write("check_test.go", "package w\n\nimport \"testing\"\n\nfunc check(*testing.T) {}\n")
			l.config("worker-setup:\n  - {name: db, run: 'echo up >>world; echo DB=x >>\"$COHORT_ENV\"', teardown: 'echo down >>world'}\n")
			test(l)
		})
	}
}

// emptied starts the server once more at its address, with an empty store.
func (l *lab) emptied() {
	l.t.Helper()
	l.stop()
	var args []string
	for _, arg := range l.server.Args[1:] {
		if dir, ok := strings.CutPrefix(arg, "--store="); ok {
			if err := os.RemoveAll(dir); err != nil {
				l.t.Fatal(err)
			}
		}
		if strings.HasPrefix(arg, "--listen=") {
			for _, kv := range l.env {
				if url, ok := strings.CutPrefix(kv, "COHORT_QUEUE=nats://"); ok {
					arg = "--listen=" + url
				}
			}
		}
		args = append(args, arg)
	}
	l.server = exec.Command(l.server.Path, args...)
	l.server.Stderr = os.Stderr
	out, err := l.server.StdoutPipe()
	if err == nil {
		err = l.server.Start()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		l.t.Fatal(err)
	}
}

// tornDown checks that what was set up has been torn down.
func (l *lab) tornDown() {
	l.t.Helper()
	all, err := os.ReadFile(filepath.Join(l.module, "world"))
	if up := strings.Count(string(all), "up\n"); err != nil || up == 0 || up != strings.Count(string(all), "down\n") {
		l.t.Errorf("set-ups: %q, %v", all, err)
	}
}

// lostStore: the server does not know the run any more, which is the end of it, long before --queue-wait.
func lostStore(l *worldLab) {
	lead := l.start("--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran0")
	other := l.start("--queue-role=agent", "--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran2")
	l.emptied()
	const lost = "ERROR --queue: the queue's server does not know run r any more"
	lead.wait(3, lost)
	other.wait(3, lost)
	for _, m := range []*member{lead, other} {
		if got := strings.Count(m.out.String(), "ERROR"); got != 1 {
			l.t.Errorf("%d errors in\n%s", got, m.out.String())
		}
	}
	lead.failedNothing()
	l.tornDown()
}

// failedNothing checks that a machine that has lost its run calls nothing a failure.
func (m *member) failedNothing() {
	m.t.Helper()
	for _, wrong := range []string{"=== Failed", "=== FAIL", "exit status", "nats: ", "before its first test"} {
		if strings.Contains(m.out.String(), wrong) {
			m.t.Errorf("%q in\n%s", wrong, m.out.String())
		}
	}
}

// lostServer: the run ends when the server has been away for --queue-wait, as at an interrupt: what has not
// ended is no failure, in any output, and is what the next run can begin with.
func lostServer(l *worldLab) {
	l.write("a_test.go", "package w\n\nimport \"testing\"\n\n//cohort:group p\nfunc TestPasses(*testing.T) {}\n")
	l.env = append(l.env, "COHORT_HISTORY="+filepath.Join(l.t.TempDir(), "history"))
	lead := l.start("--queue-wait=10s", "--format=testname", "--shuffle=off", "--rerun-fails", "--junitfile=j.xml", "--jsonfile=e.json", "--record=r.cohort", "--htmlfile=r.html", "--", "-count=1", ".")
	l.file("ran0")
	// Who comes first is not said, so each test has a worker: one that passes does not wait for one that waits.
	other := l.start("--queue-role=agent", "-n=7", "--queue-wait=10s", "--", "-count=1", ".")
	l.files("ran*", 8)
	lead.awaits("PASS TestPasses")
	l.stop()
	const lost = "ERROR --queue: the queue's server has not answered for 10s"
	lead.wait(3, lost, "this machine has lost the run: stopping ", "=== Interrupted", "DONE 9 tests, 8 skipped")
	other.wait(3, lost)
	for _, m := range []*member{lead, other} {
		m.failedNothing()
		if got := strings.Count(m.out.String(), "ERROR"); got != 1 {
			l.t.Errorf("%d errors in\n%s", got, m.out.String())
		}
	}
	want := "fail example.com/m \npass example.com/m TestPasses"
	for i := range 8 {
		want += fmt.Sprint("\nskip example.com/m Test", i)
	}
	if got := l.results("e.json"); got != want {
		l.t.Errorf("events:\n%s", got)
	}
	junit := l.read("j.xml")
	if !strings.Contains(junit, `tests="10" failures="0" errors="0"`) || strings.Contains(junit, "<failure") || strings.Count(junit, "<skipped") != 8 {
		l.t.Errorf("JUnit:\n%s", junit)
	}
	if page := l.read("r.html"); !strings.Contains(page, "Lost") || !strings.Contains(page, "has not answered for 10s") {
		l.t.Errorf("the page does not say that the run was lost:\n%s", page)
	}
	l.tornDown()
	l.lostAfterwards(lead.out.String())
}

// lostAfterwards checks what is known of a lost run later, which printed something.
func (l *worldLab) lostAfterwards(said string) {
	l.t.Helper()
	l.env = slices.DeleteFunc(l.env, func(kv string) bool { return strings.HasPrefix(kv, "COHORT_QUEUE") })
	play := exec.Command("cohort", "tool", "replay", "r.cohort")
	play.Dir, play.Env = l.module, l.env
	played, _ := play.CombinedOutput() // the exit code says it
	_, said, _ = strings.Cut(said, "this machine leads\n")
	if _, late, _ := strings.Cut(said, "\nDONE "); strings.Contains(late, untold) {
		said, played = withoutLine(said, untold), []byte(withoutLine(string(played), untold)) // the record may be complete by then
	}
	if play.ProcessState.ExitCode() != 3 || sortedLines(string(played)) != sortedLines(said) { // messages come when they do
		l.t.Errorf("replay: exit code %d\n%s\nwant\n%s", play.ProcessState.ExitCode(), played, said)
	}
	history := exec.Command("cohort", "tool", "history", "--json")
	history.Dir, history.Env = l.module, l.env
	if out, err := history.CombinedOutput(); err != nil || strings.Contains(string(out), `"failures": 1`) {
		l.t.Errorf("history: %v\n%s", err, out)
	}
	l.release()
	l.start("--last-failed", "--format=testname", "--", "-count=1", ".").wait(0, "DONE 8 tests")
}

// untold is what a machine says when it has waited for the server in vain after it has torn down, which may
// be after the run.
const untold = "=== Queue: the leader does not learn what came of tear-downs here: "

// withoutLine returns text without the lines that begin so.
func withoutLine(text, begin string) string {
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return strings.HasPrefix(line, begin) }), "")
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// read returns what a file of the module holds, "" if it is not there.
func (l *lab) read(name string) string {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.module, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.t.Fatal(err)
	}
	return string(data)
}

// lostInterrupted: the second Ctrl-C ends each machine although no server answers.
func lostInterrupted(l *worldLab) {
	lead := l.start("--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran0")
	other := l.start("--queue-role=agent", "--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran2")
	l.stop()
	interrupt := func() {
		for _, m := range []*member{lead, other} {
			if err := m.cmd.Process.Signal(syscall.SIGINT); err != nil {
				l.t.Error(err)
			}
		}
	}
	interrupt()
	lead.awaits("interrupt: stopping")
	time.Sleep(2 * echo) // or the second would be taken for an echo of the first
	interrupt()
	late := time.AfterFunc(time.Minute, func() { // the other says nothing: it may have got both at a time
		_ = other.cmd.Process.Signal(syscall.SIGINT) // it may have ended
	})
	defer late.Stop()
	lead.wait(130, "interrupt: stopping", "WARN --queue: ")
	other.wait(130)
	if said := lead.out.String(); strings.Contains(said, "ERROR") || strings.Contains(said, "exit status") {
		l.t.Errorf("the interrupt is called something else:\n%s", said)
	}
}
