package linkcache

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// TestMain lets this test binary stand in for cohort, and for a linker that does as it is told.
func TestMain(m *testing.M) {
	if base := filepath.Base(os.Args[0]); base == "link" || base == "link.exe" {
		os.Exit(fakeLink(os.Args[1:]))
	}
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "exec-tool":
			os.Exit(reentry.ExecTool(os.Args[2:], os.Environ(), os.Stdout, os.Stderr, Link))
		case runWasmCommand:
			os.Exit(runWasm(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// fakeLink notes its call in the file FAKE_LINK_LOG and writes FAKE_LINK_OUTPUT to -o. FAKE_LINK names how it misbehaves.
func fakeLink(args []string) int {
	var out, tmp string
	for i, a := range args {
		if a == "-o" {
			out = args[i+1]
		}
		if d, ok := strings.CutPrefix(a, "-tmpdir="); ok {
			tmp = d
		}
	}
	log, err := os.OpenFile(os.Getenv("FAKE_LINK_LOG"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = fmt.Fprintf(log, "%q GOGC=%s\n", args, os.Getenv("GOGC"))
	}
	if err == nil {
		err = log.Close()
	}
	if err == nil && out != "" {
		err = os.WriteFile(out, []byte(os.Getenv("FAKE_LINK_OUTPUT")), 0o777)
	}
	switch how := os.Getenv("FAKE_LINK"); how {
	case "fail":
		return 2
	case "stdout":
		fmt.Println("a word")
	case "stderr":
		fmt.Fprintln(os.Stderr, "a warning")
	case "external":
		err = os.WriteFile(filepath.Join(tmp, "go.o"), nil, 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// self returns the path of this test binary.
func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// write writes a file and the folders above it.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's content.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// installSelf makes this test binary available as the program name.
func installSelf(t *testing.T, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(self(t), name) == nil {
		return
	}
	// Windows allows symbolic links to few users.
	write(t, name, read(t, self(t)))
	if err := os.Chmod(name, 0o777); err != nil {
		t.Fatal(err)
	}
}

// command returns a command with the variables env added to the environment.
func command(dir string, env []string, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	return cmd
}
