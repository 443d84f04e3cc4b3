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
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// bench is a Run without processes: the test takes the batches that a worker
// would run, and says how they ended.
type bench struct {
	*Run
	t       *testing.T
	running []*batch
	exits   chan int     // of the exec-test
	stdout  bytes.Buffer // to read after exits
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
	r := &Run{cfg: c, listener: l, events: make(chan any), done: make(chan struct{})}
	r.slots = make([]bool, c.Workers)
	r.planner = plan.New(plan.Config{Workers: c.Workers})
	r.began, r.batches = time.Now(), make(map[int]*batch)
	r.ctx, r.stop = context.WithCancelCause(t.Context())
	b := &bench{Run: r, t: t, exits: make(chan int, 1)}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// arrives lets a package come: its tests are those of the source text, a line
// `func TestX` each, and directives before them.
func (b *bench) arrives(source string, testMain bool, args ...string) *pkg {
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
	go func() { // ends with the request
		b.exits <- gotest.ExecTest(append([]string{filepath.Join(dir, "p.test")}, args...), []string{b.listener.Env()}, &b.stdout, io.Discard, nil)
	}()
	req := <-b.listener.Requests()
	req.Dir = dir
	p := prepare(1, req, b.cfg, newMerger(req, b.cfg.Strict, noSpill))
	if p.list == nil {
		b.t.Fatal("the list of tests cannot be read")
	}
	b.add(p)
	return p
}

// fill gives every idle worker what it is to run, as dispatch does.
func (b *bench) fill() (started []*batch) {
	for !b.exclusive {
		slot := slices.Index(b.slots, false)
		if slot < 0 {
			break
		}
		next := b.next()
		if next == nil {
			break
		}
		b.processes++
		next.number, next.slot = b.processes, slot
		b.slots[slot] = true
		b.Run.running++
		b.exclusive = next.serial
		b.firstPass(next)
		next.pkg.running++
		b.running = append(b.running, next)
		started = append(started, next)
	}
	return started
}

// finish ends a batch: its process prints that and exits so.
func (b *bench) finish(batch *batch, words process, code int) settlement {
	b.running = slices.DeleteFunc(b.running, func(other *batchOf) bool { return other == batch })
	parser := testbin.NewParser(batch.known, batch.feed.event)
	for word := range strings.FieldsSeq(string(words)) {
		_, _ = io.WriteString(parser, framing(word))
	}
	parser.Close()
	s := settle(ending{
		planned: batch.planned, group: batch.group, stopsEarly: batch.stopsEarly(b.cfg), mayIdle: batch.pkg.list.TestMain,
		count: parser.Count, seen: parser.Seen(), open: parser.Open(),
		last: batch.feed.last, finals: batch.feed.finals, code: code, reason: fmt.Sprint("exit status ", code),
	})
	batch.feed.settle(s, "")
	batch.feed.close()
	b.end(ended{batch: batch, exit: testbin.Exit{Code: code, End: time.Now()}, s: s})
	return s
}

// batchOf is a batch, where a parameter has that name.
type batchOf = batch

// names are the tests of a batch.
func names(b *batch) string {
	var out []string
	for _, p := range b.planned {
		out = append(out, p.name)
	}
	return strings.Join(out, " ")
}

// passing is what a process prints whose tests pass.
func passing(b *batch) process {
	var words []string
	for _, p := range b.planned {
		for range p.want {
			words = append(words, "+"+p.name, "p"+p.name)
		}
	}
	return process(strings.Join(append(words, "PASS"), " "))
}

// suite is the source of a package: a group of three in two places, a serial
// test, an example and many loose ones.
func suite(loose int) string {
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
		p := b.arrives(suite(30), false)
		runs := make(map[string]int)
		var loose []string // in the order of dispatch
		for started := b.fill(); len(started) > 0; started = b.fill() {
			for _, next := range started {
				for _, test := range next.planned {
					runs[test.name]++
				}
				list := names(next)
				switch {
				case strings.Contains(list, "TestG"):
					if list != "TestG1 TestG2 TestG3" || next.group != "g" || next.shuffle != "" || next.all {
						t.Errorf("seed %d: a batch of %s, group %q, shuffle %q", seed, list, next.group, next.shuffle)
					}
				case strings.Contains(list, "TestS"):
					if list != "TestS" || !next.serial || len(b.running) != 1 {
						t.Errorf("seed %d: a batch of %s, serial %v, beside %d others", seed, list, next.serial, len(b.running)-1)
					}
				default:
					loose = append(loose, strings.Fields(list)...)
					if want := map[bool]string{true: fmt.Sprint(seed)}[seed%2 == 0]; next.shuffle != want || next.group != "" {
						t.Errorf("seed %d: loose tests with shuffle %q, group %q", seed, next.shuffle, next.group)
					}
				}
			}
			for _, slot := range b.running {
				if slot.slot >= b.cfg.Workers {
					t.Errorf("seed %d: worker %d of %d", seed, slot.slot, b.cfg.Workers)
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
		if len(runs) != len(p.list.Tests) || !p.finished {
			t.Errorf("seed %d: %d tests, %d in the list; finished: %v", seed, len(runs), len(p.list.Tests), p.finished)
		}
		inOrder := slices.IsSortedFunc(loose[:len(loose)-1], func(x, y string) int {
			var i, j int
			_, _ = fmt.Sscanf(x+" "+y, "TestL%d TestL%d", &i, &j)
			return i - j
		})
		if inOrder == b.cfg.Shuffle {
			t.Errorf("seed %d: loose tests in the order %v", seed, loose)
		}
		if code := <-b.exits; code != 0 || !strings.HasSuffix(b.stdout.String(), "\x16PASS\n") {
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
			if len(started) != 1 || !started[0].all {
				t.Fatalf("%d processes, want one for all", len(started))
			}
			got := names(started[0])
			if started[0].planned == nil {
				got = "?"
			}
			order := strings.Fields(strings.TrimSuffix(tc.want, started[0].shuffle))
			if tc.config.Shuffle { // the order within the process is the binary's
				slices.Sort(order)
				sorted := strings.Fields(got)
				slices.Sort(sorted)
				got, tc.want = strings.Join(sorted, " "), strings.Join(order, " ")+" "+tc.want[strings.LastIndex(tc.want, " ")+1:]
			}
			if got += " " + started[0].shuffle; got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			for _, p := range started[0].planned {
				if want := map[string]int{"one": 4}[name]; want > 0 && p.want != want {
					t.Errorf("%s is to run %d times, want %d", p.name, p.want, want)
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
		if len(rest) != 1 || names(rest[0]) != "TestC TestD" || rest[0].shuffle != "" {
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
		if code := <-b.exits; code != 2 {
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
		p := b.arrives(suite(random.IntN(12)), seed%5 == 0)
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
				var e ending
				words, e = randomProcess(random, next.planned)
				code = max(e.code, 0)
			}
			s := b.finish(next, words, code)
			bad = bad || code != 0 || len(s.failed)+len(s.lost) > 0 || s.packageFailure != ""
			idle = idle || len(s.idle)+len(s.dropped) > 0
		}
		if !p.finished {
			t.Fatalf("seed %d: the package has no end", seed)
		}
		code := <-b.exits
		if bad != (code != 0) {
			t.Errorf("seed %d: exit status %d, something was wrong: %v", seed, code, bad)
		}
		if bad {
			reds++
		} else {
			greens++
		}
		of := events(t, b.stdout.Bytes())
		for _, test := range p.list.Tests {
			results := slices.ContainsFunc(of[test.Name], func(e string) bool { return slices.Contains([]string{"pass", "fail", "skip"}, e[:4]) })
			if !results && !idle && !p.canceled {
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
	b := newBench(t, &Config{Workers: 2, GoTest: &gotest.Args{Cover: true, CoverMode: "atomic"}})
	p := b.arrives("//cohort:group g\nfunc TestA(t *testing.T) {}\n\n//cohort:group h\nfunc TestB(t *testing.T) {}\n", false)
	for len(b.baselines) == 0 {
		for _, first := range b.fill() {
			b.finish(first, passing(first), 0)
		}
	}
	if p.finished || p.waiting != 1 {
		t.Fatalf("finished: %v, %d processes wait; want one, that without tests", p.finished, p.waiting)
	}
	b.abandon(p)
	if started := b.fill(); len(started) > 0 || !p.finished || p.waiting != 0 {
		t.Errorf("%d processes start; finished: %v, %d wait", len(started), p.finished, p.waiting)
	}
}
