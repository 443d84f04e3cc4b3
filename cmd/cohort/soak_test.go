package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// The soak's size. Without a seed every run tries new rounds.
var (
	soakRounds = flag.Int("soak.rounds", 100, "rounds of TestSoak")
	soakSeed   = flag.Uint64("soak.seed", 0, "seed of the first round of TestSoak, 0 for a random one")
	soakKeep   = flag.Bool("soak.keep", false, "keep the files of failed rounds of TestSoak")
)

// TestSoak runs generated suites, whose tests pass, fail, skip, die, hang and
// print in every way, and compares what cohort reports with a model of what it
// must report. The tests really run; but the go command is a stand-in, which
// has nothing to build (testdata/soak/fakego), so that a round takes a tenth of
// a second. TestSoakGo has the real one.
func TestSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the soak asks the kernel which processes are left, by way of /proc")
	}
	s := newSoak(t)
	first := *soakSeed
	if first == 0 {
		first = rand.Uint64N(1e9) + 1
	}
	t.Logf("%d rounds from -soak.seed=%d", *soakRounds, first)
	next := make(chan uint64)
	for range 2 { // a round with a hanging test does nothing for seconds
		t.Run("worker", func(t *testing.T) {
			t.Parallel()
			for seed := range next {
				s.round(t, seed)
			}
		})
	}
	go func() { // ends when the workers have taken all, which they do even after failures
		defer close(next)
		for i := range *soakRounds {
			next <- first + uint64(i)
		}
	}()
}

// TestSoakGo is TestSoak with the real go command, which compiles every round:
// what the stand-in leaves out must not matter.
func TestSoakGo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("as TestSoak")
	}
	s := newSoak(t)
	s.gobin = ""
	s.d = newQuickDiffer(t)
	first := *soakSeed
	if first == 0 {
		first = rand.Uint64N(1e9) + 1
	}
	for i := range 1 + *soakRounds/100 {
		s.round(t, first+uint64(i))
	}
}

// A soak is what the rounds share.
type soak struct {
	d         *differ
	dir       string
	module    string // directory of testdata/soak
	gobin     string // directory of the stand-in for the go command, "" for the real one
	test2json string
	quick     string // cohort without the race detector
	binaries  map[string]soakBinary
}

// subject is the program that a round tries. With the race detector a round takes three times as long: one
// in three has it.
func (s *soak) subject(seed uint64) string {
	if s.quick != "" && seed%3 != 0 {
		return s.quick
	}
	return s.d.subject
}

// A soakBinary is a test binary and the go command's list of what is in it.
type soakBinary struct{ path, testmain string }

func newSoak(t *testing.T) *soak {
	t.Helper()
	d := newDiffer(t)
	module := filepath.Join(d.root, "testdata", "soak")
	s := &soak{d: d, dir: t.TempDir(), module: module, binaries: make(map[string]soakBinary)}
	if !d.given {
		s.quick = built.PlainCohort(t)
	}
	s.gobin = filepath.Dir(built.Program{Name: "go", Dir: module, Package: "./fakego"}.Path(t))
	s.test2json = strings.TrimSpace(string(d.command(t, module, nil, "go", "tool", "-n", "test2json").stdout))
	for _, name := range []string{"plain", "withmain"} {
		into := filepath.Join(s.dir, name)
		if err := os.Mkdir(into, 0o700); err != nil {
			t.Fatal(err)
		}
		// What the go command gives to -exec is the binary, beside the list.
		keep := fmt.Sprintf("-exec=sh -c 'cp \"$1\" %s/soak.test; cp \"${1%%/*}/_testmain.go\" %[1]s' sh", into)
		if r := d.command(t, module, nil, "go", "test", "-vet=off", keep, "./"+name); r.exit != 0 {
			t.Fatalf("build %s: %s%s", name, r.stdout, r.stderr)
		}
		testmain, err := os.ReadFile(filepath.Join(into, "_testmain.go"))
		if err != nil {
			t.Fatal(err)
		}
		s.binaries[name] = soakBinary{filepath.Join(into, "soak.test"), string(testmain)}
	}
	return s
}

// round runs one round, and says how to run it again if it fails.
func (s *soak) round(t *testing.T, seed uint64) {
	r := newSoakRound(seed)
	if s.gobin == "" && len(r.pkgs) > 1 {
		// After a failure the go command starts no other package: which ones
		// have run by then is chance.
		r.failFast = false
	}
	dir := filepath.Join(s.dir, fmt.Sprint("round", seed))
	var problems []string
	err := s.write(r, dir)
	history := "off"
	times := 1
	if r.history {
		history, times = filepath.Join(dir, "history"), 2
	}
	if r.splits && err == nil {
		history, times = filepath.Join(dir, "history"), 1 // a second run would know how quick they are
		err = r.learn(history)
	}
	var o *soakRun
	for i := 0; i < times && err == nil && len(problems) == 0; i++ {
		if o, err = s.run(t.Context(), r, dir, fmt.Sprint("run", i), history); err == nil {
			problems = o.compare(r)
		}
	}
	if err == nil && len(problems) == 0 {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
		return
	}
	var shown strings.Builder
	if err != nil {
		fmt.Fprintln(&shown, err)
	}
	for _, p := range problems[:min(len(problems), 12)] {
		fmt.Fprintln(&shown, "  ", p)
	}
	if o != nil {
		fmt.Fprintf(&shown, "cohort %s\nexit %d, stderr: %.2000s", strings.Join(o.args, " "), o.exit, o.stderr)
	}
	if *soakKeep {
		kept := filepath.Join(os.TempDir(), fmt.Sprint("cohort-soak-", seed))
		fmt.Fprintf(&shown, "\nfiles: %s (%v)", kept, os.CopyFS(kept, os.DirFS(dir)))
	}
	t.Errorf("again: go test ./cmd/cohort -run '^%s$' -soak.rounds=1 -soak.seed=%d\n%s",
		strings.TrimSuffix(strings.TrimSuffix(t.Name(), "#01"), "/worker"), seed, shown.String())
}

// write writes a round's files: the script for the tests, the plan for the
// stand-in, the sources for cohort.
func (s *soak) write(r *soakRound, dir string) error {
	type pkgScript struct {
		Main  []string
		Tests map[string][]soakDoes
	}
	type pkgPlan struct{ Path, Dir, Work, Binary, Testmain string }
	script := make(map[string]pkgScript)
	var plan struct {
		Test2JSON string
		Packages  []pkgPlan
	}
	plan.Test2JSON = s.test2json
	files := map[string]string{"go.mod": "module soak\n\ngo 1.26\n"}
	if r.byRule {
		files[".cohort.yaml"] = r.rules()
	}
	for _, p := range r.pkgs {
		kind := "plain"
		if p.withMain {
			kind = "withmain"
		}
		tests := make(map[string][]soakDoes)
		for _, t := range p.tests {
			tests[t.name] = t.attempts
		}
		script[p.name] = pkgScript{p.main, tests}
		testmain := strings.ReplaceAll(s.binaries[kind].testmain, `"soak/`+kind+`"`, `"`+p.path()+`"`)
		plan.Packages = append(plan.Packages, pkgPlan{
			p.path(), filepath.Join(dir, p.name), filepath.Join(dir, "work-"+p.name), s.binaries[kind].path, testmain,
		})
		for _, file := range p.files() {
			files[filepath.Join(p.name, file)] = p.source(file, r.byRule)
		}
	}
	for name, value := range map[string]any{"script.json": script, "plan.json": plan} {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		files[name] = string(data)
	}
	if err := os.CopyFS(filepath.Join(dir, "script"), os.DirFS(filepath.Join(s.module, "script"))); err != nil {
		return err
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// A soakRun is what one run of cohort did and said.
type soakRun struct {
	args           []string
	exit           int
	stdout, stderr string
	events         []event
	log            []soakEntry
	left           []string // processes and files
}

// A soakEntry is a line of the tests' own log.
type soakEntry struct{ pid, pkg, attempt, worker, group, what, how string }

// soakLimit is how long a round may take. Tests that hang have limits of seconds, and few attempts, so to
// reach it is to hang.
const soakLimit = 20 * time.Minute

// run runs cohort on the round in dir. Its own files are in the directory name.
func (s *soak) run(ctx context.Context, r *soakRound, dir, name, history string) (*soakRun, error) {
	own := filepath.Join(dir, name)
	path := os.Getenv("PATH")
	if s.gobin != "" {
		path = s.gobin + string(os.PathListSeparator) + path
	}
	if err := os.MkdirAll(filepath.Join(own, "tmp"), 0o700); err != nil {
		return nil, err
	}
	o := &soakRun{args: r.arguments(filepath.Join(own, "events"), history)}
	ctx, cancel := context.WithTimeout(ctx, soakLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.subject(r.seed), o.args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 15 * time.Second
	cmd.Dir = dir
	cmd.Env = slices.Concat(s.d.env, []string{
		"PATH=" + path, "TMPDIR=" + filepath.Join(own, "tmp"),
		"SOAK_PLAN=" + filepath.Join(dir, "plan.json"), "SOAK_SCRIPT=" + filepath.Join(dir, "script.json"),
		"SOAK_LOG=" + filepath.Join(own, "log"), "SOAK_LOCKS=" + own, "SOAK_SERIAL=" + r.serial(), "SOAK_HOLDS=" + r.holds(),
	})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	o.stdout, o.stderr, o.exit = stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		return o, fmt.Errorf("cohort did not end: %w", errors.Join(err, ctx.Err()))
	}
	return o, errors.Join(o.readEvents(filepath.Join(own, "events")), o.readLog(filepath.Join(own, "log")),
		o.findLeft(filepath.Join(own, "tmp")))
}

// serial lists the serial tests, as testdata/soak/script reads them.
func (r *soakRound) serial() string {
	var names []string
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			if t.serial {
				names = append(names, p.name+"/"+t.name)
			}
		}
	}
	return strings.Join(names, " ")
}

// holds lists the tests with locks, as testdata/soak/script reads them.
func (r *soakRound) holds() string {
	var tests []string
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			if len(t.locks) > 0 {
				tests = append(tests, p.name+"/"+t.name+"="+strings.Join(t.locks, ","))
			}
		}
	}
	return strings.Join(tests, " ")
}

func (o *soakRun) readEvents(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("event %q: %w", line, err)
		}
		o.events = append(o.events, e)
	}
	return nil
}

func (o *soakRun) readLog(name string) error {
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil // not one process was started
	}
	for in := bufio.NewScanner(bytes.NewReader(data)); in.Scan(); {
		f := strings.Split(in.Text(), "\t")
		if len(f) != 7 {
			return fmt.Errorf("log line %q", in.Text())
		}
		o.log = append(o.log, soakEntry{f[0], f[1], f[2], f[3], f[4], f[5], f[6]})
	}
	return err
}

// findLeft looks for processes and temporary files that should be gone.
func (o *soakRun) findLeft(tmp string) error {
	for _, e := range o.log {
		pid := e.pid
		if e.what == "child" {
			pid = e.how
		} else if e.what != "process" {
			continue
		}
		if stays(pid, tmp) {
			o.left = append(o.left, "process "+pid+" of "+e.pkg+" "+e.what)
		}
	}
	entries, err := os.ReadDir(tmp)
	for _, e := range entries {
		o.left = append(o.left, "file "+e.Name())
	}
	return err
}

// stays reports whether a process with tmp in its environment lives. One that
// was killed may take a moment to be gone on a busy machine, if nobody waits for
// it: a test's own child.
func stays(pid, tmp string) bool {
	for range 3000 {
		stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if errors.Is(err, os.ErrNotExist) || bytes.Contains(stat, []byte(") Z ")) {
			return false
		}
		env, err := os.ReadFile(filepath.Join("/proc", pid, "environ"))
		if err != nil || !bytes.Contains(env, []byte(tmp+"\x00")) {
			return false
		}
		<-time.After(20 * time.Millisecond)
	}
	return true
}
