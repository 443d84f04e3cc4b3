package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// childVar, set, makes the test binary a command that watches the directory it names
// on its standard input and output: what the tests here run in a terminal.
const childVar = "COHORT_WATCH_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child prints each run, with what the terminal is like in it. A run of everything
// lasts until it is interrupted; a debugger reads a line.
func child(dir string) int {
	err := Watch(context.Background(), Options{Dirs: []string{dir + recursive}, Stdin: os.Stdin,
		Stdout: writerFunc(func(p []byte) {
			if string(p) == "\n" {
				panic("Enter")
			}
			_, _ = os.Stdout.Write(p)
		}),
		Run: func(ctx context.Context, e Event) error {
			fmt.Printf("run %v %v %v on a %s terminal\n", e.Packages, e.Args, e.Debug, modes(os.Stdin))
			switch {
			case e.Debug:
				var line string
				_, err := fmt.Scanln(&line)
				fmt.Printf("read %q, %v\n", line, err)
			case e.Packages[0] == "./...":
				<-ctx.Done()
				fmt.Println(context.Cause(ctx))
			}
			return nil
		}})
	fmt.Println("watch:", err)
	return 7
}

// modes describes a terminal.
func modes(tty *os.File) string {
	state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	switch {
	case err != nil:
		return err.Error()
	case state.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) == unix.ICANON|unix.ECHO|unix.ISIG && state.Oflag&unix.OPOST != 0:
		return "normal"
	case state.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) == unix.ISIG && state.Oflag&unix.OPOST != 0:
		return "single-key"
	}
	return fmt.Sprintf("strange (%+v)", *state)
}

// terminalTest is a child in a terminal of its own.
type terminalTest struct {
	t           *testing.T
	dir         string
	master, tty *os.File
	screen      *bufio.Reader
	cmd         *exec.Cmd
}

func openTerminal(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return master, tty
}

// startChild returns when the child watches and reads keys.
func startChild(t *testing.T) *terminalTest {
	t.Helper()
	tt := &terminalTest{t: t, dir: t.TempDir()}
	write(t, "package a\n", tt.dir, "a", "a.go")
	tt.master, tt.tty = openTerminal(t)
	tt.screen = bufio.NewReader(tt.master)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tt.cmd = exec.CommandContext(t.Context(), exe)
	tt.cmd.Env = append(os.Environ(), childVar+"="+tt.dir)
	tt.cmd.Stdin, tt.cmd.Stdout, tt.cmd.Stderr = tt.tty, tt.tty, tt.tty
	tt.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if got := modes(tt.tty); got != "normal" {
		t.Fatal("a new terminal is", got)
	}
	if err := tt.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tt.want("Watching 1 directories")
	// The keyboard is on when a key that was typed has an effect.
	tt.typeKeys("l")
	tt.want("Watching 1 directories")
	if got := modes(tt.tty); got != "single-key" {
		t.Error("while it waits for keys the terminal is", got)
	}
	return tt
}

func (tt *terminalTest) typeKeys(keys string) {
	tt.t.Helper()
	if _, err := io.WriteString(tt.master, keys); err != nil {
		tt.t.Fatal(err)
	}
}

// want reads the screen up to a line with text in it, and returns that line.
func (tt *terminalTest) want(text string) string {
	tt.t.Helper()
	var seen strings.Builder
	for {
		line, err := tt.screen.ReadString('\n')
		seen.WriteString(line)
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			tt.t.Fatalf("%v before %q was printed, after:\n%s", err, text, seen.String())
		}
	}
}

// wantEnd waits for the child and checks its exit code and what it left behind.
func (tt *terminalTest) wantEnd(code int) {
	tt.t.Helper()
	err := tt.cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != code {
		tt.t.Errorf("it ended with %v, want exit code %d", err, code)
	}
	if got := modes(tt.tty); got != "normal" {
		tt.t.Error("it left the terminal", got)
	}
}

func TestTerminalKeys(t *testing.T) {
	t.Parallel()
	tt := startChild(t)
	a := filepath.Join(tt.dir, "a")
	write(t, "package a // saved\n", a, "a.go")
	tt.want("run [" + a + "] [] false on a normal terminal")
	tt.typeKeys("r")
	tt.want("run [" + a + "] [] false on a normal terminal")
	tt.typeKeys("u")
	tt.want("run [" + a + "] [-update] false on a normal terminal")
	tt.typeKeys("d")
	tt.want("run [" + a + "] [] true on a normal terminal")
	tt.typeKeys("hello\n") // all of it is the debugger's
	tt.want(`read "hello", <nil>`)
	tt.typeKeys("\x1bOdaa") // an arrow key is no key d; Ctrl-C is the end of the second a
	tt.want("run [./...] [] false on a normal terminal")
	tt.typeKeys("\x03")
	tt.want("stopped by signal: interrupt")
	tt.typeKeys("l")
	tt.want("Watching 1 directories")
	tt.typeKeys("\x03")
	tt.want("watch: stopped by signal: interrupt")
	tt.wantEnd(7)
}

// TestTerminalIsRestored: whatever ends the process.
func TestTerminalIsRestored(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(tt *terminalTest)
		want string
		code int
	}{
		{"Ctrl-C", func(tt *terminalTest) { tt.typeKeys("\x03") }, "watch: stopped by signal: interrupt", 7},
		{"SIGTERM", signalChild(unix.SIGTERM), "watch: stopped by signal: terminated", 7},
		{"SIGHUP", signalChild(unix.SIGHUP), "watch: stopped by signal: hangup", 7},
		{"SIGQUIT", func(tt *terminalTest) { tt.typeKeys("\x1c") }, "watch: stopped by signal: quit", 7},
		{"panic", func(tt *terminalTest) { tt.typeKeys("\n") }, "panic: Enter", 2},
		{"SIGTERM during a run", func(tt *terminalTest) {
			tt.typeKeys("a")
			tt.want("run [./...]")
			signalChild(unix.SIGTERM)(tt)
		}, "watch: stopped by signal: terminated", 7},
		{"SIGKILL during a run", func(tt *terminalTest) {
			tt.typeKeys("a")
			tt.want("run [./...]")
			signalChild(unix.SIGKILL)(tt)
		}, "", -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tt := startChild(t)
			test.do(tt)
			if test.want != "" {
				tt.want(test.want)
			}
			// What else it prints must not block it.
			go func() { _, _ = io.Copy(io.Discard, tt.screen) }() // ends with the terminal
			tt.wantEnd(test.code)
		})
	}
}

func signalChild(sig os.Signal) func(tt *terminalTest) {
	return func(tt *terminalTest) {
		tt.t.Helper()
		if err := tt.cmd.Process.Signal(sig); err != nil {
			tt.t.Fatal(err)
		}
	}
}
