//go:build unix

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShopDB runs the sample over PostgreSQL: a server for the run, a database for each worker, all
// of it gone afterwards, or kept for somebody to look at.
func TestShopDB(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts database servers")
	}
	findServer(t)
	d := newDiffer(t)
	if d.plain {
		t.Skip("only cohort runs set-ups")
	}
	dir := filepath.Join(d.root, "testdata", "shopdb")
	if r := d.command(t, dir, nil, "go", "mod", "download"); r.exit != 0 {
		t.Skipf("THE DRIVER FOR POSTGRESQL CANNOT BE FETCHED: TESTDATA/SHOPDB IS NOT TESTED\n%s", r.stderr)
	}
	tmp := t.TempDir()
	env := []string{"TMPDIR=" + openFolder(t, tmp)}
	cohort := func(env []string, args ...string) run {
		return d.command(t, dir, env, append([]string{d.subject, "--no-color", "--explain-failures=off"}, args...)...)
	}

	r := cohort(env, "-n", "4", "--format=testname", "--", "-count=1", "./...")
	if r.exit != 0 || !bytes.Contains(r.stdout, []byte("DONE 13 tests in ")) {
		t.Fatalf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	checkNothingLeft(t, tmp)

	r = cohort(append(env, "SHOPDB_BREAK=pay"), "-n", "4", "--keep-env=on-failure", "--", "-count=1", "./web")
	if r.exit != 1 || !bytes.Contains(r.stdout, []byte("DONE 4 tests, 1 skipped, 1 failure")) {
		t.Fatalf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	kept := valuesOf(r.stderr)
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 1 {
		t.Errorf("kept: %v, %v", left, err)
	}
	out, err := exec.CommandContext(t.Context(), kept["SHOPDB_BIN"]+"/psql", "-At", kept["DATABASE_URL"], "-c", "SELECT customer, status FROM orders").CombinedOutput()
	if string(out) != "Ada|open\n" {
		t.Errorf("the order that was not paid: %q, %v", out, err)
	}
	for line := range strings.Lines(string(r.stderr)) {
		if command, ok := strings.CutPrefix(line, "    ("); ok {
			if r := d.command(t, dir, env, "sh", "-c", "("+command); r.exit != 0 {
				t.Errorf("%s: exit code %d\n%s", command, r.exit, r.stderr)
			}
		}
	}
	checkNothingLeft(t, tmp)
}

// findServer skips the test if there is no PostgreSQL here.
func findServer(t *testing.T) {
	t.Helper()
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if _, err := exec.LookPath("initdb"); err != nil && len(installed) == 0 {
		t.Skip("NO POSTGRESQL HERE: TESTDATA/SHOPDB IS NOT TESTED (apt-get install postgresql)")
	}
}

// openFolder makes a folder that the server's own user may enter, with all above it.
func openFolder(t *testing.T, dir string) string {
	t.Helper()
	for parent := dir; parent != os.TempDir() && parent != filepath.Dir(parent); parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// valuesOf are the variables that cohort says were set.
func valuesOf(stderr []byte) map[string]string {
	values := make(map[string]string)
	for line := range strings.Lines(string(stderr)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "it has set "); ok {
			name, value, _ := strings.Cut(text, "=")
			values[name] = value
		}
	}
	return values
}
