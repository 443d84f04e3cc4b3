//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// started is a cohort whose command has begun to wait.
type started struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	pipe           *bufio.Reader // ends when all that was started is gone
}

// startAndWait runs cohort with args, in dir with env, and returns when the command
// has opened the named pipe.
func startAndWait(t *testing.T, dir, pipe string, env []string, args ...string) *started {
	t.Helper()
	s := &started{cmd: exec.Command("cohort", args...)}
	s.cmd.Dir, s.cmd.Env = dir, append(cleanEnv(), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	s.start(t, pipe)
	return s
}

func (s *started) start(t *testing.T, pipe string) {
	t.Helper()
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(pipe) // blocks until there is a writer
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	s.pipe = bufio.NewReader(f)
	s.expect(t, "here\n")
}

func (s *started) expect(t *testing.T, want string) {
	t.Helper()
	if line, err := s.pipe.ReadString('\n'); line != want {
		t.Fatalf("got %q, %v, want %q", line, err, want)
	}
}

func (s *started) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// finish waits for the end of cohort and of all it started.
func (s *started) finish(t *testing.T, code int) {
	t.Helper()
	if _, err := io.ReadAll(s.pipe); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // its code is what counts
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d\n%s%s", got, code, &s.stdout, &s.stderr)
	}
	if !strings.Contains(s.stdout.String(), "\nDONE ") {
		t.Errorf("no summary:\n%s%s", &s.stdout, &s.stderr)
	}
}

// gotestsum dies of SIGTERM, and leaves its tests behind.
func TestSignalsReachTheCommand(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		pipe, junit := filepath.Join(dir, "pipe"), filepath.Join(dir, "junit.xml")
		s := startAndWait(t, dir, pipe, nil, "--junitfile="+junit, "--raw-command", "--", "stay", pipe)
		s.signal(t, sig)
		s.finish(t, 128+int(sig))
		if want := "Test_" + sig.String(); !strings.Contains(s.stdout.String(), want) {
			t.Errorf("%v did not reach the command:\n%s", sig, &s.stdout)
		}
		if data, err := os.ReadFile(junit); err != nil || !bytes.Contains(data, []byte("Test_")) {
			t.Errorf("JUnit file: %s, %v", data, err)
		}
	}
}

// A signal reaches what a script has started, not the script alone.
func TestSignalsReachGrandchildren(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	s := startAndWait(t, "", pipe, nil, "--raw-command", "--", "sh", "-c", "stay '"+pipe+"'; true")
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+15)
}

func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	s := startAndWait(t, "", pipe, nil, "--raw-command", "--", "sh", "-c", "stay '"+pipe+"' stubborn; true")
	s.signal(t, syscall.SIGINT)
	s.expect(t, "signal\n")
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+2)
}

// The max-failures rule ends what runs, children included.
func TestMaxFailsKills(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	event := `{"Action":"fail","Package":"p","Test":"T"}`
	script := "stay '" + pipe + "' stubborn & read x <'" + pipe + ".go'; echo '" + event + "'; wait"
	if err := syscall.Mkfifo(pipe+".go", 0o600); err != nil {
		t.Fatal(err)
	}
	s := startAndWait(t, "", pipe, nil, "--max-fails=1", "--raw-command", "--", "sh", "-c", script)
	if err := os.WriteFile(pipe+".go", []byte("x\n"), 0); err != nil {
		t.Fatal(err)
	}
	s.finish(t, 3)
}

// The go command leaves no work directory behind.
func TestSignalEndsGoTest(t *testing.T) {
	t.Parallel()
	dir, tmp := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.25\n",
		"stay_test.go": `package m

import (
	"fmt"
	"os"
	"testing"
)

func TestStay(t *testing.T) {
	f, err := os.OpenFile(os.Getenv("STAY_PIPE"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "here")
	select {}
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	s := startAndWait(t, dir, pipe, []string{"STAY_PIPE=" + pipe, "TMPDIR=" + tmp}, "--", "-count=1", ".")
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+15)
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A signal ends the wait between two attempts, and there is no other attempt.
func TestSignalEndsDelay(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	script := `echo '{"Action":"fail","Package":"p","Test":"T"}'; echo here >"$PIPE"; exit 1`
	s := startAndWait(t, "", pipe, []string{"PIPE=" + pipe},
		"--rerun-fails", "--rerun-delay=1h", "--raw-command", "--", "sh", "-c", script)
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+15)
}

// The post-run command gets the signal too.
func TestSignalReachesHook(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	s := startAndWait(t, "", pipe, nil, "--post-run-command=stay '"+pipe+"'", "--raw-command", "--", "true")
	s.signal(t, syscall.SIGTERM)
	s.finish(t, 128+15)
}

// cohort | head: what nobody reads ends, children included.
func TestBrokenPipeEndsTheRun(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe+".go", 0o600); err != nil {
		t.Fatal(err)
	}
	script := "stay '" + pipe + "' & read x <'" + pipe + ".go'; echo '{}'; wait"
	cmd := exec.Command("cohort", "-fstandard-json", "--raw-command", "--", "sh", "-c", script)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &started{cmd: cmd}
	s.start(t, pipe)
	if err := stdout.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pipe+".go", []byte("x\n"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(s.pipe); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("exit code 0")
	}
}

// A full disk ends the run, is told once, and makes it red.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	stream, err := filepath.Abs("testdata/streams/pass")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--jsonfile", "--jsonfile-timing-events", "--junitfile"} {
		out, err := exec.Command("cohort", flag+"=/dev/full", "--raw-command", "--", "replay", stream).CombinedOutput()
		if err == nil || bytes.Count(out, []byte("no space left on device")) != 1 {
			t.Errorf("%s: %v\n%s", flag, err, out)
		}
	}
}
