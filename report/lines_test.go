package report

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"gotest.tools/gotestsum/testjson"
)

// scanned reads everything from r as testjson does, and returns it.
func scanned(t *testing.T, r io.Reader) string {
	t.Helper()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestLinesPassThrough(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "\n", "\n\n", "a", "a\n", "a\nb", "F\n", "FAI", "FA\nFAI\n", "x FAIL\n", "F", "\r\n",
		strings.Repeat("x", maxLine-1) + "\n", strings.Repeat("short\n", maxLine/3),
		strings.Repeat("y", maxLine/2) + "\n" + strings.Repeat("z", maxLine/2) + "\n" + "end",
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader,
			"halves": iotest.HalfReader, "data and error": iotest.DataErrReader,
		} {
			bad := func(line string) { t.Errorf("%s: %.20q: bad %q", name, in, line) }
			if got := scanned(t, NewLines().Events(wrap(strings.NewReader(in)), bad)); got != in {
				t.Errorf("%s: got %.20q (%d), want %.20q (%d)", name, got, len(got), in, len(in))
			}
		}
	}
}

func TestLinesReadError(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(io.ErrUnexpectedEOF))
	got, err := io.ReadAll(NewLines().Text(broken))
	if string(got) != "one\ntwo" || err != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", got, err)
	}
}

// Lines that are no events are reported between the events around them, not before.
func TestLinesBadEvents(t *testing.T) {
	t.Parallel()
	long := "FAIL " + strings.Repeat("x", 2*maxLine)
	in := "{1}\nFAIL\n{2}\nFAIL\tp [build failed]\r\n" + long + "\n{3}\nFAIL"
	for name, src := range map[string]io.Reader{
		"whole": strings.NewReader(in), "bytes": iotest.OneByteReader(strings.NewReader(in)),
	} {
		var log strings.Builder
		bad := func(line string) { fmt.Fprintf(&log, "bad %.20s\n", line) }
		r := NewLines().Events(src, bad)
		buf := make([]byte, 1<<16)
		for {
			n, err := r.Read(buf)
			log.Write(buf[:n])
			if err != nil {
				break
			}
		}
		want := "{1}\nbad FAIL\n{2}\nbad FAIL\tp [build failed\nbad FAIL xxxxxxxxxxxxxxx\n{3}\nbad FAIL\n"
		if log.String() != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, log.String(), want)
		}
	}
}

// collector keeps what testjson makes of a stream.
type collector struct {
	outputs []string
	values  []string
	errs    []string
	raw     []string
}

func (c *collector) Event(e testjson.TestEvent, _ *testjson.Execution) error {
	c.outputs = append(c.outputs, e.Output)
	c.values = append(c.values, e.Value)
	c.raw = append(c.raw, string(e.Bytes()))
	return nil
}

func (c *collector) Err(text string) error {
	c.errs = append(c.errs, text)
	return nil
}

func TestLinesLong(t *testing.T) {
	t.Parallel()
	for _, size := range []int{maxLine, maxLine + 1, 1 << 17, 1<<20 + 7} {
		text := strings.Repeat("ä€x\\\"", size/8)
		value := strings.Repeat("v", size)
		events := fmt.Sprintf(`{"Action":"output","Package":"p","Test":"T","Output":%s}`+"\n", quote(text+"\n")) +
			fmt.Sprintf(`{"Action":"attr","Package":"p","Test":"T","Key":"k","Value":%s}`+"\n", quote(value)) +
			`{"Action":"output","Package":"p","Test":"T","Output":"short\n"}` + "\n"
		lines := NewLines()
		c := &collector{}
		_, err := testjson.ScanTestOutput(testjson.ScanConfig{
			Stdout: lines.Events(strings.NewReader(events), func(string) { t.Error("bad") }), Handler: c,
			Stderr: lines.Text(strings.NewReader(text + "\r\nsecond")),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := lines.Restore(c.outputs[0]); got != text+"\n" {
			t.Errorf("size %d: output of %d bytes, want %d", size, len(got), len(text)+1)
		}
		if got := lines.Restore(c.values[1]); got != value {
			t.Errorf("size %d: value of %d bytes, want %d", size, len(got), len(value))
		}
		if c.outputs[2] != "short\n" {
			t.Errorf("size %d: got %q after the long lines", size, c.outputs[2])
		}
		if len(c.errs) != 2 || lines.Restore(c.errs[0]) != text || c.errs[1] != "second" {
			t.Errorf("size %d: wrong stderr, %d lines", size, len(c.errs))
		}
		if line, ok := lines.original([]byte(c.raw[0])); !ok || line+"\n" != events[:len(line)+1] {
			t.Errorf("size %d: the original line is lost", size)
		}
	}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\x00", `\u0000`,
		"\x1b", `\u001b`).Replace(s) + `"`
}

// The writer puts text back wherever its writes are cut.
func TestLineWriterCuts(t *testing.T) {
	t.Parallel()
	lines := NewLines()
	middle := strings.Repeat("m", 5000)
	text := "a" + lines.token(middle) + "b" + mark + "c\xf4" + lines.token("2") + "\xf4\x8f"
	want := "a" + middle + "b" + mark + "c\xf4" + "2" + "\xf4\x8f"
	for seed := range int64(200) {
		rng := rand.New(rand.NewSource(seed))
		var out bytes.Buffer
		w := lines.Writer(&out)
		for rest := text; rest != ""; {
			n := 1 + rng.Intn(len(rest))
			if got, err := io.WriteString(w, rest[:n]); err != nil || got != n {
				t.Fatal(got, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Fatalf("seed %d: got %.60q, want %.60q", seed, out.String(), want)
		}
	}
}

// What a test prints is never taken for a token of ours.
func TestLinesForgedToken(t *testing.T) {
	t.Parallel()
	lines := NewLines()
	lines.token("secret")
	forged := mark + strings.Repeat("0", 16) + "0000000000" + mark
	if got := lines.Restore(forged); got != forged {
		t.Errorf("got %q", got)
	}
}

func FuzzLines(f *testing.F) {
	seeds, err := filepath.Glob("../cmd/cohort/testdata/streams/*.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 7)
	}
	f.Add([]byte(strings.Repeat("x", 2*maxLine)+"\n"), 1000)
	f.Fuzz(func(t *testing.T, in []byte, chunk int) {
		lines := NewLines()
		src := iotest.DataErrReader(&chunks{bytes.NewReader(in), 1 + max(0, chunk%4096)})
		got := lines.Restore(scanned(t, lines.Text(src)))
		if got != string(in) {
			t.Errorf("got %.50q, want %.50q", got, in)
		}
	})
}

// chunks is a reader of at most n bytes at a time.
type chunks struct {
	io.Reader
	n int
}

func (c *chunks) Read(p []byte) (int, error) { return c.Reader.Read(p[:min(len(p), c.n)]) }

// Whole lines of several goroutines stay whole.
func TestLineWriterConcurrent(t *testing.T) {
	t.Parallel()
	lines := NewLines()
	text := strings.Repeat("m", 5000)
	token := lines.token(text)
	var out bytes.Buffer
	w := lines.Writer(&out)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				_, _ = io.WriteString(w, "<"+token+">\n") // a buffer does not fail
			}
		})
	}
	wg.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("<"+text+">\n", 2000); out.String() != want {
		t.Errorf("%d bytes, want %d", out.Len(), len(want))
	}
}
