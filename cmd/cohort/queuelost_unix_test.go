//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
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
		"the server comes back empty": lostStore, "interrupted twice": lostInterrupted,
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
	l.tornDown()
}

// lostInterrupted: the second Ctrl-C ends each machine although no server answers.
func lostInterrupted(l *worldLab) {
	lead := l.start("--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran0")
	other := l.start("--queue-role=agent", "--queue-wait=1h", "--", "-count=1", ".")
	l.file("ran2")
	l.stop()
	for range 2 {
		for _, m := range []*member{lead, other} {
			if err := m.cmd.Process.Signal(syscall.SIGINT); err != nil {
				l.t.Error(err)
			}
		}
		time.Sleep(2 * echo) // or the second would be taken for an echo of the first
	}
	lead.wait(3, "interrupt: stopping")
	other.wait(130)
}
