//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// buildQueue builds the program that talks to the server, once for all tests, and puts another of its
// name in front of it, under which machines are missed sooner. It returns their folder.
func buildQueue(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := built.Program{Name: "cohort-queue", Package: "../cohort-queue"}.Path(t)
	if err := os.Symlink(program, filepath.Join(dir, "real")); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\ncase $1 in bridge) shift; exec " + dir + "/real bridge " + briefTerms + " \"$@\";; esac\nexec " + dir + "/real \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, queueProgram), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestQueue runs tests on several machines, which are processes here, and share a real server.
func TestQueue(t *testing.T) {
	t.Parallel()
	programs := buildQueue(t)
	for name, test := range map[string]func(l *lab){
		"a node dies": queueNodeDies, "the leader dies": queueLeaderDies, "the server is gone": queueServerGone,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newLab(t, programs))
		})
	}
	programs = programsWith(t, programs, longTerms)
	for name, test := range map[string]func(l *lab){
		"differential": queueDifferential, "signals": queueSignals, "refused": queueRefused, "time limit": queueTimeLimit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newLab(t, programs))
		})
	}
}

// lab is a server and a module, for machines that are processes.
type lab struct {
	t      *testing.T
	module string
	env    []string
	server *exec.Cmd
}

func newLab(t *testing.T, programs string) *lab {
	t.Helper()
	l := &lab{t: t, module: t.TempDir()}
	l.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	l.server = exec.Command(filepath.Join(programs, queueProgram), "serve", "--listen=127.0.0.1:0", "--store="+filepath.Join(t.TempDir(), "store"))
	l.server.Stderr = os.Stderr
	out, err := l.server.StdoutPipe()
	if err == nil {
		err = l.server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.stop)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	l.env = append(cleanEnv(), "COHORT_QUEUE="+strings.TrimSpace(url), "COHORT_QUEUE_RUN=r", "PATH="+programs+":"+os.Getenv("PATH"), "COHORT_HISTORY=off", "TMPDIR="+t.TempDir())
	return l
}

// write writes a file of the module.
func (l *lab) write(name, text string) {
	l.t.Helper()
	file := filepath.Join(l.module, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		l.t.Fatal(err)
	}
}

// stop ends the server.
func (l *lab) stop() {
	if l.server.ProcessState == nil {
		_ = l.server.Process.Kill() // it may have ended
		_ = l.server.Wait()
	}
}

// member is a machine.
type member struct {
	cmd *exec.Cmd
	out transcript
	t   *testing.T
}

// transcript is what a machine prints. It can be read while that runs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (o *transcript) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// awaits waits until a machine has printed something.
func (m *member) awaits(text string) {
	m.t.Helper()
	if !within(func() bool { return strings.Contains(m.out.String(), text) }) {
		m.t.Fatalf("no %q in\n%s", text, m.out.String())
	}
}

// start starts a machine of two workers.
func (l *lab) start(args ...string) *member {
	l.t.Helper()
	m := &member{cmd: exec.Command("cohort", append([]string{"-n=2"}, args...)...), t: l.t}
	m.cmd.Dir, m.cmd.Env, m.cmd.Stdout, m.cmd.Stderr = l.module, l.env, &m.out, &m.out
	if err := m.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if m.cmd.ProcessState == nil {
			_ = m.cmd.Process.Kill() // the test has failed
			_ = m.cmd.Wait()
		}
	})
	return m
}

// wait checks how a machine ends.
func (m *member) wait(code int, want ...string) {
	m.t.Helper()
	_ = m.cmd.Wait() // the exit code says it
	got := m.out.String()
	if m.cmd.ProcessState.ExitCode() != code {
		m.t.Errorf("exit code %d, want %d\n%s", m.cmd.ProcessState.ExitCode(), code, got)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			m.t.Errorf("no %q in\n%s", w, got)
		}
	}
}

// file waits for a file that a test writes.
func (l *lab) file(name string) {
	l.t.Helper()
	l.files(name, 1)
}

// files waits until at least so many files that tests write have names that match a pattern.
func (l *lab) files(pattern string, n int) {
	l.t.Helper()
	for {
		all, err := filepath.Glob(filepath.Join(l.module, pattern))
		if err != nil {
			l.t.Fatal(err)
		}
		if len(all) >= n {
			return
		}
		if l.t.Context().Err() != nil {
			l.t.FailNow()
		}
		time.Sleep(10 * time.Millisecond) // other processes write them
	}
}

// mixed are tests that pass, fail, are flaky, belong together, and read files.
var mixed = map[string]string{
	"a/a_test.go": `package a

import (
	"os"
	"testing"
)

func TestData(t *testing.T) {
	b, err := os.ReadFile("testdata/x")
	t.Logf("%s %v", b, err)
	if err != nil || F() != 1 {
		t.Fail()
	}
}

func TestFlaky(t *testing.T) {
	if os.Getenv("COHORT_ATTEMPT") == "0" {
		t.Error("the first time")
	}
}

func TestSkipped(t *testing.T) { t.Skip("no") }

//cohort:group g
func TestFirst(t *testing.T) { os.Setenv("STEP", "1") }

//cohort:group g
func TestSecond(t *testing.T) {
	if os.Getenv("STEP") != "1" {
		t.Error("alone")
	}
}

func TestSeen(t *testing.T) {
	if os.Getenv("SHOWN") != "yes" || os.Getenv("COHORT_QUEUE") != "" {
		t.Error("environment")
	}
	t.Run("sub", func(t *testing.T) { t.Log("of it") })
}
`,
	"a/a.go":       "package a\n\nfunc F() int { return 1 }\n\nfunc G() int { return 2 }\n",
	"a/testdata/x": "data",
	"b/b_test.go":  "package b\n\nimport \"testing\"\n\nfunc TestFails(t *testing.T) { t.Error(\"bad\") }\n\nfunc TestPasses(*testing.T) {}\n",
	"none/none.go": "package none\n",
}

// queueDifferential: a run on two machines comes to what a run on one comes to, in verdict, events and
// coverage.
func queueDifferential(l *lab) {
	for name, text := range mixed {
		l.write(name, text)
	}
	l.env = append(l.env, "SHOWN=yes")
	args := []string{"--rerun-fails", "--jsonfile=queue.json", "--queue-env=SHOWN", "--", "-count=1", "-coverprofile=queue.out", "./..."}
	lead := l.start(args...)
	other := l.start(append([]string{"--queue-role=agent"}, args...)...)
	lead.wait(1, "bad", "=== Queue: run r: this machine leads")
	other.wait(1, "exit code 1 on ")

	l.env = slices.DeleteFunc(l.env, func(kv string) bool { return strings.HasPrefix(kv, "COHORT_QUEUE") })
	l.start("--rerun-fails", "--jsonfile=alone.json", "--", "-count=1", "-coverprofile=alone.out", "./...").wait(1)
	if got, want := l.results("queue.json"), l.results("alone.json"); got != want {
		l.t.Errorf("on two machines:\n%s\nalone:\n%s", got, want)
	}
	got, err := os.ReadFile(filepath.Join(l.module, "queue.out"))
	want, err2 := os.ReadFile(filepath.Join(l.module, "alone.out"))
	if err != nil || err2 != nil || !bytes.Equal(got, want) || len(want) < 50 {
		l.t.Errorf("coverage on two machines:\n%s\n%v\nalone:\n%s\n%v", got, err, want, err2)
	}
}

// results are the results of tests and packages in a file of events, sorted.
func (l *lab) results(name string) string {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.module, name))
	if err != nil {
		l.t.Fatal(err)
	}
	var all []string
	for line := range bytes.Lines(data) {
		var e struct{ Action, Package, Test string }
		if err := json.Unmarshal(line, &e); err != nil {
			l.t.Fatal(err)
		}
		if slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			all = append(all, e.Action+" "+e.Package+" "+e.Test)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// waiting writes tests that say where they run, and wait until they may go on. Each is a group: where
// processes start slowly, tests that are none share some.
func (l *lab) waiting(n int) {
	l.t.Helper()
	var b strings.Builder
	b.WriteString("package w\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\nfunc wait(t *testing.T) {\n" +
		"\tos.WriteFile(\"ran\"+os.Getenv(\"COHORT_WORKER\"), nil, 0o600)\n" +
		"\tfor {\n\t\tif _, err := os.Stat(\"go\"); err == nil {\n\t\t\treturn\n\t\t}\n\t\ttime.Sleep(10 * time.Millisecond)\n\t}\n}\n")
	for i := range n {
		fmt.Fprintf(&b, "\n//cohort:group g%d\nfunc Test%d(t *testing.T) { wait(t) }\n", i, i)
	}
	l.write("w_test.go", b.String())
}

// told waits until so many machines have told that they have two batches.
func (l *lab) told(n int) {
	l.t.Helper()
	for {
		status := exec.Command(l.server.Path, "status", "--json")
		status.Env = l.env
		out, err := status.CombinedOutput()
		if err != nil {
			l.t.Fatalf("%v: %v\n%s", status, err, out)
		}
		if strings.Count(string(out), `"holds": 2`) == n {
			return
		}
		time.Sleep(100 * time.Millisecond) // other processes tell it
	}
}

// release lets the tests of waiting go on.
func (l *lab) release() {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.module, "go"), nil, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// queueNodeDies: what a machine ran that was killed runs again elsewhere.
func queueNodeDies(l *lab) {
	l.waiting(6)
	lead := l.start("--format=testname", "--", "-count=1", ".")
	l.file("ran0")
	other := l.start("--queue-role=agent", "--", "-count=1", ".")
	l.file("ran2")
	l.file("ran3")
	l.told(2)
	if err := other.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	_ = other.cmd.Wait()
	l.release()
	lead.wait(0, "went away, 2 batches ran again elsewhere", "DONE 6 tests")
}

// queueLeaderDies: another machine takes over.
func queueLeaderDies(l *lab) {
	l.waiting(6)
	lead := l.start("--", "-count=1", ".")
	l.file("ran0")
	heir := l.start("--", "-count=1", ".")
	l.file("ran2")
	if err := lead.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	_ = lead.cmd.Wait()
	l.release()
	heir.wait(0, "this machine leads", "DONE 6 tests")
}

// queueSignals: a signal to the leader ends all machines, one to another leaves its work to the
// others.
func queueSignals(l *lab) {
	l.waiting(8)
	lead := l.start("--", "-count=1", ".")
	l.file("ran0")
	other := l.start("--queue-role=agent", "--", "-count=1", ".")
	l.file("ran2")
	if err := other.cmd.Process.Signal(syscall.SIGINT); err != nil {
		l.t.Fatal(err)
	}
	other.wait(130, "interrupt: what ran here is left to others")
	another := l.start("--queue-role=agent", "--", "-count=1", ".")
	l.file("ran4")
	if err := lead.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Fatal(err)
	}
	lead.wait(143, "=== NOT STARTED")
	another.wait(143, "exit code 143 on ")
}

// queueRefused: what cannot be a run is none, and none passes.
func queueRefused(l *lab) {
	l.waiting(1)
	lead := l.start("--", "-count=1", ".")
	l.file("ran0")
	l.start("--queue-role=agent", "--", "-count=1", "-race", ".").wait(3, "this machine cannot take part in the run, which has arguments")
	l.start("--queue-role=leader", "--", "-count=1", ".").wait(3, "leads the run, and this machine is to lead it")
	file := filepath.Join(l.module, "more_test.go")
	if err := os.WriteFile(file, []byte("package w\n"), 0o600); err != nil {
		l.t.Fatal(err)
	}
	l.start("--", "-count=1", ".").wait(3, `source "files:`)
	if err := os.Remove(file); err != nil {
		l.t.Fatal(err)
	}
	l.release()
	lead.wait(0)
	l.start("--queue-role=agent", "--", "-count=1", ".").wait(0, "exit code 0 on ")
	l.start("--", "-count=1", ".").wait(3, "--queue-run=r: this run is over (exit code 0 on ", "add the attempt")
	l.stop()
	l.start("--queue=nats://127.0.0.1:1", "--queue-wait=1s", "--queue-run=r2").wait(3, "no answer from the queue's server")
}

// queueServerGone: a run that loses its server is no run.
func queueServerGone(l *lab) {
	l.waiting(2)
	lead := l.start("--queue-wait=10s")
	l.file("ran0")
	l.stop()
	l.release()
	lead.wait(3, "ERROR --queue: the queue's server has not answered for 10s")
}

// queueTimeLimit: a test's own limit holds on other machines.
func queueTimeLimit(l *lab) {
	l.waiting(1)
	l.start("--test-timeout=1s").wait(1, "cohort: Test0 ran longer than 1s and was ended with its process; its goroutines:")
}
