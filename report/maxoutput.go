package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/gotestcohort/cohort/report/testevent"
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
	max  int
	kept testevent.Outputs
}

// line appends to out what testjson is to be given for line.
func (o *outputs) line(out, line []byte) []byte {
	if o.kept.Quick(bytes.TrimSuffix(line, []byte("\n"))) {
		return append(out, line...)
	}
	e, ok := testevent.Parse(line)
	switch {
	case !ok:
		return append(out, line...)
	case e.Ends():
		if sub := bytes.IndexByte(e.Test, '/') >= 0; len(e.Test) > 0 && !sub && string(e.Action) == "pass" {
			o.kept.Forget(e)
		}
		for _, tail := range o.kept.Ended(e) {
			out = kept(out, tail)
		}
		return append(out, line...)
	case string(e.Action) != "output" || e.Alarms():
		return append(out, line...)
	case string(e.Key) == testevent.KeyMissing: // a record is played
		o.kept.Miss(line, e)
		return append(out, marked(line, "cont", keyOver)...)
	case o.kept.Add(line, e):
		return append(out, line...)
	}
	return append(out, marked(line, "cont", keyOver)...)
}

// kept appends to out the tail of a test's output, and what is missing before it.
func kept(out []byte, tail testevent.Tail) []byte {
	if note := tail.Note(false); note != nil {
		out = append(out, marked(note, "output", keyKept)...)
	}
	for line := range tail.Events() {
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

// bound returns a reader of src, whole lines, with the output of each test bounded.
func (o *outputs) bound(src io.Reader) io.Reader {
	o.kept = testevent.Outputs{Max: o.max}
	return &boundReader{outputs: o, src: src, in: make([]byte, maxLine)}
}

// boundReader is what bound returns.
type boundReader struct {
	outputs *outputs
	src     io.Reader
	in      []byte
	held    []byte // the beginning of a line
	filtered
}

func (b *boundReader) Read(p []byte) (int, error) { return b.read(p, b.fill) }

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
