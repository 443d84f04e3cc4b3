package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A cached is a copy of the sample package ok/cache, whose tests leave a mark
// each time they are really run.
type cached struct {
	d     *differ
	v     variant
	dir   string
	marks string
	env   []string
}

// executions is how many tests the package has: the marks of one real run.
const executions = 6

// testCache checks that the go command's result cache works: what is unchanged
// is not run again, and what changed, or failed, is.
func (d *differ) testCache(t *testing.T) {
	for _, v := range d.variants([]variant{{workers: 4, shuffle: "on"}, {workers: 1, shuffle: "off"}}) {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			c := newCached(t, d, v)
			input := filepath.Join("ok", "cache", "testdata", "input.txt")
			second := filepath.Join("ok", "cache", "testdata", "second.txt")
			missing := filepath.Join("ok", "cache", "testdata", "not-there")
			c.expect(t, "first run", executions, 0)
			c.expect(t, "nothing changed", 0, 0)
			c.expect(t, "still nothing changed", 0, 0)
			c.expect(t, "-count=1", executions, 0, "-count=1")
			c.expect(t, "-count=1 again", executions, 0, "-count=1")
			c.expect(t, "-shuffle=1", executions, 0, "-shuffle=1")
			c.expect(t, "-shuffle=1 again", executions, 0, "-shuffle=1")
			c.write(t, input, "green")
			c.expect(t, "a file changed", executions, 0)
			c.expect(t, "no more", 0, 0)
			c.write(t, second, "other words")
			c.expect(t, "a file read after a change of directory changed", executions, 0)
			c.expect(t, "no more", 0, 0)
			c.write(t, missing, "")
			c.expect(t, "a file that was missing exists", executions, 0)
			c.expect(t, "no more", 0, 0)
			c.env = append(c.env, "AWKWARD_COLOUR=blue")
			c.expect(t, "the environment changed", executions, 0)
			c.expect(t, "no more", 0, 0)
			c.env = append(c.env, "AWKWARD_COLOUR=red")
			c.expect(t, "a test fails", executions, 1)
			c.expect(t, "a failure is not kept", executions, 1)
			c.env = append(c.env, "AWKWARD_COLOUR=blue")
			c.expect(t, "as before the failure", 0, 0)
			c.write(t, filepath.Join("ok", "cache", "more_test.go"), "package cache\n\nimport \"testing\"\n\nfunc TestMore(t *testing.T) { mark(t) }\n")
			c.expect(t, "a test was added", executions+1, 0)
			c.expect(t, "no more", 0, 0)
		})
	}
}

// newCached copies the package and its go.mod.
func newCached(t *testing.T, d *differ, v variant) *cached {
	t.Helper()
	c := &cached{d: d, v: v, dir: t.TempDir(), marks: filepath.Join(t.TempDir(), "marks")}
	c.env = []string{"AWKWARD_MARKS=" + c.marks}
	pkg := filepath.Join("ok", "cache")
	if err := os.CopyFS(filepath.Join(c.dir, pkg), os.DirFS(filepath.Join(d.awkward, pkg))); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(d.awkward, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, "go.mod", string(mod))
	return c
}

// write writes a file and makes all files old: the go command does not cache
// what depends on a file that was changed in the last two seconds.
func (c *cached) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(c.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// expect runs the package and fails t unless that many tests were really run
// and the command exits so. The verdicts must be the same, run or cached.
func (c *cached) expect(t *testing.T, when string, runs, exit int, args ...string) {
	t.Helper()
	if err := os.WriteFile(c.marks, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := c.d.test(t, c.dir, c.env, c.v, append(args, "./...")...)
	marks, err := os.ReadFile(c.marks)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(marks, []byte("\n")); n != runs || got.exit != exit {
		t.Errorf("%s: %d tests run and exit code %d, want %d and %d\n%s\n%s%s",
			when, n, got.exit, runs, exit, got.command, got.stdout, got.stderr)
	}
	if said := bytes.Contains(got.stdout, []byte("(cached)")); said != (runs == 0) {
		t.Errorf("%s: prints (cached) is %v, with %d tests to run", when, said, runs)
	}
	seen := 0
	for r := range verdicts(got.events) {
		if r.Test != "" {
			seen++
		}
	}
	if seen < executions {
		t.Errorf("%s: %d verdicts, want at least %d", when, seen, executions)
	}
}
