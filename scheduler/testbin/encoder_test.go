package testbin

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// encode converts a stream in the chunks in which io.Copy reads a file.
func encode(t testing.TB, stream []byte) string {
	t.Helper()
	var out bytes.Buffer
	e := NewEncoder(&out, "example.com/pkg", fixedClock())
	for c := range slices.Chunk(bytes.Clone(stream), 32<<10) {
		if n, err := e.Write(c); n != len(c) || err != nil {
			t.Fatalf("Write = %d, %v, want %d", n, err, len(c))
		}
		poison(c)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// test2json returns a function that converts a stream with the real tool.
func test2json(t testing.TB) func(t testing.TB, stream []byte) string {
	t.Helper()
	tool, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "test2json").Output()
	if err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB, stream []byte) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(path, stream, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(path) // a file is read in equal chunks, a pipe is not
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), strings.TrimSpace(string(tool)), "-t", "-p", "example.com/pkg")
		cmd.Stdin = in
		out, err := cmd.Output()
		if err := errors.Join(err, in.Close()); err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
}

// blankTimes removes what the clock decides: the times, and the time elapsed of
// the package.
func blankTimes(s string) string {
	s = regexp.MustCompile(`(?m)^\{"Time":"[^"]*"`).ReplaceAllString(s, `{"Time":""`)
	return regexp.MustCompile(`("Package":"[^"]*"),"Elapsed":[^,}]*`).ReplaceAllString(s, "$1")
}

func compareEncoder(t testing.TB, tool func(testing.TB, []byte) string, stream []byte) {
	t.Helper()
	got, want := strings.Split(blankTimes(encode(t, stream)), "\n"), strings.Split(blankTimes(tool(t, stream)), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("event %d:\n%s\ngo tool test2json has\n%s", i, strings.Join(got[min(i, len(got)):], "\n"), strings.Join(want[min(i, len(want)):], "\n"))
		}
	}
}

// oddStreams are what no golden stream has.
func oddStreams() []string {
	return []string{
		"",
		"?   \texample.com/pkg\t[no test files]\n",
		"\x16--- PASS: TestA (0.00s)\n?   \tp\t[no test files]\n",
		"ok  \texample.com/pkg\t0.1s\n",
		"PASS\nok\n",
		"FAIL\texample.com/pkg [build failed]\n",
		"\x16FAIL\texample.com/pkg\t0.1s\n",
		"=== RUN   TestA\n--- PASS: TestA (0.1s)\n    --- FAIL: TestA/b (1s)\n        text\n    text\ntext\nPASS\r\n",
		"=== RUN   TestA\n\x16=== RUN   TestB\n=== RUN   TestC\n",
		"=== NAME\nx\n\x16=== NAME \n\x16=== NAME   \n=== CONT\n=== CONT  \n",
		"        --- PASS: TestA (0.1s)\n--- PASS: TestA (x s)\n--- PASS: TestA (NaNs)\n=== FAIL  TestA\n=== SKIP  A\n=== PASS  A\n",
		"=== ATTR  TestA\n=== ATTR  TestA k\n=== ATTR  TestA k v w\n=== ARTIFACTS TestA\n=== ARTIFACTS TestA /a b\n",
		"\x16\x16\x16\n\x16abc\x16def\x16",
		"\xff\xfe\xc3\n<&>\u2028\x00\x7f\n",
		strings.Repeat("é", 600) + "\n" + strings.Repeat("x", 1023) + "\xc3\xa9\xf0\xe2\n",
		strings.Repeat("x", 4096) + "\x16--- FAIL: TestA (0s)\nFAIL",
		strings.Repeat("x", 4095) + "\x16--- FAIL: TestA (0s)\nFAIL",
		"\x16=== RUN   " + strings.Repeat("T", 5000) + "\n\x16=== RUN   " + strings.Repeat("U", 4080) + "\n",
		"BenchmarkA \t\x16=== RUN   TestA\nBenchmark\tx\nBenchmarka\tx\nBenchmarkA\t",
		strings.Repeat("x", 4080) + "\nBenchmarkAbc   \t 1 ns\nBenchmarkAbc   \t 1 ns\n",
		"partial" + strings.Repeat("\x16=== NAME  TestA\npartial", 3),
	}
}

func TestEncoder(t *testing.T) {
	t.Parallel()
	tool := test2json(t)
	all := streams(t)
	for i, s := range oddStreams() {
		all["odd"+strconv.Itoa(i)] = []byte(s)
	}
	for name, stream := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareEncoder(t, tool, stream)
		})
	}
}

func FuzzEncoder(f *testing.F) {
	tool := test2json(f)
	for _, s := range oddStreams() {
		f.Add([]byte(s))
	}
	f.Add(streams(f)["names"])
	f.Fuzz(func(t *testing.T, stream []byte) { compareEncoder(t, tool, stream) })
}

func TestEncoderExited(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		stream string
		err    error
		want   string
	}{
		{"x\n", nil, "pass"},
		{"\x16PASS\n", errors.New("exit status 1"), "fail"},
		{"\x16FAIL\n", nil, "pass"},
		{"?   \tp\t[no test files]\n", nil, "skip"},
	} {
		var out bytes.Buffer
		now := fixedClock()()
		e := NewEncoder(&out, "p", func() time.Time { return now })
		if _, err := e.Write([]byte(tc.stream)); err != nil {
			t.Fatal(err)
		}
		e.Exited(tc.err)
		now = now.Add(1500400 * time.Microsecond)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		want := `{"Time":"2026-01-02T03:04:06.5004Z","Action":"` + tc.want + `","Package":"p","Elapsed":1.5}` + "\n"
		if !strings.HasSuffix(out.String(), want) {
			t.Errorf("%q exited %v:\n%s\nwant at the end\n%s", tc.stream, tc.err, out.String(), want)
		}
	}
}

func TestEncoderWriteError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	e := NewEncoder(writerFunc(func([]byte) (int, error) { return 0, full }), "p", fixedClock())
	if _, err := e.Write([]byte("x\n")); !errors.Is(err, full) {
		t.Errorf("Write: %v, want %v", err, full)
	}
	if err := e.Close(); !errors.Is(err, full) {
		t.Errorf("Close: %v, want %v", err, full)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
