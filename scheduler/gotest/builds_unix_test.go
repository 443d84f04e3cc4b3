//go:build unix

package gotest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// A heldTool is a process of exec-tool whose tool says a byte when it begins, and ends when it may.
type heldTool struct {
	cmd   *exec.Cmd
	began *os.File
	stay  *os.File
}

// writeProgram writes a program that can be started at once. A process that is started meanwhile would have it open
// for writing until it is another program.
func writeProgram(name string, text []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(name, text, 0o755)
}

// startTool starts exec-tool for a tool of that name. env leads it to a cohort.
func startTool(t *testing.T, name, env string) *heldTool {
	t.Helper()
	dir := t.TempDir()
	tool := filepath.Join(dir, name)
	began, stay := filepath.Join(dir, "began"), filepath.Join(dir, "stay")
	for _, err := range []error{
		writeProgram(tool, []byte("#!/bin/sh\necho >"+began+"\nread x <"+stay+"\n")),
		syscall.Mkfifo(began, 0o600), syscall.Mkfifo(stay, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &heldTool{cmd: exec.Command(self, reentry.ExecToolCommand, tool, "-o", "x")}
	h.cmd.Env = append(os.Environ(), env)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Opened for both, a named pipe blocks nobody.
	for file, path := range map[**os.File]string{&h.began: began, &h.stay: stay} {
		if *file, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*file).Close() }) //nolint:errcheck // the test is over
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	return h
}

// begun waits until the tool itself runs.
func (h *heldTool) begun(t *testing.T) {
	t.Helper()
	if _, err := h.began.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// end lets the tool end, and waits for exec-tool.
func (h *heldTool) end(t *testing.T) {
	t.Helper()
	if _, err := h.stay.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Wait(); err != nil {
		t.Errorf("%s: %v", h.cmd, err)
	}
}

// kill kills exec-tool and its tool.
func (h *heldTool) kill() {
	if h.cmd.ProcessState == nil {
		_ = syscall.Kill(-h.cmd.Process.Pid, syscall.SIGKILL)
		_ = h.cmd.Wait()
	}
}

// awaitBuilding waits until so many tools run and wait.
func awaitBuilding(l *Listener, running, waiting int) {
	for {
		if r, w := l.Builds.Building(); r == running && w == waiting {
			return
		}
		runtime.Gosched()
	}
}

// TestToolsTakeTurns has more tools than turns: each starts when one before it has ended, has been
// killed, or has failed, whichever way it was started.
func TestToolsTakeTurns(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.Builds.Limit(2)
	a, b := startTool(t, "compile", l.Env()), startTool(t, "link", l.Env())
	a.begun(t)
	b.begun(t)
	awaitBuilding(l, 2, 0)
	c := startTool(t, "asm", l.Env())
	awaitBuilding(l, 2, 1)
	d := startTool(t, "cgo", l.Env())
	awaitBuilding(l, 2, 2)
	free := startTool(t, "vet", l.Env()) // is not asked for
	free.begun(t)
	free.end(t)
	a.kill()
	c.begun(t)
	awaitBuilding(l, 2, 1)
	b.end(t)
	d.begun(t)
	e := startTool(t, "compile", l.Env())
	awaitBuilding(l, 2, 1)
	e.kill() // while it waits
	awaitBuilding(l, 2, 0)
	c.end(t)
	select {
	case <-l.Builds.Ended():
		t.Error("told an end while a tool runs")
	default:
	}
	d.end(t)
	<-l.Builds.Ended()
	awaitBuilding(l, 0, 0)
	if n := l.Builds.Started(); n != 4 {
		t.Errorf("%d tools started, want 4", n)
	}
}

// TestToolsStartWithoutCohort: nothing waits for a cohort that has ended, or does not answer to the
// token.
func TestToolsStartWithoutCohort(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.Builds.Limit(1)
	gone := l.Env()
	held := startTool(t, "compile", gone)
	held.begun(t)
	var waiting []*heldTool
	for _, name := range []string{"compile", "link"} {
		waiting = append(waiting, startTool(t, name, gone))
	}
	awaitBuilding(l, 1, 2)
	foreign := startTool(t, "compile", reentry.ExecEnv+"=x@"+l.path)
	foreign.begun(t)
	foreign.end(t)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"compile", "link"} {
		waiting = append(waiting, startTool(t, name, gone), startTool(t, name, reentry.ExecEnv+"="))
	}
	for _, tool := range append(waiting, held) {
		if tool != held {
			tool.begun(t)
		}
		tool.end(t)
	}
}

// TestGoCommandBuildsInTurns has the go command build with a -p larger than the limit, under a
// -toolexec of the user's that notes when each tool begins and ends.
func TestGoCommandBuildsInTurns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir := t.TempDir()
	files := map[string]string{
		"go.mod":  "module m\n\ngo 1.26\n",
		"wrap.sh": "#!/bin/sh\ncase $2 in -V*) exec \"$@\";; esac\necho \"+${1##*/}\" >>" + dir + "/log\n\"$@\"\ncode=$?\necho \"-${1##*/}\" >>" + dir + "/log\nexit $code\n",
	}
	for i := range 6 {
		// Source that no one compiled before.
		files[fmt.Sprintf("p%d/p_test.go", i)] = fmt.Sprintf("package p\n\nimport \"testing\"\n\nfunc TestX(*testing.T) { _ = %q }\n", dir)
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeProgram(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t)
	l.Builds.Limit(2)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseArgs([]string{"-p=16", "-run=^$", "-vet=off", "-toolexec=" + dir + "/wrap.sh", "./..."}, []string{"GOENV=off"})
	if err != nil {
		t.Fatal(err)
	}
	words, err := a.Command(CommandOptions{Self: self, Workers: 1, Toolexec: ToolCommand})
	if err != nil {
		t.Fatal(err)
	}
	// The test binaries are not what is of interest: the last -exec counts.
	i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "-exec=") })
	words[i] = "-exec=true"
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off", l.Env())
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Count(out, []byte(`"Action":"pass"`)) != 6 {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	running, most, compiles := 0, 0, 0
	for line := range strings.Lines(string(log)) {
		name := strings.TrimSpace(line[1:])
		if name != "compile" && name != "link" && name != "asm" && name != "cgo" {
			continue
		}
		if line[0] == '+' {
			compiles++
			running++
		} else {
			running--
		}
		most = max(most, running)
	}
	if most > 2 || running != 0 || compiles < 12 || l.Builds.Started() != compiles {
		t.Errorf("%d tools at a time, want 2; %d began, %d had a turn, %d still run\n%s", most, compiles, l.Builds.Started(), running, log)
	}
}
