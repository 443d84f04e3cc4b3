package linkcache

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// A fake is a linker that notes its calls, with the files that a call of it names and a cache of its own.
type fake struct {
	dir  string
	link string
	out  string
	env  []string
}

// linked is what a fake linker makes by default: an ELF file by its first bytes.
const linked = elfMagic + " the output"

func newFake(t *testing.T) *fake {
	dir := t.TempDir()
	name := "link"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	f := &fake{dir: dir, link: filepath.Join(dir, "tool", name), out: filepath.Join(dir, "b001", "p.test")}
	installSelf(t, f.link)
	write(t, filepath.Join(dir, "b001", "importcfg.link"), "packagefile fmt=/x\n")
	f.env = []string{EnvDir + "=" + filepath.Join(dir, "cache"), "FAKE_LINK_LOG=" + filepath.Join(dir, "log"), "FAKE_LINK_OUTPUT=" + linked}
	return f
}

// run calls exec-tool for a link and returns its exit code and what it printed.
func (f *fake) run(t *testing.T, env ...string) (code int, stdout, stderr string) {
	t.Helper()
	return f.runArgs(t, []string{"-buildmode=exe", "-buildid=" + testBuildID, "main.a"}, env...)
}

func (f *fake) runArgs(t *testing.T, args []string, env ...string) (code int, stdout, stderr string) {
	t.Helper()
	argv := slices.Concat([]string{self(t), "exec-tool", reentry.LinkCacheFlag, f.link, "-o", f.out, "-importcfg", filepath.Join(f.dir, "b001", "importcfg.link")}, args)
	return runCommand(t, command(f.dir, append(f.env, env...), argv...))
}

func runCommand(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// calls returns the linker's calls so far.
func (f *fake) calls(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.dir, "log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(data)))
}

// check runs the link and checks that it is silent, makes its output, and called the linker so many times in all.
func (f *fake) check(t *testing.T, calls int, env ...string) {
	t.Helper()
	code, stdout, stderr := f.run(t, env...)
	if code != 0 || stdout != "" || stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q; want 0 and silence", code, stdout, stderr)
	}
	if got := read(t, f.out); got != linked {
		t.Errorf("output is %q", got)
	}
	if got := f.calls(t); len(got) != calls {
		t.Errorf("linker called %d times, want %d", len(got), calls)
	}
	left, err := os.ReadDir(filepath.Dir(f.out))
	if err != nil || len(left) != 2 {
		t.Errorf("beside the output: %v (%v), want only the output and importcfg.link", left, err)
	}
}

func TestSecondLinkIsACopy(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.check(t, 1)
	f.check(t, 1)
	write(t, f.out, "the build ID written into it")
	f.check(t, 1)
}

func TestOffMeansTheLinkerEachTime(t *testing.T) {
	t.Parallel()
	for _, set := range []string{EnvDir + "=off", EnvSize + "=1x", EnvDir + "=relative"} {
		f := newFake(t)
		f.check(t, 1, set)
		f.check(t, 2, set)
		if exists(t, filepath.Join(f.dir, "cache")) {
			t.Errorf("%s: a cache was made", set)
		}
		// No -tmpdir, nothing added: the linker's own words.
		if got := f.calls(t)[1]; strings.Contains(got, "tmpdir") {
			t.Errorf("%s: linker called with %s", set, got)
		}
	}
}

func TestLinkerCollectsNoGarbageUnlessAsked(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{"GOGC=": "GOGC=off\n", "GOGC=50": "GOGC=50\n"} {
		f := newFake(t)
		f.check(t, 1, set)
		if got := f.calls(t)[0]; !strings.HasSuffix(got, want) {
			t.Errorf("%s: linker called with %s, want %s", set, got, want)
		}
	}
}

func TestLinksThatAreNotKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		how, stdout, stderr string
		code                int
	}{{how: "fail", code: 2}, {how: "stdout", stdout: "a word\n"}, {how: "stderr", stderr: "a warning\n"}, {how: "external"}} {
		f := newFake(t)
		for n := 1; n <= 2; n++ {
			code, stdout, stderr := f.run(t, "FAKE_LINK="+tt.how)
			if code != tt.code || stdout != tt.stdout || stderr != tt.stderr {
				t.Errorf("%s: exit %d, stdout %q, stderr %q; want %d, %q, %q", tt.how, code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
			}
			if got := len(f.calls(t)); got != n {
				t.Errorf("%s: linker called %d times, want %d", tt.how, got, n)
			}
		}
	}
}

func TestCallsThatAreNotUnderstoodGoThrough(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for n := 1; n <= 2; n++ {
		if code, _, stderr := f.runArgs(t, []string{"-v", "-buildid=" + testBuildID, "main.a"}); code != 0 {
			t.Errorf("exit %d: %s", code, stderr)
		}
		if got := len(f.calls(t)); got != n {
			t.Errorf("linker called %d times, want %d", got, n)
		}
	}
}

func TestDamagedEntryIsARelink(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.check(t, 1)
	entries, err := filepath.Glob(filepath.Join(f.dir, "cache", "*[0-9a-f]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if isKey(filepath.Base(e)) {
			write(t, e, "The output"+read(t, e)[len(linked):])
		}
	}
	f.check(t, 2)
	f.check(t, 2)
}

func TestCacheThatCannotBeWrittenIsNoCache(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	write(t, filepath.Join(f.dir, "cache"), "a file where the folder should be")
	f.check(t, 1)
	f.check(t, 2)
}
