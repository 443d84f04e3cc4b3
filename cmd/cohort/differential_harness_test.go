package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// The differential tests run the same go test arguments through plain
// `go test -json` and through cohort, and compare what both report.
//
// Two environment variables turn them on another program, to try the tests
// themselves:
//
//	COHORT_UNDER_TEST=/path/of/program   instead of a cohort built for the run
//	COHORT_UNDER_TEST_PLAIN=1            the program has no cohort flags (it is gotestsum)

// commandLimit is how long one command of the differential tests may take, if
// differ.limit does not say otherwise. It is far above what any needs: reaching
// it means that the command hangs.
const commandLimit = 40 * time.Minute

// A differ runs go test and the program under test on the same arguments.
type differ struct {
	subject string        // absolute path of the program under test
	given   bool          // subject was not built here
	plain   bool          // subject knows none of cohort's own flags
	wrapper string        // absolute path of a command for -exec
	root    string        // directory of cohort's module
	awkward string        // directory of the awkward module
	env     []string      // environment of every command
	limit   time.Duration // how long one command may take
	shared  *references   // what go test says, for all tests of this differ
}

// newDiffer builds what the tests need, if no other test has.
func newDiffer(t *testing.T) *differ {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	d := &differ{root: root, awkward: filepath.Join(root, "testdata", "awkward"), limit: commandLimit, shared: new(references)}
	d.env = hermeticEnvironment(t)
	d.wrapper = built.Program{Name: "wrapper", Dir: d.awkward, Package: "./wrapper"}.Path(t)
	if d.subject = os.Getenv("COHORT_UNDER_TEST"); d.subject != "" {
		d.given, d.plain = true, os.Getenv("COHORT_UNDER_TEST_PLAIN") != ""
		return d
	}
	d.subject = built.Cohort(t)
	return d
}

// newQuickDiffer is newDiffer for suites to which it does not matter how tests are built: what one
// of them has linked is linked for all, and for those of the next time. The runs of go test link as
// the go command does: they are what is compared with.
func newQuickDiffer(t *testing.T) *differ {
	t.Helper()
	d := newDiffer(t).quick(t)
	d.env = append(d.env, built.KeptLinks(t, d.root)...)
	return d
}

// linked has packages linked into the link cache of newQuickDiffer, once for all tests that run them:
// tests that begin at the same time would each link all of them.
func (d *differ) linked(t *testing.T, dir string, packages ...string) {
	t.Helper()
	mark := filepath.Join(built.Folder(t, "linked"), filepath.Base(dir))
	unlock, err := lockedfile.MutexAt(mark + ".lock").Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := os.Stat(mark); err == nil {
		return
	}
	r := d.command(t, dir, []string{"TMPDIR=" + t.TempDir()}, slices.Concat([]string{d.subject, "--explain-failures=off", "--"},
		[]string{"-run=^$", "-count=1"}, packages)...)
	if err := os.WriteFile(mark, r.stderr, 0o600); err != nil {
		t.Fatal(err)
	}
}

// quick is for suites to which it does not matter how tests are built. It returns d.
func (d *differ) quick(t *testing.T) *differ {
	t.Helper()
	d.env = append(d.env, "GOFLAGS="+strings.TrimSpace(goEnv(t, "GOFLAGS")+" "+built.QuickFlags))
	return d
}

// goEnv returns what the go command has for one of its variables.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// hermeticEnvironment returns the environment without what would steer the
// programs under test, and with their files in a temporary directory. The go
// command's own cache stays the user's: without it every run compiles the
// standard library.
func hermeticEnvironment(t *testing.T) []string {
	t.Helper()
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		for _, prefix := range []string{
			"COHORT_", "GOTESTSUM_", "AWKWARD_", "WRAPPER_", "GITHUB_ACTIONS=", "TEST_DIRECTORY=", "GOCOVERDIR=",
		} {
			if strings.HasPrefix(entry, prefix) {
				return true
			}
		}
		return false
	})
	files := t.TempDir()
	return append(env,
		"GOCACHE="+goEnv(t, "GOCACHE"),
		"XDG_CACHE_HOME="+files,
		"COHORT_HISTORY="+filepath.Join(files, "history"),
	)
}

// A run is one command and what it reported.
type run struct {
	command        string
	exit           int
	stdout, stderr []byte
	events         []event
}

// An event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// command runs a program to its end and returns what it printed.
func (d *differ) command(t *testing.T, dir string, env []string, args ...string) run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d.limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, slices.Concat(d.env, env)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second // a killed command's children may hold the pipes
	err := cmd.Run()
	shown := strings.Join(slices.Concat(env, args), " ")
	var exit *exec.ExitError
	if ctx.Err() != nil || (err != nil && !errors.As(err, &exit)) {
		t.Fatalf("in %s: %s: %v (%v)\n%s", dir, shown, err, ctx.Err(), stderr.Bytes())
	}
	return run{
		command: fmt.Sprintf("(cd %s && %s)", dir, shown), exit: cmd.ProcessState.ExitCode(),
		stdout: stdout.Bytes(), stderr: stderr.Bytes(),
	}
}

// goTest runs `go test -json` with args.
func (d *differ) goTest(t *testing.T, dir string, env []string, args ...string) run {
	t.Helper()
	r := d.command(t, dir, env, slices.Concat([]string{"go", "test", "-json"}, args)...)
	r.events = decode(t, r, bytes.NewReader(r.stdout))
	return r
}

// references are runs of go test that several tests compare with: the same arguments in the same
// folder are run once.
type references struct {
	mu   sync.Mutex // guards runs
	runs map[string]*reference
}

// A reference is a run of go test.
type reference struct {
	once    sync.Once
	run     run
	profile []string // the sorted lines of its coverage profile
}

// of returns the reference of a key, which is new at first.
func (r *references) of(key ...string) *reference {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.Join(key, "\x00")
	if r.runs[name] == nil {
		if r.runs == nil {
			r.runs = make(map[string]*reference)
		}
		r.runs[name] = new(reference)
	}
	return r.runs[name]
}

// reference is goTest, run once for all that compare with the same arguments in dir. Nobody may change its events.
func (d *differ) reference(t *testing.T, dir string, args ...string) run {
	t.Helper()
	r := d.shared.of(append([]string{dir}, args...)...)
	r.once.Do(func() { r.run = d.goTest(t, dir, nil, args...) })
	if len(r.run.events) == 0 {
		t.Fatalf("in %s: go test %q, which another test has run, says nothing", dir, args)
	}
	return r.run
}

// coverReference is reference with a coverage profile, of which it returns the sorted lines. Without -count=1 go1.26
// writes lines several times in the run that fills its cache, and cohort with it.
func (d *differ) coverReference(t *testing.T, dir string, args ...string) (run, []string) {
	t.Helper()
	r := d.shared.of(append([]string{"cover", dir}, args...)...)
	r.once.Do(func() {
		profile := filepath.Join(t.TempDir(), "profile")
		r.run = d.goTest(t, dir, nil, slices.Concat([]string{"-count=1", "-coverprofile=" + profile}, args)...)
		r.profile = sortedLines(t, profile)
	})
	if len(r.run.events) == 0 || len(r.profile) == 0 {
		t.Fatalf("in %s: go test -coverprofile %q, which another test has run, says nothing", dir, args)
	}
	return r.run, r.profile
}

// test runs the program under test with the go test arguments args.
func (d *differ) test(t *testing.T, dir string, env []string, v variant, args ...string) run {
	t.Helper()
	file := filepath.Join(t.TempDir(), "events.json")
	command := slices.Concat([]string{d.subject, "--no-color", "--explain-failures=off", "--format=standard-verbose", "--jsonfile=" + file},
		d.flags(v), []string{"--"}, args)
	r := d.command(t, dir, env, command...)
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("%s: no JSON file: %v\n%s", r.command, err, r.stderr)
	}
	defer f.Close() // it was only read
	r.events = decode(t, r, f)
	return r
}

// decode reads the lines of `go test -json`, which may have any length.
func decode(t *testing.T, r run, from io.Reader) []event {
	t.Helper()
	var events []event
	for decoder := json.NewDecoder(from); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatalf("%s: event %d: %v\nstdout: %.2000s\nstderr: %.2000s", r.command, len(events), err, r.stdout, r.stderr)
		}
		events = append(events, e)
	}
}

// A variant is a way to spread and order the tests. No variant may change what
// is reported.
type variant struct {
	workers int
	shuffle string
	dist    string // "" for the default
}

// String returns the variant as a subtest is named by it.
func (v variant) String() string { return fmt.Sprintf("workers=%d,shuffle=%s", v.workers, v.shuffle) }

// flags returns the program's own flags for v.
func (d *differ) flags(v variant) []string {
	if d.plain {
		return nil
	}
	flags := []string{fmt.Sprintf("--workers=%d", v.workers), "--shuffle=" + v.shuffle}
	if v.dist != "" {
		flags = append(flags, "--dist="+v.dist)
	}
	return flags
}

// variants returns those of vs that the program under test can tell apart.
func (d *differ) variants(vs []variant) []variant {
	if d.plain {
		return vs[:1]
	}
	return vs
}
