//go:build unix

package main_test

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A runner is a cohort that runs beside the test, to be treated badly.
type runner struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string // of its files
	id     string // in the environment of all it starts
	lines  chan string
	stdout io.Closer // the end that is read
	stderr bytes.Buffer
	ready  string // a named pipe: see await
}

// runnerLimit ends a test whose runner hangs. Beside 20 busy loops and six whole runs a minute was not enough.
const runnerLimit = 20 * time.Minute

// startRunner starts cohort on the samples, with its own directory for temporary
// files.
func (d *differ) startRunner(t *testing.T, env []string, args ...string) *runner {
	t.Helper()
	r := &runner{t: t, dir: t.TempDir(), lines: make(chan string, 10_000)}
	r.id = "DEATHS_ID=" + r.dir
	r.ready = filepath.Join(r.dir, "ready")
	if err := errors.Join(os.Mkdir(r.file("tmp"), 0o700), syscall.Mkfifo(r.ready, 0o600)); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--no-color", "--jsonfile=" + r.file("json"), "--junitfile=" + r.file("xml"), "--workers=2", "--shuffle=off"}
	r.cmd = exec.Command(d.subject, append(flags, args...)...)
	r.cmd.Dir = filepath.Join(d.root, "testdata", "deaths", "slow")
	r.cmd.Env = slices.Concat(d.env, []string{r.id, "TMPDIR=" + r.file("tmp"), "DEATHS_READY=" + r.ready}, env)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.Stderr = &r.stderr
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout = stdout
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(runnerLimit, func() {
		t.Errorf("%s: hangs", r.cmd)
		_ = r.cmd.Process.Signal(syscall.SIGABRT) // to see where
	})
	t.Cleanup(func() {
		timer.Stop()
		_ = r.cmd.Process.Kill() // usually it has ended
		for _, pid := range r.processes() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	go func() { // ends with the runner
		defer close(r.lines)
		for in := bufio.NewReader(stdout); ; {
			line, err := in.ReadString('\n')
			if line != "" {
				r.lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return r
}

func (r *runner) file(name string) string { return filepath.Join(r.dir, name) }

// await waits until something that the runner has started says that it runs.
func (r *runner) await() {
	r.t.Helper()
	opened := make(chan error, 1)
	go func() { // ends with the first writer, or with the test binary
		file, err := os.Open(r.ready)
		if err == nil {
			_, err = io.ReadAll(file)
			err = errors.Join(err, file.Close())
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			r.t.Fatal(err)
		}
	case <-time.After(runnerLimit):
		r.t.Fatalf("%s: never ready\n%s", r.cmd, &r.stderr)
	}
}

// awaitLine waits for a line that contains text.
func (r *runner) awaitLine(text string) {
	r.t.Helper()
	for line := range r.lines {
		if strings.Contains(line, text) {
			return
		}
	}
	r.t.Fatalf("%s: never printed %q\n%s", r.cmd, text, &r.stderr)
}

// awaitDelay waits until the first pass is over, and a moment more for the delay
// after it to begin: of that nothing can be seen. If it is not enough, another
// moment is tested.
func (r *runner) awaitDelay() {
	r.t.Helper()
	r.awaitLine("waits")
	for len(r.processes()) > 0 {
		<-time.After(time.Millisecond)
	}
	<-time.After(100 * time.Millisecond)
}

// end waits for the runner to end and returns its exit code and what it still printed.
func (r *runner) end() (code int, stdout string) {
	r.t.Helper()
	var all strings.Builder
	for line := range r.lines {
		all.WriteString(line)
	}
	_ = r.cmd.Wait() // the exit code says it all
	return r.cmd.ProcessState.ExitCode(), all.String()
}

// processes returns the processes that the runner has left.
func (r *runner) processes() []int {
	if runtime.GOOS != "linux" {
		return nil // there is no /proc to read
	}
	dirs, _ := filepath.Glob("/proc/[0-9]*/environ")
	var pids []int
	for _, dir := range dirs {
		environ, err := os.ReadFile(dir)
		if err != nil || !bytes.Contains(environ, []byte(r.id+"\x00")) {
			continue // it has ended, or is another user's
		}
		var pid int
		if _, err := fmt.Sscanf(dir, "/proc/%d/", &pid); err == nil && pid != r.cmd.Process.Pid {
			pids = append(pids, pid)
		}
	}
	return pids
}

// checkGone fails the test if a process of the runner's outlives it for long.
func (r *runner) checkGone() {
	r.t.Helper()
	var left []int
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if left = r.processes(); len(left) == 0 {
			return
		}
		<-time.After(10 * time.Millisecond) // a killed process takes a moment
	}
	for _, pid := range left {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // for the message
		r.t.Errorf("left behind: process %d %q", pid, name)
	}
}

// checkFiles fails the test unless the runner has written its files and left no other.
func (r *runner) checkFiles() {
	r.t.Helper()
	checkNothingLeft(r.t, r.file("tmp"))
	events, err := os.ReadFile(r.file("json"))
	if err != nil {
		r.t.Fatal(err)
	}
	decode(r.t, run{command: r.cmd.String()}, bytes.NewReader(events))
	junit, err := os.ReadFile(r.file("xml"))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := xml.Unmarshal(junit, new(struct {
		XMLName xml.Name `xml:"testsuites"`
	})); err != nil {
		r.t.Errorf("JUnit file: %v\n%s", err, junit)
	}
}

// A moment is when a signal comes.
type moment struct {
	name  string
	env   []string
	flags []string
	args  []string
	await func(*runner)
}

func moments(t *testing.T) []moment {
	t.Helper()
	slow := filepath.Join(t.TempDir(), "slow tool")
	script := "#!/bin/sh\ncase \"$*\" in *-V=*) exec \"$@\";; esac\necho ready >\"$DEATHS_READY\"\nexec sleep 300\n"
	if err := os.WriteFile(slow, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	rerun := []string{"--rerun-fails=2", "--rerun-delay=0s"}
	return []moment{
		{name: "building", args: []string{"-toolexec='" + slow + "'"}, await: (*runner).await},
		{name: "running", env: []string{"DEATHS_WAIT=0"}, await: (*runner).await},
		{name: "rerunning", env: []string{"DEATHS_WAIT=1"}, flags: rerun, await: (*runner).await},
		{name: "delay", env: []string{"DEATHS_WAIT=9"}, flags: []string{"--rerun-fails=2", "--rerun-delay=1h"},
			await: (*runner).awaitDelay},
	}
}

// TestSignals sends each signal at each moment, to cohort alone and, as a
// terminal does, to its process group.
func TestSignals(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	for _, m := range moments(t) {
		for _, s := range []struct {
			name  string
			sig   syscall.Signal
			group bool
			twice bool
		}{
			{"interrupt", syscall.SIGINT, false, false},
			{"terminal", syscall.SIGINT, true, false},
			{"terminate", syscall.SIGTERM, false, false},
			{"hangup", syscall.SIGHUP, true, false},
			{"quit", syscall.SIGQUIT, true, false},
			{"twice", syscall.SIGINT, true, true},
		} {
			t.Run(m.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				env := m.env
				if s.twice {
					env = append(slices.Clone(env), "DEATHS_STUBBORN=1")
				}
				r := d.startRunner(t, env, slices.Concat(m.flags, []string{"--", "-count=1"}, m.args, []string{"./waits"})...)
				m.await(r)
				pid := r.cmd.Process.Pid
				if s.group {
					pid = -pid
				}
				if err := syscall.Kill(pid, s.sig); err != nil {
					t.Error(err)
				}
				if s.twice {
					_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended
				}
				code, stdout := r.end()
				// Of two signals at a time either may be the first to be seen.
				if want := 128 + int(s.sig); code != want && !(s.twice && code == 128+int(syscall.SIGTERM)) {
					t.Errorf("exit code %d, want %d", code, want)
				}
				if !strings.Contains(stdout, "\nDONE ") {
					t.Error("no summary")
				}
				// The second one kills the tests, but what is known of them is told. Nothing failed.
				if m.name == "running" && (!strings.Contains(stdout, "=== INTERRUPTED: slow/waits TestWaits after ") ||
					strings.Contains(stdout, "failure") || strings.Contains(stdout, "=== Skipped")) {
					t.Error("the test that ran is not told of, or as what it is not")
				}
				r.checkGone()
				r.checkFiles()
				if t.Failed() {
					t.Logf("%s\n%s\n%s", r.cmd, stdout, &r.stderr)
				}
			})
		}
	}
}

// pidsOf returns the processes of the runner whose command line contains text.
func (r *runner) pidsOf(text string) []int {
	r.t.Helper()
	var pids []int
	for _, pid := range r.processes() {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(line, []byte(text)) {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		r.t.Errorf("no process %q", text)
	}
	return pids
}

// tests returns the test processes of the runner.
func (r *runner) tests() []int {
	wrapped := r.pidsOf("exec-test\x00/")
	return slices.DeleteFunc(r.pidsOf("-test.v="), func(pid int) bool { return slices.Contains(wrapped, pid) })
}

// TestPartsDie kills what a run consists of, while a test runs.
func TestPartsDie(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	rerun := []string{"--rerun-fails=1", "--rerun-delay=0s"}
	execTests := func(r *runner) []int { return r.pidsOf("exec-test\x00/") }
	for name, test := range map[string]struct {
		flags []string
		kill  func(*runner) []int
		code  int
		says  string
	}{
		"go":                    {nil, func(r *runner) []int { return r.pidsOf("go\x00test\x00") }, 3, "go test was killed"},
		"go with reruns":        {rerun, func(r *runner) []int { return r.pidsOf("go\x00test\x00") }, 3, "go test was killed"},
		"exec-test":             {nil, execTests, 1, "signal: killed"},
		"exec-test with reruns": {rerun, execTests, 3, "rerun aborted"},
		"exec-test, test talks": {nil, execTests, 1, "signal: killed"},
		"exec-test and test":    {nil, func(r *runner) []int { return r.pidsOf("-test.v=") }, 1, "signal: killed"},
		"test":                  {nil, (*runner).tests, 1, "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{"DEATHS_WAIT=0"}
			if strings.Contains(name, "talks") {
				env = append(env, "DEATHS_TALKS=1")
			}
			r := d.startRunner(t, env, slices.Concat(test.flags, []string{"--", "-count=1", "./waits"})...)
			r.await()
			for _, pid := range test.kill(r) {
				// A test process ends soon after its exec-test.
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					t.Error(err)
				}
			}
			code, stdout := r.end()
			if code != test.code || !strings.Contains(stdout+r.stderr.String(), test.says) {
				t.Errorf("exit code %d, want %d and %q", code, test.code, test.says)
			}
			if !strings.Contains(stdout, "\nDONE ") {
				t.Error("no summary")
			}
			r.checkGone()
			r.checkFiles()
			if t.Failed() {
				t.Logf("%s\n%s\n%s", r.cmd, stdout, &r.stderr)
			}
		})
	}
}

// TestNobodyReads closes the pipe that cohort prints to, as head does: the run ends as
// by SIGPIPE.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	r := d.startRunner(t, []string{"DEATHS_WAIT=0", "DEATHS_TALKS=1"}, "--format=standard-verbose", "--", "-count=1", "./waits")
	r.await()
	if err := r.stdout.Close(); err != nil {
		t.Error(err)
	}
	if code, _ := r.end(); code != 128+int(syscall.SIGPIPE) {
		t.Errorf("exit code %d, want %d\n%s", code, 128+int(syscall.SIGPIPE), &r.stderr)
	}
	r.checkGone()
	r.checkFiles()
}

// TestCohortKilled: nobody can clean up after SIGKILL, but the tests end, and the next run works and
// removes what is left.
func TestCohortKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the tests go on until they print")
	}
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	for _, m := range moments(t) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if m.name == "building" {
				t.Skip("a compiler ends by itself; the one of this test does not")
			}
			r := d.startRunner(t, append([]string{"DEATHS_CHILDLESS=1"}, m.env...), slices.Concat(m.flags, []string{"--", "-count=1"}, m.args, []string{"./waits"})...)
			m.await(r)
			if err := r.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			r.end()
			r.checkGone()
			next := d.command(t, r.cmd.Dir, []string{"TMPDIR=" + r.file("tmp")}, d.subject, "--no-color", "--", "-count=1", "-run=Passes|Last", "./waits")
			if next.exit != 0 {
				t.Errorf("the next run: exit code %d\n%s%s", next.exit, next.stdout, next.stderr)
			}
			if left, err := filepath.Glob(filepath.Join(r.file("tmp"), "cohort-*")); err != nil || len(left) > 0 {
				t.Errorf("after the next run there is still %v, %v", left, err)
			}
		})
	}
}

// TestSocketRemoved: a package that cannot reach cohort fails and says so.
func TestSocketRemoved(t *testing.T) {
	t.Parallel()
	d := newQuickDiffer(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	for _, flags := range [][]string{nil, {"--rerun-fails=1", "--rerun-delay=0s"}} {
		// The linker of the test binary is what removes it.
		tool := filepath.Join(t.TempDir(), "tool")
		script := "#!/bin/sh\ncase \"$*\" in *-V=*) ;; */link\\ *) rm -f \"$TMPDIR\"/cohort-*/s;; esac\nexec \"$@\"\n"
		if err := os.WriteFile(tool, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		r := d.startRunner(t, []string{"DEATHS_WAIT=9"}, slices.Concat(flags, []string{"--", "-count=1", "-toolexec=" + tool, "./waits"})...)
		code, stdout := r.end()
		if code == 0 || !strings.Contains(stdout+r.stderr.String(), "reach cohort") {
			t.Errorf("exit code %d\n%s\n%s", code, stdout, &r.stderr)
		}
		r.checkGone()
		r.checkFiles()
	}
}
