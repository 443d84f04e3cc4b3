package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gotest.tools/gotestsum/testjson"
)

// outputEvent is an event as the go command writes it.
func outputEvent(action, test, output string) string {
	text := ""
	if output != "" {
		raw, err := json.Marshal(output)
		if err != nil {
			panic(err)
		}
		text = `,"Output":` + string(raw)
	}
	if test != "" {
		test = `,"Test":"` + test + `"`
	}
	return `{"Time":"2026-01-02T03:04:05Z","Action":"` + action + `","Package":"m/p"` + test + text + "}\n"
}

// bounded is what is kept of a stream's failed tests under a limit, what was shown, and the event file.
func bounded(t *testing.T, format string, limit int, stream string, odd bool) (kept, shown, file string) {
	t.Helper()
	var out bytes.Buffer
	lines := NewLines()
	w := lines.Writer(&out)
	name := filepath.Join(t.TempDir(), "json")
	h, err := NewHandler(Config{Format: format, Lines: lines, Stdout: w, Stderr: w, JSONFile: name, MaxOutput: limit})
	if err != nil {
		t.Fatal(err)
	}
	src := lines.Events(strings.NewReader(stream), func(string) {})
	if odd {
		src = iotest.OneByteReader(src)
	}
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: h.Events(src), Handler: h})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	pkg := exec.Package("m/p")
	var tests []string
	for _, tc := range pkg.Failed {
		tests = append(tests, tc.Test.Name()+": "+lines.Restore(strings.Join(pkg.OutputLines(tc), ""))+"\n")
	}
	slices.Sort(tests) // testjson ends tests that have no end in the order of a map
	kept = strings.Join(tests, "")
	var own strings.Builder
	if err := pkg.WriteOutputTo(&own, 0); err != nil {
		t.Fatal(err)
	}
	return kept + fmt.Sprint(pkg.Total, exec.HasPanic(), exec.HasDataRace()) + own.String(), out.String(), string(written)
}

// TestMaxOutput: of long output the head and the tail are kept, with a line that says what is
// missing; what is shown and written stays whole, and shorter output as it is.
func TestMaxOutput(t *testing.T) {
	t.Parallel()
	const long = "0123456789\n"
	stream := outputEvent("run", "TestA", "") + outputEvent("run", "TestA/x", "") + outputEvent("run", "TestB", "")
	for i := range 40 {
		stream += outputEvent("output", "TestA", fmt.Sprintf("%02d%s", i, long)) + outputEvent("output", "TestB", "é\"\x00\n")
	}
	stream += outputEvent("output", "TestA/x", "short\n") + outputEvent("fail", "TestA/x", "")
	stream += outputEvent("fail", "TestA", "") + outputEvent("fail", "", "")
	_, shown, file := bounded(t, "standard-verbose", 0, stream, false)
	for _, odd := range []bool{false, true} {
		kept, gotShown, gotFile := bounded(t, "standard-verbose", 100, stream, odd)
		if gotShown != shown || gotFile != file || file != stream {
			t.Errorf("shown %q\nwant %q\nwritten %q\nwant %q", gotShown, shown, gotFile, file)
		}
		want := "TestA: 000123456789\n010123456789\n020123456789\n" +
			"    cohort: 34 lines of output, 442 bytes, are left out here (--max-output)\n370123456789\n380123456789\n390123456789\n"
		if !strings.Contains(kept, want) || !strings.Contains(kept, "TestA/x: short\n") {
			t.Errorf("kept %q", kept)
		}
		// TestB has no end of its own: it goes with its package.
		if n := strings.Count(kept, "é\"\x00"); n != 20 && n != 19 || !strings.Contains(kept, "TestB: ") {
			t.Errorf("%d lines of TestB kept: %q", n, kept)
		}
	}
	whole, _, _ := bounded(t, "standard-verbose", 0, stream, false)
	if kept, _, _ := bounded(t, "standard-verbose", 40*13, stream, false); kept != whole {
		t.Errorf("output of just the limit: %q, want %q", kept, whole)
	}
}

// TestMaxOutputAtRandom: whatever the limit, nothing else changes: counts, the files, what is shown
// as it comes; and no test keeps more than the limit and the line.
func TestMaxOutputAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 9))
		var stream strings.Builder
		tests := []string{"TestA", "TestA/x", "TestB", ""}
		for _, test := range tests[:3] {
			stream.WriteString(outputEvent("run", test, ""))
		}
		words := []string{"x\n", "words without end", "\x16\u00e9\n", "panic: boom\n", "WARNING: DATA RACE\n", strings.Repeat("y", 90) + "\n", "coverage: 12.5% of statements\n"}
		for range random.IntN(80) {
			stream.WriteString(outputEvent("output", tests[random.IntN(4)], words[random.IntN(len(words))]))
		}
		for _, test := range []string{"TestA/x", "TestA", "TestB", ""} {
			if test == "" || random.IntN(4) > 0 {
				stream.WriteString(outputEvent([]string{"fail", "skip", "fail"}[random.IntN(3)], test, ""))
			}
		}
		limit := 1 + random.IntN(400)
		_, shown, file := bounded(t, "standard-verbose", 0, stream.String(), false)
		kept, gotShown, gotFile := bounded(t, "standard-verbose", limit, stream.String(), seed%2 == 0)
		whole, _, _ := bounded(t, "standard-verbose", 1<<20, stream.String(), false)
		if gotShown != shown || gotFile != file {
			t.Fatalf("seed %d: shown %q\nwant %q\nwritten %q\nwant %q", seed, gotShown, shown, gotFile, file)
		}
		if free, _, _ := bounded(t, "standard-verbose", 0, stream.String(), false); whole != free {
			t.Fatalf("seed %d: a limit that is not reached keeps %q\nwant %q", seed, whole, free)
		}
		alarms := 20*strings.Count(stream.String(), "panic: ") + 40*strings.Count(stream.String(), "WARNING")
		if len(kept) > 6*(limit+200)+alarms {
			t.Fatalf("seed %d: %d bytes are kept under a limit of %d", seed, len(kept), limit)
		}
	}
}
