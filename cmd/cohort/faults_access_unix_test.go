//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// confined returns the words that run a command for which modes of files count: none,
// but for the superuser, whom they do not hold back.
func confined(t *testing.T) []string {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	words := []string{"setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"}
	closed := withMode(t, t.TempDir(), 0o500)
	try := func(command ...string) error { return exec.Command(words[0], append(words[1:], command...)...).Run() }
	if try("true") != nil || try("touch", filepath.Join(closed, "x")) == nil {
		t.Skip("the superuser may write everything, and there is no way to run without that right")
	}
	return words
}

// withMode changes the mode of name until the test has ended.
func withMode(t *testing.T, name string, mode os.FileMode) string {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, info.Mode()) }) // for the removal
	return name
}

// TestFaultsOfAccess: files and directories that may not be read or written. What the
// user asked for is an error that names it; what only helps is at most a warning.
func TestFaultsOfAccess(t *testing.T) {
	t.Parallel()
	d := newDiffer(t).quick(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	as := confined(t)
	dir, files := t.TempDir(), t.TempDir()
	writeModule(t, dir, map[string]string{
		"p/p_test.go": fmt.Sprintf(twoTests, "p"), "q/q_test.go": fmt.Sprintf(twoTests, "q"),
		"unreadable/u_test.go": fmt.Sprintf(twoTests, "unreadable"), "readable/r_test.go": fmt.Sprintf(twoTests, "readable"),
		"closed/c_test.go": fmt.Sprintf(twoTests, "closed"),
	})
	withMode(t, filepath.Join(dir, "unreadable", "u_test.go"), 0)
	withMode(t, filepath.Join(dir, "closed"), 0)
	past, kept := filepath.Join(files, "history"), filepath.Join(files, "links")
	memory := []string{"COHORT_HISTORY=" + past, "COHORT_LINK_CACHE=" + kept}
	if r := d.command(t, dir, memory, d.subject, "--", "-count=1", "./p"); r.exit != 0 {
		t.Fatalf("%s: exit code %d\n%s", r.command, r.exit, r.stderr)
	}
	withMode(t, past, 0)
	withMode(t, kept, 0o500)
	ro := withMode(t, t.TempDir(), 0o500)
	in := filepath.Join(ro, "file")
	for name, test := range map[string]struct {
		env  []string
		args []string
		exit int
		says string
		runs int // tests that pass
	}{
		"json":               {nil, []string{"--jsonfile=" + in, "--", "./p"}, 3, in, 0},
		"timing":             {nil, []string{"--jsonfile-timing-events=" + in, "--", "./p"}, 3, in, 0},
		"junit":              {nil, []string{"--junitfile=" + in, "--", "./p"}, 3, in, 2},
		"coverage":           {nil, []string{"--", "-coverprofile=" + in, "./p"}, 1, in, 0},
		"TMPDIR":             {[]string{"TMPDIR=" + ro}, []string{"--", "./p"}, 3, "make a temporary directory: mkdir " + ro, 0},
		"GOTMPDIR":           {[]string{"GOTMPDIR=" + ro}, []string{"--", "./p"}, 1, "mkdir " + ro, 0},
		"user cache":         {[]string{"XDG_CACHE_HOME=" + ro, "COHORT_HISTORY="}, []string{"--", "-count=1", "./p", "./q"}, 0, "save history " + ro, 4},
		"unreadable history": {[]string{"COHORT_HISTORY=" + past}, []string{"--", "-count=1", "./p"}, 0, past + ": open: permission denied", 2},
		"link cache":         {[]string{"COHORT_LINK_CACHE=" + kept}, []string{"--", "-count=1", "./p", "./q"}, 0, "", 4},
		"test file":          {nil, []string{"--", "./unreadable", "./readable"}, 1, "u_test.go: permission denied", 2},
		"test file, reruns":  {nil, []string{"--rerun-fails=1", "--", "./unreadable", "./readable"}, 3, "u_test.go: permission denied", 2},
		"package":            {nil, []string{"--", "./closed", "./readable"}, 1, "permission denied", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := d.command(t, dir, test.env, slices.Concat(as, []string{d.subject, "--no-color", "--format=standard-verbose"}, test.args)...)
			if r.exit != test.exit || !strings.Contains(string(r.stdout)+string(r.stderr), test.says) {
				t.Errorf("exit code %d, want %d and %q", r.exit, test.exit, test.says)
			}
			if got := strings.Count(string(r.stdout), "--- PASS: Test"); got != test.runs {
				t.Errorf("%d tests passed, want %d", got, test.runs)
			}
			if t.Failed() {
				t.Logf("%s\n%s%s", r.command, r.stdout, r.stderr)
			}
		})
	}
}
