package scheduler

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/history"
	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/stream"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// bench drives a core as the loop of a Run does, but one step at a time: the test sees which
// processes start, and says what each prints and how it ends.
type bench struct {
	*core
	t        *testing.T
	listener *gotest.Listener
	loader   *loader
	script   *scripted
	running  []*job
	exits    chan int     // of the exec-test
	stdout   bytes.Buffer // to read after exits
}

// scripted is the runner of a bench: each process prints words and exits with code.
type scripted struct {
	words script.Process
	code  int
	// prelude is printed before the words.
	prelude string
	// canceled says that the run was called off before the process ended.
	canceled bool
	// lost says that no machine has run it to its end, if it fails.
	lost bool
}

func (s *scripted) Run(_ context.Context, _ testbin.Spec, out io.Writer) testbin.Exit {
	now := time.Now()
	_, _ = io.WriteString(out, s.prelude) // a parser takes everything
	_ = s.words.Write(out)
	return testbin.Exit{Code: s.code, Start: now, End: now, Canceled: s.canceled, Lost: s.lost && s.code != 0}
}

func newBench(t *testing.T, c *Config) *bench {
	l, err := gotest.Listen()
	if err != nil {
		t.Fatal(err)
	}
	h, warning := history.Open("", "m")
	if warning != nil {
		t.Fatal(warning)
	}
	c.Past, c.Recorder = h.Snapshot(""), h.NewRun(history.Run{})
	if c.GoTest == nil {
		c.GoTest = &gotest.Args{Timeout: gotest.DefaultTimeout}
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{
		core: newCore(c, l.Dir, l.Dir, time.Now()), t: t, listener: l, script: &scripted{}, exits: make(chan int, 8),
		loader: &loader{cfg: c, dir: l.Dir, binaries: l.Dir, env: func(env []string) []string { return env }},
	}
}

// arrives lets a package come: its tests are those of the source text, a line
// `func TestX` each, and directives before them.
func (b *bench) arrives(source string, testMain bool, args ...string) *suite {
	b.t.Helper()
	dir := b.t.TempDir()
	lists := make(map[string]string)
	for line := range strings.Lines(source) {
		name, ok := strings.CutPrefix(line, "func ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, "(")
		if strings.HasPrefix(name, "Example") {
			lists["Example"] += fmt.Sprintf("\t{%q, _test.%s, \"\", false},\n", name, name)
		} else {
			lists["Test"] += fmt.Sprintf("\t{%q, _test.%s},\n", name, name)
		}
	}
	exit := "os.Exit(m.Run())"
	if testMain {
		exit = "_test.TestMain(m)"
	}
	main := "package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"testing/internal/testdeps\"\n\t_test \"m/p\"\n)\n\n" +
		"var tests = []testing.InternalTest{\n" + lists["Test"] + "}\nvar benchmarks = []testing.InternalBenchmark{}\n" +
		"var fuzzTargets = []testing.InternalFuzzTarget{}\nvar examples = []testing.InternalExample{\n" + lists["Example"] + "}\n\n" +
		"func main() {\n\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n\t" + exit + "\n}\n"
	for name, text := range map[string]string{"_testmain.go": main, "p_test.go": "package p\n\n" + source, "p.test": "binary"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	var stdout io.Writer = &b.stdout
	if len(b.open)+len(b.settled) > 0 {
		stdout = io.Discard // of the first package only: a buffer takes one writer
	}
	go func() { // ends with the request
		b.exits <- gotest.ExecTest(append([]string{filepath.Join(dir, "p.test")}, args...), []string{b.listener.Env()}, stdout, io.Discard, nil)
	}()
	req := <-b.listener.Requests()
	req.Dir = dir
	s := b.loader.load(b.number(), req)
	if s.list == nil {
		b.t.Fatal("the list of tests cannot be read")
	}
	s.ctx, s.stop = context.WithCancelCause(b.t.Context())
	b.arrived(s)
	return s
}

// fill lets the core advance, closes what is settled, and returns the processes that start.
func (b *bench) fill() []*job {
	todo := b.advance(time.Now())
	for _, c := range todo.close {
		b.wasClosed(c.do())
	}
	b.running = append(b.running, todo.start...)
	return todo.start
}

// exit returns the exit status that the go command has got of the suite, which must be settled.
func (b *bench) exit() int {
	b.t.Helper()
	if started := b.fill(); len(started) > 0 || len(b.open) > 0 {
		b.t.Fatalf("%d processes start, %d suites are not settled", len(started), len(b.open))
	}
	return <-b.exits
}

// over reports whether the account of a suite is closed.
func (b *bench) over(s *suite) bool { return s.account.State() == ledger.Closed }

// finish ends a process: it prints that and exits so. What it has shown is returned.
func (b *bench) finish(j *job, words script.Process, code int) *worker.Result {
	b.t.Helper()
	b.running = slices.DeleteFunc(b.running, func(other *job) bool { return other == j })
	b.script.words, b.script.code = words, code
	run := worker.Run{Runner: b.script, Now: time.Now}
	if !j.Kind.ForGo() && j.Out == nil {
		j.Out = stream.Discard()
	}
	ctx, stop := context.WithCancel(b.t.Context())
	defer stop()
	if b.script.canceled {
		stop()
	}
	r := run.Do(ctx, &j.Job)
	if j.attempt != nil {
		j.attempt.Passed = r.Good(j.Known)
	}
	b.ended(j, r, j.attempt, time.Now())
	return r
}

// names are the tests of a process.
func names(j *job) string { return strings.Join(j.Names(), " ") }

// passing is what a process prints whose tests pass.
func passing(j *job) script.Process {
	var words []string
	for _, p := range j.Tests {
		for range p.Want {
			words = append(words, "+"+p.Name, "p"+p.Name)
		}
	}
	return script.Process(strings.Join(append(words, "PASS"), " "))
}

// manyTests is the source of a package: a group of three in two places, a serial
// test, an example and many loose ones.
func manyTests(loose int) string {
	var s strings.Builder
	s.WriteString("//cohort:group g\nfunc TestG1(t *testing.T) {}\n\n//cohort:serial\nfunc TestS(t *testing.T) {}\n\n")
	for i := range loose {
		fmt.Fprintf(&s, "func TestL%d(t *testing.T) {}\n\n", i)
	}
	s.WriteString("//cohort:group g\nfunc TestG2(t *testing.T) {}\n\n//cohort:group g\nfunc TestG3(t *testing.T) {}\n\nfunc ExampleX() {\n\t// Output:\n}\n")
	return s.String()
}

func TestBatches(t *testing.T) {
	t.Parallel()
	for seed := range int64(40) {
		b := newBench(t, &Config{Workers: 1 + int(seed%4), Shuffle: seed%2 == 0, Seed: seed, GroupFailFast: true})
		p := b.arrives(manyTests(30), false)
		runs := make(map[string]int)
		var loose []string // in the order of dispatch
		for started := b.fill(); len(started) > 0; started = b.fill() {
			for _, next := range started {
				for _, test := range next.Tests {
					runs[test.Name]++
				}
				list := names(next)
				switch {
				case strings.Contains(list, "TestG"):
					if list != "TestG1 TestG2 TestG3" || next.Group != "g" || next.Shuffle != "" || next.All {
						t.Errorf("seed %d: a batch of %s, group %q, shuffle %q", seed, list, next.Group, next.Shuffle)
					}
				case strings.Contains(list, "TestS"):
					if list != "TestS" || !next.claim.Need.Serial || len(b.running) != 1 {
						t.Errorf("seed %d: a batch of %s, serial %v, beside %d others", seed, list, next.claim.Need.Serial, len(b.running)-1)
					}
				default:
					loose = append(loose, strings.Fields(list)...)
					if want := map[bool]string{true: fmt.Sprint(seed)}[seed%2 == 0]; next.Shuffle != want || next.Group != "" {
						t.Errorf("seed %d: loose tests with shuffle %q, group %q", seed, next.Shuffle, next.Group)
					}
				}
			}
			for _, slot := range b.running {
				if slot.Slot >= b.cfg.Workers {
					t.Errorf("seed %d: worker %d of %d", seed, slot.Slot, b.cfg.Workers)
				}
			}
			for len(b.running) > 0 {
				b.finish(b.running[0], passing(b.running[0]), 0)
			}
		}
		for _, test := range p.list.Tests {
			if runs[test.Name] != 1 {
				t.Errorf("seed %d: %s is in %d batches", seed, test.Name, runs[test.Name])
			}
		}
		if len(runs) != len(p.list.Tests) || !b.over(p) {
			t.Errorf("seed %d: %d tests, %d in the list; finished: %v", seed, len(runs), len(p.list.Tests), b.over(p))
		}
		inOrder := slices.IsSortedFunc(loose[:len(loose)-1], func(x, y string) int {
			var i, j int
			_, _ = fmt.Sscanf(x+" "+y, "TestL%d TestL%d", &i, &j)
			return i - j
		})
		if inOrder == b.cfg.Shuffle {
			t.Errorf("seed %d: loose tests in the order %v", seed, loose)
		}
		if code := b.exit(); code != 0 || !strings.HasSuffix(b.stdout.String(), "\x16PASS\n") {
			t.Errorf("seed %d: exit status %d", seed, code)
		}
	}
}

// TestWhole has packages that are one process: what they run, and how.
func TestWhole(t *testing.T) {
	t.Parallel()
	const source = "func TestA(t *testing.T) {}\n\n//cohort:serial\nfunc TestB(t *testing.T) {}\n\nfunc ExampleX() {\n\t// Output:\n}\n"
	for name, tc := range map[string]struct {
		config   Config
		testMain bool
		args     []string
		want     string // tests, "?" for not known, then the seed
	}{
		"TestMain":    {Config{Shuffle: true, Seed: 5}, true, nil, "TestB TestA ExampleX 5"},
		"loadpackage": {Config{Shuffle: true, Seed: 5, Dist: grouping.LoadPackage}, false, nil, "TestA TestB ExampleX "},
		"failfast":    {Config{Shuffle: true, Seed: 5}, false, []string{"-test.failfast=true"}, "TestB TestA ExampleX "},
		"opaque":      {Config{}, false, []string{"-test.bench=."}, "? "},
		"bad -run":    {Config{}, false, []string{"-test.run=("}, "? "},
		"one":         {Config{}, false, []string{"-test.run=TestA", "-test.count=2", "-test.cpu=1,2"}, "TestA "},
		"none":        {Config{}, false, []string{"-test.run=Nothing"}, " "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.config.Workers = 3
			b := newBench(t, &tc.config)
			b.arrives(source, tc.testMain, tc.args...)
			started := b.fill()
			if len(started) != 1 || !started[0].All {
				t.Fatalf("%d processes, want one for all", len(started))
			}
			got := names(started[0])
			if !started[0].Known {
				got = "?"
			}
			order := strings.Fields(strings.TrimSuffix(tc.want, started[0].Shuffle))
			if tc.config.Shuffle { // the order within the process is the binary's
				slices.Sort(order)
				sorted := strings.Fields(got)
				slices.Sort(sorted)
				got, tc.want = strings.Join(sorted, " "), strings.Join(order, " ")+" "+tc.want[strings.LastIndex(tc.want, " ")+1:]
			}
			if got += " " + started[0].Shuffle; got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			for _, p := range started[0].Tests {
				if want := map[string]int{"one": 4}[name]; want > 0 && p.Want != want {
					t.Errorf("%s is to run %d times, want %d", p.Name, p.Want, want)
				}
			}
		})
	}
}

// TestGroupRestStaysTogether has a loadfile group's process die: its rest is one
// process again, in order.
func TestGroupRestStaysTogether(t *testing.T) {
	t.Parallel()
	const source = "func TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n\nfunc TestC(t *testing.T) {}\n\nfunc TestD(t *testing.T) {}\n"
	for _, dist := range []grouping.Dist{grouping.LoadFile, grouping.LoadPackage} {
		b := newBench(t, &Config{Workers: 3, Dist: dist, Shuffle: true, Seed: 1})
		b.arrives(source, false)
		b.finish(b.fill()[0], "+TestA pTestA +TestB", 2)
		rest := b.fill()
		if len(rest) != 1 || names(rest[0]) != "TestC TestD" || rest[0].Shuffle != "" {
			var got []string
			for _, r := range rest {
				got = append(got, names(r))
			}
			t.Errorf("%s: after a crash the processes run %q", dist, got)
		}
		for len(b.running) > 0 {
			b.finish(b.running[0], passing(b.running[0]), 0)
			b.fill()
		}
		if code := b.exit(); code != 2 {
			t.Errorf("%s: exit status %d", dist, code)
		}
	}
}

// TestRandomEndings runs packages whose processes end in every way, and checks
// the account: nothing is lost, nothing is green that is not.
func TestRandomEndings(t *testing.T) {
	t.Parallel()
	greens, reds := 0, 0
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 4))
		b := newBench(t, &Config{Workers: 1 + random.IntN(3), Shuffle: true, Seed: int64(seed), GroupFailFast: seed%2 == 0})
		p := b.arrives(manyTests(random.IntN(12)), seed%5 == 0)
		bad, idle := false, false
		for rounds := 0; ; rounds++ {
			b.fill()
			if len(b.running) == 0 {
				break
			}
			if rounds > 200 {
				t.Fatalf("seed %d: %d processes, and no end", seed, rounds)
			}
			next := b.running[random.IntN(len(b.running))]
			words, code := passing(next), 0
			if seed%3 > 0 && random.IntN(3) == 0 {
				var list []script.Test
				for _, p := range next.Tests {
					list = append(list, script.Test{Name: p.Name, Want: p.Want})
				}
				var way script.Way
				words, way = script.Random(random, list)
				code = max(way.Code, 0)
			}
			s := b.finish(next, words, code)
			bad = bad || code != 0 || len(s.Failed)+len(s.Lost) > 0 || s.PackageFailure != ""
			idle = idle || len(s.Idle)+len(s.Dropped) > 0
		}
		if !b.over(p) {
			t.Fatalf("seed %d: the package has no end", seed)
		}
		code := b.exit()
		if bad != (code != 0) {
			t.Errorf("seed %d: exit status %d, something was wrong: %v", seed, code, bad)
		}
		if bad {
			reds++
		} else {
			greens++
		}
		of, err := script.Events(b.stdout.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range p.list.Tests {
			results := slices.ContainsFunc(of[test.Name], func(e string) bool { return slices.Contains([]string{"pass", "fail", "skip"}, e[:4]) })
			if !results && !idle && !p.account.Dropped() {
				t.Errorf("seed %d: %s has no result: %q", seed, test.Name, of[test.Name])
			}
		}
		if t.Failed() {
			return
		}
	}
	if greens < 20 || reds < 20 {
		t.Errorf("%d green and %d red packages", greens, reds)
	}
}

// TestExecTestGoneBeforeBaseline has the go command's side end while the process without
// tests, which shows what each process counts before its first test, still waits: the
// package is over, and nothing of it may start.
func TestExecTestGoneBeforeBaseline(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1, GoTest: &gotest.Args{Cover: true, CoverMode: "atomic"}})
	p := b.arrives("//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:group h\nfunc TestB(t *testing.T) {}\n", false)
	b.finish(b.fill()[0], "+TestA pTestA PASS", 0)
	b.finish(b.fill()[0], "+TestB pTestB PASS", 0)
	if b.over(p) || !p.account.NeedsBaseline() {
		t.Fatal("no process without tests is to come")
	}
	b.gone(p)
	if started := b.fill(); len(started) > 0 || !b.over(p) {
		t.Errorf("%d processes start; over: %v", len(started), b.over(p))
	}
}

// TestWorkerIsFreeAtTheClosingLine has processes that linger after their closing line: their workers
// go on, and the package ends with the last process.
func TestWorkerIsFreeAtTheClosingLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 1, GoTest: &gotest.Args{Race: true}})
	p := b.arrives("//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:group h\nfunc TestB(t *testing.T) {}\n", false)
	first := b.fill()[0]
	if !first.suite.lingers(b.cfg) {
		t.Fatal("a process with the race detector does not linger")
	}
	if started := b.fill(); len(started) > 0 {
		t.Fatalf("%d processes start on a worker that is taken", len(started))
	}
	b.testsOver(first, time.Now())
	second := b.fill()
	if len(second) != 1 || second[0].Slot != 0 || second[0].Group == first.Group {
		t.Fatalf("%d processes start on the free worker", len(second))
	}
	b.testsOver(second[0], time.Now())
	b.finish(second[0], passing(second[0]), 0)
	if b.fill(); b.over(p) {
		t.Error("the package is over, and a process of it lingers")
	}
	b.finish(first, passing(first), 0)
	if code := b.exit(); code != 0 || !b.over(p) {
		t.Errorf("exit status %d, over: %v", code, b.over(p))
	}
}

// TestLingers says of which processes nothing is to come after the closing line.
func TestLingers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		race, testMain bool
		args           []string
		want           bool
	}{
		"race":           {true, false, nil, true},
		"no race":        {false, false, nil, false},
		"TestMain":       {true, true, nil, false},
		"a list of -cpu": {true, false, []string{"-test.cpu=1,2"}, false},
	} {
		b := newBench(t, &Config{Workers: 1, GoTest: &gotest.Args{Race: tc.race}})
		b.arrives("func TestA(t *testing.T) {}\n", tc.testMain, tc.args...)
		j := b.fill()[0]
		if got := j.suite.lingers(b.cfg); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
		b.finish(j, passing(j), 0)
		b.exit()
	}
}
