package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// testjson keeps all that a test prints until it has passed. A bounded stream bounds that: of the
// output of one test it gives testjson the first half of a limit, and at the test's end the last
// half, with a line between them that says what is missing. All that is not kept is shown and
// written to files all the same: it passes testjson by as an event of which that keeps nothing.

const (
	// keyOver marks an event whose action was output: testjson is not to keep it.
	keyOver = "cohort-over"
	// keyKept marks an output that was shown before: testjson alone is to have it.
	keyKept = "cohort-kept"
)

// outputs bounds the output of each test of a stream. One goroutine may use it at a time.
type outputs struct {
	max   int
	tests map[string]*testOutput // by package, a space and test, with JSON's escapes
}

// testOutput is the output of a test that has not ended.
type testOutput struct {
	head  int      // bytes that were passed on
	tail  [][]byte // events that were not
	bytes int      // of output in tail
	// missing are the events that are in neither, and the bytes of output in them.
	missing, missingBytes int
}

// line appends to out what testjson is to be given for line.
func (o *outputs) line(out, line []byte) []byte {
	e, ok := parseTestEvent(line)
	if !ok {
		return append(out, line...)
	}
	key := string(e.pkg) + " " + string(e.test)
	switch {
	case e.ends():
		// The end of a package is that of all its tests.
		if len(e.test) == 0 {
			for _, other := range o.of(string(e.pkg)) {
				out = o.end(out, other)
			}
		} else if sub := bytes.IndexByte(e.test, '/') >= 0; sub || string(e.action) != "pass" {
			out = o.end(out, key)
		}
		delete(o.tests, key)
		return append(out, line...)
	case string(e.action) != "output" || e.alarms():
		return append(out, line...)
	}
	t := o.tests[key]
	if t == nil {
		t = &testOutput{}
		o.tests[key] = t
	}
	size := textLen(e.output)
	if len(t.tail) == 0 && t.missing == 0 && t.head+size <= o.max/2 {
		t.head += size
		return append(out, line...)
	}
	t.keep(line, size, o.max-o.max/2)
	return append(out, marked(line, "cont", keyOver)...)
}

// keep adds an event to the tail, which has so many bytes of output at most.
func (t *testOutput) keep(line []byte, size, most int) {
	t.tail = append(t.tail, slices.Clone(line))
	t.bytes += size
	for t.bytes > most {
		e, _ := parseTestEvent(t.tail[0])
		n := textLen(e.output)
		t.bytes, t.missing, t.missingBytes = t.bytes-n, t.missing+1, t.missingBytes+n
		t.tail[0] = nil
		t.tail = t.tail[1:]
	}
}

// of returns the keys of the tests of a package that have not ended, in order.
func (o *outputs) of(pkg string) []string {
	var keys []string
	for key := range o.tests {
		if len(key) > len(pkg) && key[:len(pkg)+1] == pkg+" " {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// end appends to out the tail of a test's output, and what is missing before it.
func (o *outputs) end(out []byte, key string) []byte {
	t := o.tests[key]
	if t == nil {
		return out
	}
	delete(o.tests, key)
	if t.missing > 0 && len(t.tail) > 0 {
		note := fmt.Sprintf("    cohort: %d lines of output, %d bytes, are left out here (--max-output)\\n", t.missing, t.missingBytes)
		e, _ := parseTestEvent(t.tail[0])
		i := bytes.LastIndex(t.tail[0], []byte(`,"Output":"`)) + len(`,"Output":"`)
		if len(e.output) > 0 && i >= len(`,"Output":"`) {
			out = append(out, marked(fmt.Appendf(nil, "%s%s\"}\n", t.tail[0][:i], note), "output", keyKept)...)
		}
	}
	for _, line := range t.tail {
		out = append(out, marked(line, "output", keyKept)...)
	}
	return out
}

// marked returns an output event with another action and a key.
func marked(line []byte, action, key string) []byte {
	before, after, _ := bytes.Cut(line, []byte(`"Action":"output"`))
	after = bytes.TrimSuffix(after, []byte("}\n"))
	return fmt.Appendf(nil, `%s"Action":"%s"%s,"Key":"%s"}`+"\n", before, action, after, key)
}

// unmarked returns the event that one with keyOver was made from; it is false for all others. The
// last byte is no newline.
func unmarked(raw []byte) ([]byte, bool) {
	rest, ok := bytes.CutSuffix(raw, []byte(`,"Key":"`+keyOver+`"}`))
	if !ok {
		return raw, false
	}
	before, after, ok := bytes.Cut(rest, []byte(`"Action":"cont"`))
	return fmt.Appendf(nil, `%s"Action":"output"%s}`, before, after), ok
}

// textLen returns how long a text with JSON's escapes is, or less.
func textLen(s []byte) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			skip := 1
			if s[i+1] == 'u' {
				skip = 5
			}
			n -= skip
			i += skip
		}
	}
	return n
}

// bound returns a reader of src, whole lines, with the output of each test bounded.
func (o *outputs) bound(src io.Reader) io.Reader {
	o.tests = make(map[string]*testOutput)
	return &boundReader{outputs: o, src: src, in: make([]byte, maxLine)}
}

// boundReader is what bound returns.
type boundReader struct {
	outputs *outputs
	src     io.Reader
	in      []byte
	held    []byte // the beginning of a line
	out     []byte // r: what of it was read
	r       int
	err     error
}

// Read never waits for more while it has something to give.
func (b *boundReader) Read(p []byte) (int, error) {
	for b.r == len(b.out) {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.out[b.r:])
	b.r += n
	return n, nil
}

// fill reads once.
func (b *boundReader) fill() {
	n, err := b.src.Read(b.in)
	b.err, b.out, b.r = err, b.out[:0], 0
	rest := b.in[:n]
	if len(b.held) > 0 {
		b.held = append(b.held, rest...)
		rest, b.held = b.held, nil
	}
	for {
		i := bytes.IndexByte(rest, '\n') + 1
		if i == 0 {
			break
		}
		b.out = b.outputs.line(b.out, rest[:i])
		rest = rest[i:]
	}
	if err != nil {
		b.out = append(b.out, rest...)
		return
	}
	b.held = append(b.held, rest...)
}
