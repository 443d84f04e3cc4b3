package record

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/gotestcohort/cohort/report/testevent"
)

const (
	eventsKind    = "events"
	processesKind = "processes"
	controlPrefix = `{"cohort"`
)

func validText(text []byte) bool { return utf8.Valid(text) }

// Attempt names what a stream is of. The zero value is the first pass.
type Attempt struct {
	Number  int      // 0: the first pass; else of the rerun
	Package string   // import path of what is rerun
	Unit    string   // the group or test that is rerun; "": the package as a whole
	Tests   []string // the root tests of the unit; nil: all of the package
}

// events is the text of events.jsonl while it grows.
type events struct {
	w *Writer

	mu      sync.Mutex
	buf     []byte
	streams []*Stream
	current int // id of the stream that lines belong to; -1 before the first
	began   bool
}

// Stream begins to record what an attempt prints.
func (w *Writer) Stream(a Attempt) *Stream {
	e := &w.events
	e.mu.Lock()
	defer e.mu.Unlock()
	a.Tests = slices.Clone(a.Tests)
	s := &Stream{events: e, attempt: a, id: len(e.streams)}
	e.streams = append(e.streams, s)
	s.stdout = streamWriter{stream: s, kind: "stdout"}
	s.stderr = streamWriter{stream: s, kind: "stderr"}
	if w.redact != nil {
		s.stdout.filter = w.redact.newEvents()
	}
	if w.maxOutput > 0 {
		s.stdout.bound = &testevent.Outputs{Max: w.maxOutput}
	}
	e.use(s)
	return s
}

// Log records a message of cohort's own at this place of the events.
func (w *Writer) Log(text string) {
	e := &w.events
	e.mu.Lock()
	defer e.mu.Unlock()
	for line := range bytes.Lines([]byte(text)) {
		e.text("log", bytes.TrimSuffix(line, []byte("\n")), !bytes.HasSuffix(line, []byte("\n")))
	}
	e.settle()
}

// use makes s the stream that lines belong to. The caller holds e.mu.
func (e *events) use(s *Stream) {
	if e.began && e.current == s.id {
		return
	}
	e.began, e.current = true, s.id
	e.buf = append(e.buf, `{"cohort":"stream","id":`...)
	e.buf = strconv.AppendInt(e.buf, int64(s.id), 10)
	if !s.told {
		s.told = true
		e.buf = append(e.buf, `,"attempt":`...)
		e.buf = strconv.AppendInt(e.buf, int64(s.attempt.Number), 10)
		e.buf = e.field(e.buf, "package", s.attempt.Package)
		e.buf = e.field(e.buf, "unit", s.attempt.Unit)
		if s.attempt.Tests != nil {
			tests := slices.Clone(s.attempt.Tests)
			for i := range tests {
				tests[i] = e.w.redact.Text(tests[i])
			}
			b, _ := json.Marshal(tests) // strings do not fail
			e.buf = append(append(e.buf, `,"tests":`...), b...)
		}
	}
	e.buf = append(e.buf, "}\n"...)
}

func (e *events) field(out []byte, name, value string) []byte {
	if value == "" {
		return out
	}
	b, _ := json.Marshal(e.w.redact.Text(value)) // a string does not fail
	return append(append(append(append(out, `,"`...), name...), `":`...), b...)
}

// text writes a line that is no event. The caller holds e.mu.
func (e *events) text(kind string, line []byte, open bool) {
	if e.w.redact != nil {
		line = []byte(e.w.redact.Text(string(line)))
	}
	e.buf = append(append(append(e.buf, `{"cohort":"`...), kind...), `",`...)
	e.buf = quoted(e.buf, line)
	if open {
		e.buf = append(e.buf, `,"open":true`...)
	}
	e.buf = append(e.buf, "}\n"...)
}

// settle hands the buffer on if it is full, and what there is of processes with it. The caller
// holds e.mu.
func (e *events) settle() {
	if len(e.buf) < chunkSize {
		return
	}
	e.buf = e.w.hand(eventsKind, e.buf)
	e.w.processes.settle(chunkSize)
}

// finish hands on all that there is.
func (e *events) finish() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.streams {
		s.stdout.finish()
		s.stderr.finish()
	}
	if len(e.buf) > 0 {
		e.w.hand(eventsKind, e.buf)
	}
	e.buf = nil
	e.w.processes.settle(1)
}

// A Stream records the output of one attempt. Its writers may be used by two goroutines.
type Stream struct {
	events  *events
	attempt Attempt
	id      int
	told    bool // the record knows the attempt
	stdout  streamWriter
	stderr  streamWriter
}

// Stdout returns the writer for what go test -json wrote to its stdout, in pieces of any size.
// It does not fail and keeps nothing of what it is given.
func (s *Stream) Stdout() io.Writer { return &s.stdout }

// Stderr returns the writer for what the go command wrote to its stderr.
func (s *Stream) Stderr() io.Writer { return &s.stderr }

// Close ends the stream: a last line without a newline is complete.
func (s *Stream) Close() {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	s.stdout.finish()
	s.stderr.finish()
}

// streamWriter splits one side of a stream into lines. The events' mutex guards it.
type streamWriter struct {
	stream *Stream
	kind   string
	part   []byte             // a line of which the end has not come yet
	filter *redactEvents      // nil: nothing is replaced
	bound  *testevent.Outputs // nil: all output of tests is recorded
}

// Write records p.
func (w *streamWriter) Write(p []byte) (int, error) {
	e := w.stream.events
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(p)
	if len(w.part) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.part = append(w.part, p...)
			return n, nil
		}
		w.part = append(w.part, p[:i+1]...)
		w.lines(w.part)
		w.part, p = w.part[:0], p[i+1:]
	}
	end := bytes.LastIndexByte(p, '\n') + 1
	w.lines(p[:end])
	w.part = append(w.part, p[end:]...)
	e.settle()
	return n, nil
}

// lines records whole lines.
func (w *streamWriter) lines(text []byte) {
	if len(text) == 0 {
		return
	}
	e := w.stream.events
	e.use(w.stream)
	from := 0 // of the events that are not copied yet
	for at := 0; at < len(text); {
		end := at + bytes.IndexByte(text[at:], '\n')
		line := text[at:end]
		switch {
		case w.filter != nil:
			w.filter.line(line, w.line)
			from = end + 1
		case !w.isEvent(line) || w.bound != nil && !w.bound.Quick(line):
			e.buf = append(e.buf, text[from:at]...)
			w.line(line)
			from = end + 1
		}
		at = end + 1
	}
	e.buf = append(e.buf, text[from:]...)
}

// line records a line, or as much of it as the bound of its test's output has room for.
func (w *streamWriter) line(line []byte) {
	e := w.stream.events
	if !w.isEvent(line) {
		e.text(w.kind, line, false)
		return
	}
	if w.bound == nil || w.bounded(line) {
		e.buf = append(append(e.buf, line...), '\n')
	}
}

// isEvent reports whether the record holds line as it is.
func (w *streamWriter) isEvent(line []byte) bool {
	n := len(line)
	return w.kind == "stdout" && n >= 2 && line[0] == '{' && line[n-1] == '}' && !bytes.HasPrefix(line, []byte(controlPrefix))
}

// finish records a last line without newline, and what the filter and the bound hold.
func (w *streamWriter) finish() {
	e := w.stream.events
	if w.filter != nil {
		held := false
		w.filter.flush(func(line []byte) {
			if !held {
				e.use(w.stream)
				held = true
			}
			w.line(line)
		})
	}
	if w.bound != nil {
		w.tails(w.bound.Finish())
	}
	if len(w.part) == 0 {
		return
	}
	e.use(w.stream)
	if w.filter != nil {
		w.part = w.filter.last(w.part)
	}
	e.text(w.kind, w.part, true)
	w.part = nil
}
