package testbin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// parse returns the events of a stream that is written in chunks of the given
// size, with their lines copied. Each chunk is overwritten after its Write.
func parse(t testing.TB, stream []byte, chunk int, known func(string) bool) (*Parser, []Event) {
	t.Helper()
	var events []Event
	p := NewParser(known, func(e Event) {
		line := bytes.Clone(e.Line)
		poison(e.Line)
		e.Line = line
		events = append(events, e)
	})
	for c := range slices.Chunk(bytes.Clone(stream), max(chunk, 1)) {
		if n, err := p.Write(c); n != len(c) || err != nil {
			t.Fatalf("Write = %d, %v, want %d", n, err, len(c))
		}
		poison(c)
	}
	p.Close()
	return p, events
}

func poison(b []byte) {
	for i := range b {
		b[i] = 'P'
	}
}

// describe writes events as the tables below do.
func describe(events []Event) string {
	names := [...]string{"out", "run", "pause", "cont", "name", "attr", "artifacts", "pass", "fail", "skip", "bench", "final"}
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %q", names[e.Kind], e.Test, e.Line)
		if e.Rejected {
			b.WriteString(" rejected")
		}
		if e.Partial {
			b.WriteString(" partial")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestParserLines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"package output", "hello\n", `out  "hello\n"`},
		{"no newline at the end", "hello", `out  "hello" partial`},
		{"attribution", "\x16=== RUN   TestA\nx\n\x16--- PASS: TestA (0.01s)\ny\n\x16=== NAME  \nz\n", `
run TestA "\x16=== RUN   TestA\n"
out TestA "x\n"
pass TestA "\x16--- PASS: TestA (0.01s)\n"
out TestA "y\n"
name  "\x16=== NAME  \n"
out  "z\n"`},
		{"marker in mid-line", "\x16=== RUN   TestA\nx\x16--- PASS: TestA (0.01s)\n", `
run TestA "\x16=== RUN   TestA\n"
out TestA "x" partial
pass TestA "\x16--- PASS: TestA (0.01s)\n"`},
		{"unmarked framing is output", "=== RUN   TestA\n--- FAIL: TestA (0.00s)\nPASS\n", `
out  "=== RUN   TestA\n"
out  "--- FAIL: TestA (0.00s)\n"
out  "PASS\n"`},
		{"markers that introduce nothing", "\x16\x16\n\x16a\x16b\n\x16testing: race detected outside of test execution\n", `
out  "\n"
out  "a" partial
out  "b\n"
out  "testing: race detected outside of test execution\n"`},
		{"carriage returns", "\x16=== RUN   TestA\r\n\x16--- SKIP: TestA (0.00s)\r\n\x16PASS\r\n", `
run TestA "\x16=== RUN   TestA\r\n"
skip TestA "\x16--- SKIP: TestA (0.00s)\r\n"
final  "\x16PASS\r\n"`},
		{"framing without its newline", "\x16=== RUN   TestA\x16x\n\x16=== RUN   TestA", `
out  "=== RUN   TestA" partial
out  "x\n"
out  "=== RUN   TestA" partial`},
		{"lost spaces", "\x16=== NAME\n\x16=== RUN TestA\n\x16=== PAUSE\n", `
name  "\x16=== NAME\n"
out  "=== RUN TestA\n"
out  "=== PAUSE\n"`},
		{"attributes", "\x16=== RUN   TestA\n\x16=== ATTR  TestA k v w\n\x16=== ARTIFACTS TestA /a b\n", `
run TestA "\x16=== RUN   TestA\n"
attr TestA "\x16=== ATTR  TestA k v w\n"
artifacts TestA "\x16=== ARTIFACTS TestA /a b\n"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{1, 3, 1 << 20} {
				_, events := parse(t, []byte(tc.in), chunk, nil)
				if got, want := strings.TrimSpace(describe(events)), strings.TrimSpace(tc.want); got != want {
					t.Errorf("in chunks of %d:\n%s\nwant\n%s", chunk, got, want)
				}
			}
		})
	}
}

// Two parallel tests run, and one of them has ended when the process dies.
func TestParserDeaths(t *testing.T) {
	t.Parallel()
	const parallel = "\x16=== RUN   TestA\n\x16=== PAUSE TestA\n\x16=== RUN   TestB\n\x16=== PAUSE TestB\n" +
		"\x16=== RUN   TestC\n\x16=== PAUSE TestC\n\x16=== CONT  TestA\n\x16=== CONT  TestB\n"
	for _, tc := range []struct{ name, in, want string }{
		{"timeout", "\x16--- PASS: TestB (0.00s)\npanic: test timed out after 3s\n\trunning tests:\n", "TestA TestA"},
		{"timeout after a failure", "\x16--- FAIL: TestB (0.00s)\npanic: test timed out after 3s\n", "TestA"},
		{"timeout in a subtest", "\x16=== RUN   TestA/x\n\x16=== RUN   TestA/x/y\n\x16--- PASS: TestB (0.00s)\npanic: test timed out after 3s\n", "TestA/x/y"},
		{"goroutine", "\x16--- PASS: TestB (0.00s)\npanic: boom\n\ngoroutine 7 [running]:\n", "TestA TestA TestA"},
		{"fatal error", "\x16--- FAIL: TestB (0.00s)\nfatal error: concurrent map writes\n", "TestA"},
		{"reported panic", "\x16--- FAIL: TestB (0.00s)\npanic: boom [recovered]\n", "TestB"},
		{"test that runs", "x\npanic: boom\n", "TestB TestB"},
		{"no death", "\x16--- PASS: TestB (0.00s)\nx\n panic: x\npanic at\n", "TestB TestB TestB"},
		{"in mid-line", "\x16--- PASS: TestB (0.00s)\n" + strings.Repeat("x", lineLimit) + "panic: x\n", "TestB TestB"},
		{"nothing runs", "\x16--- PASS: TestB (0.00s)\n\x16--- PASS: TestA (0.00s)\npanic: boom\n", "TestA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, events := parse(t, []byte(parallel+tc.in), 1<<20, nil)
			var got []string
			for _, e := range events {
				if e.Kind == KindOutput {
					got = append(got, e.Test)
				}
			}
			if got := strings.Join(got, " "); got != tc.want {
				t.Errorf("output of %s, want %s", got, tc.want)
			}
		})
	}
}

func TestParserElapsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"(1.25s)": 1250 * time.Millisecond, "(0.00s)": 0, "(NaNs)": 0, "(1e300s)": 0, "(5m)": 0, "": 0,
	} {
		_, events := parse(t, []byte("\x16--- FAIL: TestA "+text+"\n"), 100, nil)
		if len(events) != 1 || events[0].Kind != KindFail || events[0].Elapsed != want {
			t.Errorf("%q: %+v, want elapsed %v", text, events, want)
		}
	}
}

// TestParserLongLines checks where lines of more than 4 KiB are split, and that
// framing of up to 4 KiB is framing.
func TestParserLongLines(t *testing.T) {
	t.Parallel()
	name := func(n int) string { // a RUN line of n bytes
		return "\x16=== RUN   " + strings.Repeat("T", n-len("\x16=== RUN   \n")) + "\n"
	}
	for _, tc := range []struct {
		in   string
		kind Kind
		lens []int
	}{
		{strings.Repeat("x", 4095) + "\n", KindOutput, []int{4096}},
		{strings.Repeat("x", 4096) + "\n", KindOutput, []int{4096, 1}},
		{strings.Repeat("x", 4096) + "\x16y\n", KindOutput, []int{4096, 2}},
		{strings.Repeat("x", 4095) + "é\n", KindOutput, []int{4095, 3}},
		{strings.Repeat("x", 10000), KindOutput, []int{4096, 4096, 1808}},
		{name(4096), KindRun, []int{4096}},
		{name(4097), KindOutput, []int{4095, 1}},
	} {
		for _, chunk := range []int{1, 1000, 4096, 1 << 20} {
			_, events := parse(t, []byte(tc.in), chunk, nil)
			var lens []int
			for i, e := range events {
				lens = append(lens, len(e.Line))
				if e.Kind != tc.kind || e.Partial != (e.Line[len(e.Line)-1] != '\n') {
					t.Errorf("%.20q: event %d is %d, partial %v", tc.in, i, e.Kind, e.Partial)
				}
			}
			if !slices.Equal(lens, tc.lens) {
				t.Errorf("%.20q in chunks of %d: lengths %v, want %v", tc.in, chunk, lens, tc.lens)
			}
		}
	}
}

// TestParserForged has a line per step: the line and whether it is accepted. The
// names TestA, TestB and TestC are known.
func TestParserForged(t *testing.T) {
	t.Parallel()
	runA, runB := "=== RUN   TestA", "=== RUN   TestB"
	passA, passB := "--- PASS: TestA (0.00s)", "--- PASS: TestB (0.00s)"
	for name, steps := range map[string][]string{
		"start while another runs":    {"+" + runA, "-" + runB, "-" + runA, "+" + passA, "+" + runB},
		"unknown test":                {"-=== RUN   TestX", "---- PASS: TestX (0.00s)", "---- FAIL: TestX (0.00s)", "-=== RUN   TestX/sub"},
		"end of what is not open":     {"-" + passA, "+" + runA, "-" + passB, "---- SKIP: TestB (0.00s)", "+" + passA, "-" + passA},
		"failure is never lost":       {"+--- FAIL: TestB (0.00s)", "+" + runA, "+--- FAIL: TestB (0.00s)", "+" + passA, "+--- FAIL: TestA (0.00s)"},
		"failure of a subtest":        {"+" + runA, "+" + passA, "+--- FAIL: TestA/x (0.00s)", "+--- FAIL: TestB/x (0.00s)"},
		"closing line while open":     {"+" + runA, "-PASS", "-FAIL", "-FAIL\tpkg\t0.1s", "+" + passA, "+PASS", "+FAIL", "-FAIL\tpkg\t0.1s"},
		"pass of a paused test":       {"+" + runA, "+=== PAUSE TestA", "-" + passA, "+" + runB, "-" + passA, "-=== CONT  TestA", "+" + passB, "+=== CONT  TestA", "+" + passA},
		"failure of a paused test":    {"+" + runA, "+=== PAUSE TestA", "+--- FAIL: TestA (0.00s)", "+=== CONT  TestA", "+" + passA},
		"start beside parallel tests": {"+" + runA, "+=== PAUSE TestA", "+=== CONT  TestA", "-" + runB, "-=== PAUSE TestA", "+" + passA, "+" + runB},
		"continue what is not paused": {"-=== CONT  TestA", "+" + runA, "-=== CONT  TestA", "-=== PAUSE TestB"},
		"subtests of a closed root":   {"-=== RUN   TestA/x", "+" + runA, "+=== RUN   TestA/x", "-=== RUN   TestB/x", "+--- PASS: TestA/x (0.00s)", "+" + passA, "-=== RUN   TestA/y"},
		"subtests after a panic":      {"+" + runA, "+=== RUN   TestA/x", "+=== RUN   TestA/y", "+--- FAIL: TestA/x (0.00s)", "+--- FAIL: TestA (0.00s)", "+--- PASS: TestA/y (0.00s)"},
		"nested reports":              {"+" + runA, "+=== RUN   TestA/x", "-    --- PASS: TestA/x (0.00s)", "+--- FAIL: TestA (0.00s)", "+    --- FAIL: TestA/x (0.00s)", "-            --- FAIL: TestA/z (0.00s)", "+        --- PASS: TestA/x/y (0.00s)"},
		"names that never started":    {"-=== NAME  TestA", "-=== ATTR  TestA k v", "+" + runA, "+=== NAME  TestA", "+=== ATTR  TestA k v", "-=== NAME  TestB", "+" + passA, "+=== NAME  TestA", "+=== NAME  "},
		"words never printed":         {"+" + runA, "-=== PASS  TestA", "-=== FAIL  TestA", "-=== SKIP  TestA", "---- BENCH: TestA"},
		"empty names":                 {"-=== RUN   ", "---- PASS:  (0.00s)", "---- FAIL: "},
		"same name in two packages":   {"+" + runA, "+=== PAUSE TestA", "+" + runA, "+=== PAUSE TestA", "+=== CONT  TestA", "+=== CONT  TestA", "-=== CONT  TestA", "+" + passA, "+" + passA, "-" + passA, "+PASS"},
		"benchmarks":                  {"---- BENCH: BenchmarkA-2", "+" + runA, "-=== RUN   BenchmarkA", "+" + passA, "+=== RUN   BenchmarkA", "+--- BENCH: BenchmarkA-2", "+--- SKIP: BenchmarkB", "+=== RUN   BenchmarkA/x", "+--- FAIL: BenchmarkA/x-2", "+FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := func(name string) bool {
				return slices.Contains([]string{"TestA", "TestB", "TestC", "BenchmarkA"}, name)
			}
			var stream strings.Builder
			for _, s := range steps {
				stream.WriteString("\x16" + s[1:] + "\n")
			}
			_, events := parse(t, []byte(stream.String()), 7, known)
			if len(events) != len(steps) {
				t.Errorf("%d events, want %d", len(events), len(steps))
			}
			for i, e := range events {
				want := "\x16" + steps[i][1:] + "\n"
				if e.Rejected {
					want = want[1:]
				}
				if accept := steps[i][0] == '+'; e.Rejected == accept || string(e.Line) != want {
					t.Errorf("step %d, %q: rejected %v, line %q", i, steps[i], e.Rejected, e.Line)
				}
			}
		})
	}
}

func TestParserTally(t *testing.T) {
	t.Parallel()
	marked := func(lines ...string) []byte { return []byte("\x16" + strings.Join(lines, "\n\x16") + "\n") }
	p, _ := parse(t, marked(
		"=== RUN   TestB", "=== PAUSE TestB",
		"=== RUN   TestA", "--- PASS: TestA (0.00s)",
		"=== RUN   TestA", "=== RUN   TestA/x", "=== PAUSE TestA/x", "=== RUN   TestA/y", "=== RUN   TestA/y/z",
		"--- SKIP: TestA/y/z (0.00s)",
	), 100, nil)
	wantOpen := []OpenTest{{"TestB", true}, {"TestA", false}, {"TestA/x", true}, {"TestA/y", false}}
	if got := p.Open(); !slices.Equal(got, wantOpen) {
		t.Errorf("Open() = %v, want %v", got, wantOpen)
	}
	if got, want := p.Count("TestA"), (Count{Started: 2, Passed: 1}); got != want || got.Finished() != 1 {
		t.Errorf("Count = %+v, want %+v", got, want)
	}
	if got := p.Count("TestC"); got != (Count{}) {
		t.Errorf("Count of a test not seen = %+v", got)
	}
	if got, want := p.Seen(), []string{"TestB", "TestA"}; !slices.Equal(got, want) {
		t.Errorf("Seen() = %v, want %v", got, want)
	}
	if n, ok := p.Final(); n != 0 || ok {
		t.Errorf("Final() = %d, %v", n, ok)
	}

	p, _ = parse(t, marked("PASS", "FAIL", "PASS"), 100, nil)
	if n, ok := p.Final(); n != 3 || ok {
		t.Errorf("Final() = %d, %v, want 3, false", n, ok)
	}
	p, _ = parse(t, marked("=== RUN   TestA", "=== RUN   TestA/forged", "--- PASS: TestA (0.00s)"), 100, nil)
	if got := p.Open(); len(got) != 0 {
		t.Errorf("a test has passed, and open are %v", got)
	}
}

// TestParserAllocs is not parallel, as testing.AllocsPerRun demands.
func TestParserAllocs(t *testing.T) {
	n := 0
	p := NewParser(nil, func(e Event) { n += len(e.Line) })
	write := func(s []byte) {
		if _, err := p.Write(s); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("\x16=== RUN   TestA\n"))
	lines := bytes.Repeat([]byte("a line of output that is as long as lines are\n"), 100)
	long := bytes.Repeat([]byte("x"), 10_000)
	if got := testing.AllocsPerRun(100, func() { write(lines); write(lines[:150]); write(lines[150:]); write(long) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
	if n == 0 {
		t.Error("nothing was emitted")
	}
}

func BenchmarkParser(b *testing.B) {
	for name, line := range map[string]string{
		"output":  "    file_test.go:12: a line of output that is as long as lines are\n",
		"framing": "\x16=== RUN   TestA/sub\n\x16--- PASS: TestA/sub (0.00s)\n\x16=== NAME  TestA\n",
	} {
		b.Run(name, func(b *testing.B) {
			chunk := bytes.Repeat([]byte(line), 32<<10/len(line))
			p := NewParser(nil, func(Event) {})
			fmt.Fprint(p, "\x16=== RUN   TestA\n")
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				p.Write(chunk)
			}
		})
	}
}

func FuzzParser(f *testing.F) {
	for _, stream := range streams(f) {
		if len(stream) < 8<<10 { // longer ones make the fuzzer crawl
			f.Add(stream, 5, uint8(0))
		}
	}
	f.Add([]byte("a\x16--- FAIL: TestA (1s)\n\x16    --- FAIL: TestA/b (1s)\nx"), 1, uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, chunk int, strict uint8) {
		known := map[uint8]func(string) bool{1: func(s string) bool { return s == "TestA" || s == "TestPlain" }}[strict%2]
		p, events := parse(t, stream, len(stream), known)
		q, again := parse(t, stream, chunk%5000, known)
		if got, want := describe(again), describe(events); got != want {
			t.Errorf("in chunks of %d:\n%s\nwant\n%s", chunk%5000, got, want)
		}
		if !slices.Equal(p.Open(), q.Open()) {
			t.Errorf("chunks change the state")
		}
		checkBytes(t, stream, events)
		checkConverter(t, events)
	})
}

// checkBytes checks that the lines are the stream but for markers in output.
func checkBytes(t *testing.T, stream []byte, events []Event) {
	for _, e := range events {
		if len(e.Line) == 0 || len(e.Line) > lineLimit {
			t.Fatalf("line of %d bytes", len(e.Line))
		}
		if e.Partial != (e.Line[len(e.Line)-1] != '\n') || e.Partial && e.Kind != KindOutput {
			t.Fatalf("kind %d, partial %v: %q", e.Kind, e.Partial, e.Line)
		}
		for len(stream) > 0 && stream[0] == marker && e.Kind == KindOutput {
			stream = stream[1:]
		}
		// A lone marker in front of framing is dropped, too.
		for e.Kind != KindOutput && len(stream) > 1 && stream[0] == marker && stream[1] == marker {
			stream = stream[1:]
		}
		rest, ok := bytes.CutPrefix(stream, e.Line)
		if !ok {
			t.Fatalf("line %q, but the stream goes on with %.100q", e.Line, stream)
		}
		stream = rest
	}
	if len(bytes.Trim(stream, "\x16")) > 0 {
		t.Fatalf("not emitted: %q", stream)
	}
}

// checkConverter checks that the go command's converter, given the lines that
// were emitted, sees the same framing and attributes the same output. Left out
// are lines on which its known faults show (see splitter).
func checkConverter(t *testing.T, events []Event) {
	var want, got view
	var out bytes.Buffer
	enc := NewEncoder(&out, "", fixedClock())
	fmt.Fprint(enc, "\x16=== NAME  \n")
	for _, e := range events {
		if e.Partial && len(e.Line) > 4000 || bytes.HasPrefix(e.Line, []byte("Benchmark")) || !utf8.Valid(e.Line) {
			return
		}
		if _, err := enc.Write(e.Line); err != nil {
			t.Fatal(err)
		}
		line := bytes.TrimPrefix(e.Line, []byte{marker})
		switch e.Kind {
		case KindName:
			line = nil
		case KindRun, KindPause, KindCont, KindAttr, KindArtifacts:
			want.updates = append(want.updates, fmt.Sprint(e.Kind, e.Test))
		case KindPass, KindFail, KindSkip, KindBench:
			want.reports = append(want.reports, fmt.Sprint(e.Kind, e.Test))
		}
		want.output(e.Test, string(line))
	}
	fmt.Fprint(enc, "\x16=== NAME  \n") // brings out the last reports
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{"run": KindRun, "pause": KindPause, "cont": KindCont, "attr": KindAttr, "artifacts": KindArtifacts,
		"pass": KindPass, "fail": KindFail, "skip": KindSkip, "bench": KindBench}
	for line := range bytes.Lines(out.Bytes()) {
		if bytes.HasPrefix(line, []byte("testjson internal error: ")) {
			return
		}
		var ev jsonEvent
		if err := json.Unmarshal(line, &ev); err != nil {
			t.Fatal(err)
		}
		switch k := kinds[ev.Action]; {
		case ev.Output != nil:
			got.output(ev.Test, *ev.Output)
		case k >= KindPass && ev.Test != "":
			got.reports = append(got.reports, fmt.Sprint(k, ev.Test))
		case k > KindOutput && k < KindPass:
			got.updates = append(got.updates, fmt.Sprint(k, ev.Test))
		}
	}
	slices.Sort(want.reports) // the converter writes nested ones inside out
	slices.Sort(got.reports)
	if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
		t.Errorf("the converter sees\n%s\nand was told\n%s", g, w)
	}
}

// view is what one side sees in a stream.
type view struct{ updates, reports, texts []string }

// output adds text that a test has printed to what it has printed before.
func (v *view) output(test, text string) {
	key := fmt.Sprintf("%q: ", test)
	if n := len(v.texts); n > 0 && strings.HasPrefix(v.texts[n-1], key) {
		v.texts[n-1] += text
	} else if text != "" {
		v.texts = append(v.texts, key+text)
	}
}
