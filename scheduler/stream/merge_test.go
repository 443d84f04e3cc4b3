package stream

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// noSpill is a disk that takes nothing.
func noSpill() (*os.File, error) { return nil, errors.New("disk full") }

// spillTo makes files in a directory of the test's and counts them.
func spillTo(t *testing.T, files *int) func() (*os.File, error) {
	dir := t.TempDir()
	return func() (*os.File, error) {
		*files++
		return os.Create(filepath.Join(dir, fmt.Sprint(*files)))
	}
}

// source makes the output of a process that runs tests of its own.
type source struct {
	random *rand.Rand
	id     string // of the process; all its tests have it in their names
	tests  int
	last   string // whose line came last
	out    bytes.Buffer
}

func (s *source) chance(n int) bool { return s.random.IntN(n) == 0 }

// frame prints framing of a test, as the testing package does.
func (s *source) frame(format, test string) {
	fmt.Fprintf(&s.out, "\x16"+format+"\n", test)
	s.last = test
}

// print lets a test, or the package if test is empty, print something. Where the
// reader may think of another test, the testing package states the name first.
func (s *source) print(test string) {
	for range s.random.IntN(4) {
		if s.last != test {
			s.frame("=== NAME  %s", test)
		}
		name := test + "@" + s.id
		switch s.random.IntN(12) {
		case 0:
			fmt.Fprintf(&s.out, "%s without newline", name)
		case 1:
			fmt.Fprintf(&s.out, "%s long %s end\n", name, strings.Repeat("x", s.random.IntN(20_000)))
		case 2:
			fmt.Fprintf(&s.out, "--- PASS: %s (0.00s)\n=== RUN   Forged\nPASS\nok  \tpkg\t1s\n", name)
		case 3:
			fmt.Fprintf(&s.out, "\n\r\n    %s\r\n", name)
		default:
			fmt.Fprintf(&s.out, "    x_test.go:1: %s\n", name)
		}
	}
}

// test runs a test up to its end, or up to its pause if that is true.
func (s *source) start(test string) (paused bool) {
	s.frame("=== RUN   %s", test)
	s.print(test)
	if s.chance(3) {
		s.frame("=== PAUSE %s", test)
		return true
	}
	return false
}

// body is what a test does once it runs.
func (s *source) body(test string, depth int) {
	s.print(test)
	if depth < 2 && s.chance(3) {
		var paused []string
		for i := range 1 + s.random.IntN(3) {
			sub := fmt.Sprint(test, "/", i)
			if s.start(sub) {
				paused = append(paused, sub)
			} else {
				s.body(sub, depth+1)
				s.report(sub)
			}
		}
		s.beside(paused, depth+1)
		s.print(test)
	}
}

func (s *source) report(test string) {
	s.frame("--- "+[]string{"PASS", "FAIL", "SKIP"}[s.random.IntN(3)]+": %s (0.01s)", test)
	if s.chance(8) {
		fmt.Fprintf(&s.out, "    %s: behind its report\n", test)
	}
}

// beside runs paused tests beside each other.
func (s *source) beside(paused []string, depth int) {
	var running []string
	for len(paused)+len(running) > 0 {
		i := 0
		if len(running) > 0 {
			i = s.random.IntN(len(running))
		}
		switch {
		case len(paused) > 0 && (len(running) == 0 || s.chance(3)):
			s.frame("=== CONT  %s", paused[0])
			running, paused = append(running, paused[0]), paused[1:]
		case s.chance(3):
			s.body(running[i], depth)
			s.report(running[i])
			running = slices.Delete(running, i, i+1)
		default:
			s.print(running[i])
		}
	}
}

// process makes a whole stream, which may end in mid-test.
func (s *source) process() []byte {
	if s.chance(3) {
		fmt.Fprintf(&s.out, "set-up of %s\n", s.id)
	}
	var paused []string
	for i := range s.tests {
		test := fmt.Sprintf("Test%s%d", s.id, i)
		if s.start(test) {
			paused = append(paused, test)
			continue
		}
		s.body(test, 0)
		if s.chance(10) { // it panics
			fmt.Fprintf(&s.out, "panic: %s\n\ngoroutine 1 [running]:\n", test)
			return s.out.Bytes()
		}
		s.report(test)
	}
	s.beside(paused, 0)
	fmt.Fprintf(&s.out, "\x16%s\n", []string{"PASS", "FAIL"}[s.random.IntN(2)])
	if s.chance(2) {
		fmt.Fprintf(&s.out, "tear-down of %s", s.id)
	}
	return s.out.Bytes()
}

// events returns the events of each test of a stream, see script.Events.
func events(t *testing.T, stream []byte) map[string][]string {
	t.Helper()
	of, err := script.Events(stream)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// reader is a process's reader: a parser and the feed behind it.
type reader struct {
	feed   *Process
	parser *testbin.Parser
	rest   []byte
}

func newReader(m *Merger, stream []byte) *reader {
	f := m.Process(ProcessOptions{})
	return &reader{feed: f, parser: testbin.NewParser(nil, f.Event), rest: stream}
}

// step reads n bytes, or the end. It reports whether there may be more.
func (r *reader) step(n int) bool {
	n = min(n, len(r.rest))
	_, _ = r.parser.Write(r.rest[:n]) // it takes everything
	r.feed.Flush()
	r.rest = r.rest[n:]
	if len(r.rest) == 0 {
		r.parser.Close()
		r.feed.Close()
		return false
	}
	return true
}

// streams makes the outputs of n processes.
func streams(random *rand.Rand, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		s := &source{random: random, id: string(rune('A' + i)), tests: 1 + random.IntN(5)}
		all[i] = s.process()
	}
	return all
}

// interleave reads the streams in random turns of random lengths.
func interleave(random *rand.Rand, m *Merger, all [][]byte) {
	var readers []*reader
	for _, stream := range all {
		readers = append(readers, newReader(m, stream))
	}
	most := []int{3, 100, 10_000}[random.IntN(3)]
	for len(readers) > 0 {
		i := random.IntN(len(readers))
		if !readers[i].step(1 + random.IntN(most)) {
			readers = slices.Delete(readers, i, i+1)
		}
	}
}

// checkMerged checks that each test, and each package-level text, is in the
// merged stream as it is in its own.
func checkMerged(t *testing.T, merged []byte, all [][]byte) {
	t.Helper()
	got := events(t, merged)
	tests, texts := 0, 0
	for _, stream := range all {
		for test, want := range events(t, stream) {
			if test == "" {
				for _, text := range want {
					for line := range strings.Lines(strings.TrimPrefix(text, "output ")) {
						texts += len(line)
						if !strings.Contains(strings.Join(got[""], "\n"), line) {
							t.Errorf("the package's %q is not in %q", line, got[""])
						}
					}
				}
				continue
			}
			tests++
			if !slices.Equal(got[test], want) {
				t.Errorf("%s: merged\n%.2000q\nalone\n%.2000q", test, got[test], want)
			}
		}
	}
	if left := len(strings.ReplaceAll(strings.Join(got[""], ""), "output ", "")); left != texts {
		t.Errorf("the package has %d bytes of output, want %d: %q", left, texts, got[""])
	}
	delete(got, "")
	if len(got) != tests {
		t.Errorf("%d tests in the merged stream, %d in all", len(got), tests)
	}
}

// checkBlocks checks that a process's lines stand together from the start of a
// test to where none of its tests is open.
func checkBlocks(t *testing.T, merged []byte) {
	t.Helper()
	open := make(map[string]int) // top-level tests per process
	owner := ""
	parser := testbin.NewParser(nil, func(e testbin.Event) {
		if e.Test == "" {
			return
		}
		id := e.Test[4:5]
		if owner != "" && owner != id && open[owner] > 0 {
			t.Errorf("%q is between lines of process %s", e.Line, owner)
		}
		owner = id
		if strings.Contains(e.Test, "/") {
			return
		}
		switch e.Kind {
		case testbin.KindRun:
			open[id]++
		case testbin.KindPass, testbin.KindFail, testbin.KindSkip:
			open[id]--
		}
	})
	// A process that has died leaves its test open: others may follow.
	for line := range bytes.Lines(merged) {
		if bytes.HasPrefix(line, []byte("goroutine 1 [running]")) {
			_, _ = parser.Write(line)
			open[owner] = 0
			continue
		}
		_, _ = parser.Write(line)
	}
	parser.Close()
}

// mergeRounds is a test flag, not state: nothing writes it but the command line.
var mergeRounds = flag.Int("merge.rounds", 40, "how many random runs TestMergeProperties merges, in each mode")

func TestMergeProperties(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint("strict=", strict), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(*mergeRounds) {
				random := rand.New(rand.NewPCG(seed, 2))
				all := streams(random, 1+random.IntN(5))
				var out bytes.Buffer
				files := 0
				m := New(&out, strict, spillTo(t, &files))
				interleave(random, m, all)
				checkMerged(t, out.Bytes(), all)
				if strict {
					checkBlocks(t, out.Bytes())
				}
				if m.err != nil || len(m.processes) > 0 || m.stream != nil {
					t.Errorf("at the end: error %v, %d feeds, stream %v", m.err, len(m.processes), m.stream)
				}
				if t.Failed() {
					t.Fatalf("seed %d, %d processes", seed, len(all))
				}
			}
		})
	}
}

// TestMergeConcurrent has a goroutine per process, as in a run.
func TestMergeConcurrent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 3))
		all := streams(random, 4)
		var out bytes.Buffer
		m := New(&out, seed%2 == 0, noSpill)
		var wg sync.WaitGroup
		for i, stream := range all {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			wg.Go(func() {
				for r := newReader(m, stream); r.step(1 + random.IntN(200)); {
				}
			})
		}
		wg.Wait()
		checkMerged(t, out.Bytes(), all)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// flood is the output of one test with n lines of 1000 bytes.
func flood(id string, n int) []byte {
	test := "Test" + id + "0"
	line := fmt.Sprintf("    %s %s\n", test, strings.Repeat("x", 994-len(test)))
	return []byte("\x16=== RUN   " + test + "\n" + strings.Repeat(line, n) + "\x16--- PASS: " + test + " (0.01s)\n\x16PASS\n")
}

// TestMergeSpills has more output wait than memory may hold.
func TestMergeSpills(t *testing.T) {
	t.Parallel()
	const lines = 3 * spoolMemory / 1000
	for name, disk := range map[string]func(*testing.T, *int) func() (*os.File, error){
		"file": spillTo,
		"no file": func(*testing.T, *int) func() (*os.File, error) {
			return noSpill
		},
		"closed file": func(t *testing.T, files *int) func() (*os.File, error) {
			spill := spillTo(t, files)
			return func() (*os.File, error) {
				file, err := spill()
				return file, errors.Join(err, file.Close())
			}
		},
	} {
		for _, strict := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ",strict=", strict), func(t *testing.T) {
				t.Parallel()
				all := [][]byte{flood("A", lines), flood("B", lines), flood("C", 10)}
				var out bytes.Buffer
				files, most := 0, 0
				m := New(&out, strict, disk(t, &files))
				a, b, c := newReader(m, all[0]), newReader(m, all[1]), newReader(m, all[2])
				a.step(1000) // A's block streams
				for more := true; more; {
					more = b.step(5000)
					most = max(most, cap(b.feed.held.buf))
				}
				c.step(len(all[2]))
				for a.step(5000) {
				}
				checkMerged(t, out.Bytes(), all)
				if name == "file" {
					if checkBlocks(t, out.Bytes()); files != 1 {
						t.Errorf("%d files, want 1", files)
					}
				}
				if most > 2*spoolMemory {
					t.Errorf("%d bytes were held in memory", most)
				}
				if (m.err != nil) != (name == "closed file") {
					t.Errorf("error %v", m.err)
				}
			})
		}
	}
}

// TestMergeLosesFile has what was spilled go missing: that must be known.
func TestMergeLosesFile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var file *os.File
	files := 0
	spill := spillTo(t, &files)
	m := New(&out, true, func() (*os.File, error) {
		var err error
		file, err = spill()
		return file, err
	})
	a, b := newReader(m, flood("A", 10)), newReader(m, flood("B", 3*spoolMemory/1000))
	a.step(100)
	b.step(2 * spoolMemory)
	if err := file.Truncate(1000); err != nil {
		t.Fatal(err)
	}
	for b.step(1000) {
	}
	for a.step(1000) {
	}
	if m.err == nil {
		t.Error("lines are lost, and nobody says so")
	}
}

// chunkRecorder keeps what each Write was given.
type chunkRecorder struct{ bytes.Buffer }

// TestMergeStreams checks that the oldest open test can be watched, and that
// what ends beside it is held back only in strict mode.
func TestMergeStreams(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		var out chunkRecorder
		m := New(&out, strict, noSpill)
		a := newReader(m, []byte("\x16=== RUN   TestA0\nfirst\nsecond\n"))
		b := newReader(m, []byte("\x16=== RUN   TestB0\nwords of B\n\x16--- PASS: TestB0 (0.00s)\n\x16=== RUN   TestB1\nmore of B\n"))
		see := func(text string, want bool) {
			t.Helper()
			if got := strings.Contains(out.String(), text); got != want {
				t.Errorf("strict=%v: %q in %q is %v", strict, text, &out, got)
			}
		}
		a.step(len("\x16=== RUN   TestA0\nfirst\n"))
		see("first", true)
		b.step(len(b.rest) - 1)
		see("words of B", !strict)
		see("more of B", false)
		a.step(len(a.rest) - 1)
		see("second", false) // not a whole line yet
		a.step(1)
		see("second", true)
		see("words of B", true)
		see("more of B", false) // nor is that
		b.step(1)
		see("more of B", true)
	}
}

// TestMergeOldestNext checks that of the blocks that wait the oldest is next.
func TestMergeOldestNext(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	a, b, c := newReader(m, []byte("\x16=== RUN   TestA0\n")), newReader(m, []byte("\x16=== RUN   TestB0\nB\n")), newReader(m, []byte("\x16=== RUN   TestC0\nC\n"))
	for _, r := range []*reader{a, c, b} {
		_, _ = r.parser.Write(r.rest)
		r.feed.Flush()
	}
	a.feed.Close()
	if got, want := out.String(), "\x16=== NAME  \n\x16=== RUN   TestA0\n\x16=== RUN   TestC0\nC\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMergeOwnLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	r := newReader(m, []byte("\x16=== RUN   TestA0\n    one\n    half a line"))
	r.step(len(r.rest) - 3)
	m.Add("cohort: a word\n")
	r.step(3)
	m.Add("\x16FAIL\ncoverage: 1.0% of statements\n")
	got := events(t, out.Bytes())
	if want := []string{"output cohort: a word\ncoverage: 1.0% of statements\n"}; !slices.Equal(got[""], want) {
		t.Errorf("the package: %q, want %q", got[""], want)
	}
	if want := []string{"run ", "output === RUN   TestA0\n    one\n    half a line"}; !slices.Equal(got["TestA0"], want) {
		t.Errorf("the test: %q, want %q", got["TestA0"], want)
	}
}

// TestMergeLastWords adds to what the merger has written what the go command says of a dead
// exec-test. It is the test's that runs, or nobody's, and not that of a test that has passed.
func TestMergeLastWords(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		open string // what a process has printed that still runs
		want string // the test
	}{
		"while a test runs": {"\x16=== RUN   TestA0\n", "TestA0"},
		"in a subtest":      {"\x16=== RUN   TestA0\n\x16=== RUN   TestA0/x\nwords\n", "TestA0/x"},
		"between two tests": {"", ""},
		"in half a line":    {"\x16=== RUN   TestA0\nhalf a line", "TestA0"},
		// More of its log may come.
		"after a test's end": {"\x16=== RUN   TestA0\n\x16--- SKIP: TestA0 (0.00s)\n    a_test.go:1: no\n", "TestA0"},
	} {
		var out bytes.Buffer
		m := New(&out, false, noSpill)
		a := newReader(m, []byte(tc.open))
		_, _ = a.parser.Write(a.rest)
		a.feed.Flush()
		b := newReader(m, []byte("\x16=== RUN   TestB0\n\x16--- PASS: TestB0 (0.00s)\n"))
		for b.step(1000) {
		}
		b.feed.Close()
		got := events(t, append(out.Bytes(), "signal: killed\n"...))
		for test, lines := range got {
			if said := strings.Contains(strings.Join(lines, ""), "signal: killed"); said != (test == tc.want) {
				t.Errorf("%s: said of %q: %v, want it of %q\n%q", name, test, said, tc.want, &out)
			}
		}
	}
}

// TestFeedDrops has the lines that are true of one process only.
func TestFeedDrops(t *testing.T) {
	t.Parallel()
	const in = "set-up -test.shuffle 7\n-test.shuffle 7\n\x16=== RUN   TestA\n-test.shuffle 7\ncoverage: 1.0% of statements\n" +
		"\x16--- PASS: TestA (0.00s)\n\x16=== NAME  \ncoverage: 2.0% of statements\n\x16PASS\ncoverage: 50.0% of statements in x\ncoverage: none\n"
	for _, verbatim := range []bool{false, true} {
		var out bytes.Buffer
		f := New(&out, false, noSpill).Process(ProcessOptions{Verbatim: verbatim, ShuffleLine: "-test.shuffle 7\n"})
		parser := testbin.NewParser(nil, f.Event)
		_, _ = io.WriteString(parser, in)
		parser.Close()
		f.Close()
		want := "\x16=== NAME  \nset-up \x16=== RUN   TestA\n-test.shuffle 7\ncoverage: 1.0% of statements\n" +
			"\x16--- PASS: TestA (0.00s)\n\x16=== NAME  \ncoverage: 2.0% of statements\n"
		if verbatim {
			want += "\x16PASS\ncoverage: 50.0% of statements in x\n"
		}
		if want += "coverage: none\n"; out.String() != want {
			t.Errorf("verbatim=%v:\n%q\nwant\n%q", verbatim, &out, want)
		}
	}
}

// TestFeedResumes has a test that waits when its process dies, and runs in
// another: for the reader it is one test.
func TestFeedResumes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	first := newReader(m, []byte("\x16=== RUN   TestA\n\x16=== PAUSE TestA\n\x16=== RUN   TestB\npanic: x\n"))
	for first.step(1000) {
	}
	planned := []ledger.Planned{{Name: "TestA", Want: 1}, {Name: "TestB", Want: 1}, {Name: "TestC", Want: 1}}
	s := ledger.NewTranscript(nil).Settle(first.parser, ledger.Ending{Planned: planned, Code: 2})
	first.feed.Settle(s, "exit status 2", func(string) time.Duration { return 0 })
	first.feed.Close()
	second := m.Process(ProcessOptions{Resumed: map[string]bool{"TestA": true}})
	parser := testbin.NewParser(nil, second.Event)
	_, _ = io.WriteString(parser, "\x16=== RUN   TestA\n\x16=== PAUSE TestA\n\x16=== CONT  TestA\nwords\n\x16--- PASS: TestA (0.00s)\n")
	parser.Close()
	second.Close()
	want := map[string][]string{
		"TestA": {"run ", "output === RUN   TestA\n=== PAUSE TestA\n", "pause ", "cont ", "output === CONT  TestA\n=== PAUSE TestA\n",
			"pause ", "cont ", "output === CONT  TestA\nwords\n--- PASS: TestA (0.00s)\n", "pass "},
		"TestB": {"run ", "output === RUN   TestB\npanic: x\n--- FAIL: TestB (0.00s)\n", "fail "},
	}
	got := events(t, out.Bytes())
	for test := range want {
		if !slices.Equal(got[test], want[test]) {
			t.Errorf("%s: %q\nwant %q", test, got[test], want[test])
		}
	}
	if len(got[""]) > 0 || len(got) != 2 {
		t.Errorf("beside them: %q", got)
	}
}

func TestFeedSettles(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := New(&out, false, noSpill)
	f := m.Process(ProcessOptions{})
	f.Settle(ledger.Settlement{
		Broken:  []testbin.OpenTest{{Name: "TestA"}, {Name: "TestA/x"}, {Name: "TestA/x/y"}},
		Skipped: []ledger.Planned{{Name: "TestB", Want: 2, Why: "because"}, {Name: "TestC", Want: 1, Resumed: true, Why: "because"}},
		Lost:    []ledger.Planned{{Name: "TestD", Want: 3}},
	}, "exit status 0", func(test string) time.Duration {
		return map[string]time.Duration{"TestA": 3 * time.Second, "TestA/x": 2500 * time.Millisecond}[test]
	})
	f.Close()
	const want = "\x16=== NAME  \n" +
		"\x16--- FAIL: TestA/x/y (0.00s)\n\x16--- FAIL: TestA/x (2.50s)\n\x16--- FAIL: TestA (3.00s)\n" +
		"\x16=== RUN   TestB\n    because\n\x16--- SKIP: TestB (0.00s)\n\x16=== RUN   TestB\n    because\n\x16--- SKIP: TestB (0.00s)\n" +
		"\x16=== NAME  TestC\n    because\n\x16--- SKIP: TestC (0.00s)\n" +
		"\x16=== RUN   TestD\n    cohort: the test was to run and did not (exit status 0)\n\x16--- FAIL: TestD (0.00s)\n\x16=== NAME  \n"
	if out.String() != want {
		t.Errorf("%q\nwant\n%q", &out, want)
	}
}
