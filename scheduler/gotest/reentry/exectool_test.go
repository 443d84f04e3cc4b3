package reentry

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets this test binary stand in for cohort.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ExecToolCommand {
		os.Exit(ExecTool(os.Args[2:], os.Environ(), os.Stdout, os.Stderr, noLinks))
	}
	os.Exit(m.Run())
}

// noLinks is a link cache that knows one link: that of a tool named link in a folder hit.
func noLinks(argv, _ []string, standIn bool, _ func(argv, env []string) (int, bool)) (code int, ok bool) {
	if filepath.Base(filepath.Dir(argv[0])) != "hit" {
		return 0, false
	}
	if standIn {
		return 5, true
	}
	return 4, true
}

func TestWay(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("paths of Unix")
	}
	for _, tt := range []struct {
		args string
		want way
	}{
		{"/go/pkg/tool/compile -o x", inPlace},
		{"/go/pkg/tool/asm -o x", inPlace},
		{"/go/pkg/tool/link -o x", asChild},
		{"-links /go/pkg/tool/link -o x", fromLink},
		{"-links -stand-in /go/pkg/tool/link.exe -o x", fromLink},
		{"-links /go/pkg/tool/compile -o x", inPlace},
		{"/go/pkg/tool/cgo -o x", asChild},
		{"/go/pkg/tool/link", asChild},
		{"/go/pkg/tool/link -V=full", free},
		{"-links /go/pkg/tool/link -V=full", free},
		{"/go/pkg/tool/compile -V=full", free},
		{"/go/pkg/tool/vet x.cfg", free},
		{"/go/pkg/tool/cover -o x", free},
		{"gcc -### -x c", free},
		{"/go/bin/go tool link", free},
		{"-after=2 garble toolexec /go/pkg/tool/compile -o x", asChild},
		{"-after=2 garble toolexec /go/pkg/tool/link -o x", asChild},
		{"-after=2 -links garble toolexec /go/pkg/tool/link -o x", asChild},
		{"-after=2 garble toolexec /go/pkg/tool/compile -V=full", free},
		{"-after=1 compile /go/pkg/tool/vet x.cfg", free},
	} {
		var tool tool
		if err := tool.parse(strings.Fields(tt.args)); err != nil {
			t.Errorf("%s: %v", tt.args, err)
		} else if got := tool.way(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.args, got, tt.want)
		}
	}
}

// execTool starts exec-tool as a process, with no cohort to ask.
func execTool(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	cmd := exec.Command(exe, append([]string{ExecToolCommand}, args...)...)
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// script makes a tool that does what a shell script says.
func script(t *testing.T, name, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	name = filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	// A process that is started meanwhile would have the script open for writing until it is another program:
	// till then nobody can start the script.
	syscall.ForkLock.RLock()
	err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestToolsRunAsTheyAre: whichever way a tool is started, its words and its exit code are its own.
func TestToolsRunAsTheyAre(t *testing.T) {
	t.Parallel()
	const text = "echo \"$*\"\necho oops >&2\ncat\nexit 7\n" // cat: there is nothing to read
	wrapper := script(t, "wrapper", "echo wrapped\nexec \"$@\"\n")
	for _, name := range []string{"compile", "link", "cgo", "vet"} {
		tool := script(t, name, text)
		for _, args := range [][]string{{tool, "-o", "a  b"}, {LinkCacheFlag, tool, "-o", "a  b"}, {AfterFlag + "1", wrapper, tool, "-o", "a  b"}} {
			want := "-o a  b\n"
			if slices.Contains(args, wrapper) {
				want = "wrapped\n" + want
			}
			code, stdout, stderr := execTool(t, args...)
			if code != 7 || stdout != want || stderr != "oops\n" {
				t.Errorf("%q: exit %d, stdout %q, stderr %q", args, code, stdout, stderr)
			}
		}
	}
	// The go command asks C compilers for their version by name.
	if code, stdout, _ := execTool(t, "sh", "-c", "echo $0; exit 3", "x"); code != 3 || stdout != "x\n" {
		t.Errorf("sh: exit %d, stdout %q", code, stdout)
	}
	killed := script(t, "link", "kill -9 $$\n")
	if code, _, stderr := execTool(t, killed, "-o"); code != 1 || !strings.Contains(stderr, "killed") {
		t.Errorf("a linker that is killed: exit %d, stderr %q", code, stderr)
	}
}

func TestLinkCacheAnswers(t *testing.T) {
	t.Parallel()
	link := script(t, "hit/link", "exit 7\n")
	for want, args := range map[int][]string{
		4: {LinkCacheFlag, link, "-o"},
		5: {LinkCacheFlag, StandInFlag, link, "-o"},
		7: {StandInFlag, link, "-o"},
	} {
		if code, _, _ := execTool(t, args...); code != want {
			t.Errorf("%q: exit %d, want %d", args, code, want)
		}
	}
	if code, _, _ := execTool(t, LinkCacheFlag, AfterFlag+"1", script(t, "wrapper", "exec \"$@\"\n"), link, "-o"); code != 7 {
		t.Errorf("under a wrapper of the user's: exit %d, want 7", code)
	}
}

func TestExecToolErrors(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "absent")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, usageError, "want a tool"},
		{[]string{LinkCacheFlag}, usageError, "want a tool"},
		{[]string{AfterFlag + "2", "a", "b"}, usageError, "want a tool"},
		{[]string{AfterFlag + "x", "a", "b"}, usageError, "want a number"},
		{[]string{AfterFlag + "-1", "a", "b"}, usageError, "want a number"},
		{[]string{"-x", "a"}, usageError, "unknown flag -x"},
		{[]string{absent, "x"}, 1, absent},
		{[]string{filepath.Join(absent, "link"), "x"}, 1, absent},
		{[]string{"cohort-no-such-tool"}, 1, "not found in PATH"},
	} {
		code, stdout, stderr := execTool(t, tt.args...)
		if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q, want %d and %q", tt.args, code, stdout, stderr, tt.code, tt.want)
		}
	}
}
