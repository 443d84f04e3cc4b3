package testbin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Encoder is an io.Writer that turns the output of a test binary into the lines
// that go test -json prints for it. It writes what go tool test2json -t writes
// for the same bytes in the same chunks, down to the splitting of long lines and
// the faults of that converter (see splitter). So it believes every framing line;
// give it what a Parser let through.
//
// It serves attempts that the go command does not convert. Memory is bounded
// but for reports nested ever deeper, which no test binary prints. An Encoder is
// not safe for concurrent use.
type Encoder struct {
	w     io.Writer
	pkg   string
	now   func() time.Time
	start time.Time
	err   error // first error of w

	in, out splitter
	test    string       // whose output comes now
	reports []*jsonEvent // reports to be written when their subtests' are
	result  string       // action of the last event
	marked  bool         // a marked framing line came: all must be marked
}

// jsonEvent is a line of go test -json, with its fields in the order in which
// the go command writes them (see go doc test2json).
type jsonEvent struct {
	Time    time.Time
	Action  string
	Package string   `json:",omitempty"`
	Test    string   `json:",omitempty"`
	Elapsed *float64 `json:",omitempty"` // seconds
	Output  *string  `json:",omitempty"`
	Key     string   `json:",omitempty"`
	Value   string   `json:",omitempty"`
	Path    string   `json:",omitempty"`
}

// outputLimit is the longest output, in bytes, of one event: the size of the
// go command's output buffer.
const outputLimit = 1024

// NewEncoder returns an encoder that writes events of the package pkg to w, each
// with one call of Write, and writes the start event. Now is the clock.
func NewEncoder(w io.Writer, pkg string, now func() time.Time) *Encoder {
	e := &Encoder{w: w, pkg: pkg, now: now, start: now()}
	e.out = newSplitter(outputLimit, e.writeOutput, e.writeOutput)
	e.in = newSplitter(lineLimit, e.line, e.out.write)
	e.event(&jsonEvent{Action: "start"})
	return e
}

// Write converts b. It returns the first error of the underlying writer.
func (e *Encoder) Write(b []byte) (int, error) {
	e.in.write(b)
	if e.err != nil {
		return 0, e.err
	}
	return len(b), nil
}

// Exited tells how the process ended, with nil for exit code 0; it overrules
// what the output said. Without it the output decides, and if that has no
// closing line there is no final event.
func (e *Encoder) Exited(err error) {
	switch {
	case err != nil:
		e.result = "fail"
	case e.result != "skip":
		e.result = "pass"
	}
}

// Close writes what is held back and the final event of the package. It does not
// close the underlying writer. It returns the first error of that.
//
// Reports that no later framing line has brought out are not written: the go
// command ends each failed package with a line "\x16FAIL\tPKG\t0.1s\n".
func (e *Encoder) Close() error {
	e.in.flush()
	e.out.flush()
	if e.result != "" {
		sec := e.now().Sub(e.start).Round(time.Millisecond).Seconds()
		e.event(&jsonEvent{Action: e.result, Elapsed: &sec})
	}
	return e.err
}

// line handles one whole line.
func (e *Encoder) line(line []byte) {
	isMarked := line[0] == marker
	if e.marked && !isMarked {
		e.out.write(line)
		return
	}
	if isMarked {
		e.out.flush()
		line = line[1:]
	}
	text := line
	if t, ok := bytes.CutSuffix(text, []byte("\n")); ok {
		text = bytes.TrimSuffix(t, []byte("\r"))
	}
	if string(text) == "=== NAME" { // trailing spaces were lost on the way
		text = []byte("=== NAME  ")
		line = []byte("=== NAME  \n")
	}
	pass := string(text) == "PASS"
	switch {
	case pass, string(text) == "FAIL", bytes.HasPrefix(text, []byte("FAIL\t")):
		e.closing(line, pass, isMarked)
		return
	case len(e.reports) == 0 && bytes.HasPrefix(line, []byte("?   \t")) && bytes.HasSuffix(text, []byte("\t[no test files]")):
		e.result = "skip" // the line itself is output
	}
	if action, name, ok := cutUpdate(line); ok {
		e.update(line, action, name, isMarked)
		return
	}
	e.reportOrOutput(line, isMarked)
}

// closing handles PASS, FAIL and the go command's "FAIL\tpkg".
func (e *Encoder) closing(line []byte, pass, isMarked bool) {
	e.finishReports(0)
	e.marked = isMarked
	e.out.write(line)
	e.result = "fail"
	if pass {
		e.result = "pass"
	}
}

// updateWords are the words after "=== ", as they are padded.
func updateWords() []string {
	return []string{"RUN   ", "PAUSE ", "CONT  ", "NAME  ", "PASS  ", "FAIL  ", "SKIP  ", "ATTR  ", "ARTIFACTS "}
}

// cutUpdate takes a line "=== RUN   TestX" apart.
func cutUpdate(line []byte) (action, name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("=== "))
	if !ok {
		return "", "", false
	}
	for _, word := range updateWords() {
		if bytes.HasPrefix(rest, []byte(word)) {
			action = strings.ToLower(strings.TrimSpace(word))
			return action, strings.TrimSpace(string(rest[len(word):])), true
		}
	}
	return "", "", false
}

// update handles a line "=== RUN   TestX".
func (e *Encoder) update(line []byte, action, name string, isMarked bool) {
	ev := &jsonEvent{Action: action}
	switch action {
	case "artifacts":
		name, ev.Path, _ = strings.Cut(name, " ")
	case "attr":
		name, ev.Value, _ = strings.Cut(name, " ")
		ev.Key, ev.Value, _ = strings.Cut(ev.Value, " ")
	}
	e.marked = isMarked
	e.finishReports(0)
	e.test = name
	switch action {
	case "name": // says only whose output follows
	case "pause": // the line comes first, as a paused test prints nothing
		e.out.write(line)
		e.event(ev)
	default:
		e.event(ev)
		e.out.write(line)
	}
}

// reportOrOutput handles a line that may be a report, at some indentation.
func (e *Encoder) reportOrOutput(line []byte, isMarked bool) {
	text, depth := line, 0
	for bytes.HasPrefix(text, []byte("    ")) {
		text = text[4:]
		depth++
	}
	action, name, ok := cutReport(text)
	switch {
	case !ok && depth > 0 && depth <= len(e.reports):
		// Output after nested reports belongs to the test above it.
		e.test = e.reports[depth-1].Test
		fallthrough
	case !ok, depth > len(e.reports):
		e.out.write(line)
		return
	}
	name, dur, found := strings.Cut(name, " (")
	ev := &jsonEvent{Action: action, Test: name}
	if sec, isDur := strings.CutSuffix(dur, "s)"); found && isDur {
		if v, err := strconv.ParseFloat(sec, 64); err == nil {
			ev.Elapsed = &v
		}
	}
	e.marked = isMarked
	e.finishReports(depth)
	e.test = name
	e.reports = append(e.reports, ev)
	e.out.write(line)
}

// cutReport takes a line "--- PASS: TestX (0.00s)" apart.
func cutReport(line []byte) (action, rest string, ok bool) {
	for _, action := range [...]string{"PASS", "FAIL", "SKIP", "BENCH"} {
		if rest, ok := bytes.CutPrefix(line, []byte("--- "+action+": ")); ok {
			return strings.ToLower(action), strings.TrimSpace(string(rest)), true
		}
	}
	return "", "", false
}

// finishReports writes the reports at that depth and deeper, deepest first.
func (e *Encoder) finishReports(depth int) {
	e.test = ""
	for i := len(e.reports) - 1; i >= depth; i-- {
		e.event(e.reports[i])
		e.reports[i] = nil
	}
	e.reports = e.reports[:min(depth, len(e.reports))]
}

// writeOutput writes an output event.
func (e *Encoder) writeOutput(b []byte) {
	s := string(b)
	e.event(&jsonEvent{Action: "output", Output: &s})
}

// event completes ev and writes it.
func (e *Encoder) event(ev *jsonEvent) {
	ev.Time, ev.Package = e.now(), e.pkg
	if ev.Test == "" {
		ev.Test = e.test
	}
	js, err := json.Marshal(ev)
	if err != nil { // an Elapsed of NaN or infinity, from a forged report
		js = fmt.Appendf(nil, "testjson internal error: %v", err)
	}
	if _, err := e.w.Write(append(js, '\n')); err != nil && e.err == nil {
		e.err = fmt.Errorf("write test events: %w", err)
	}
}

// splitter splits what is written into lines as the go command's converter does:
// whole gets each line that fits into the buffer, part gets the pieces of longer
// ones, split between UTF-8 sequences.
//
// Two faults of the original are kept on purpose, for the lines are the same
// ones that a user compares with: a marker that comes when the buffer has just
// been emptied in mid-line does not end that line, and the name of a benchmark
// and its tab are a piece of their own if the rest has not been written yet.
type splitter struct {
	buf   []byte
	mid   bool // part has got the beginning of this line
	whole func([]byte)
	part  func([]byte)
}

func newSplitter(size int, whole, part func([]byte)) splitter {
	return splitter{buf: make([]byte, 0, size), whole: whole, part: part}
}

func (s *splitter) write(b []byte) {
	for len(b) > 0 {
		n := min(len(b), cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, b[:n]...)
		b = b[n:]
		used := s.lines()
		if used == 0 && len(s.buf) == cap(s.buf) {
			used = wholeRunes(s.buf)
			s.part(s.buf[:used])
			s.mid = true
		}
		s.buf = s.buf[:copy(s.buf, s.buf[used:])]
	}
}

// lines hands over the lines in the buffer and returns their length.
func (s *splitter) lines() (used int) {
	for {
		rest := s.buf[used:]
		n, ended := lineEnd(rest, false)
		switch {
		case ended && s.mid:
			s.part(rest[:n])
			s.mid = false
		case ended:
			s.whole(rest[:n])
		default:
			if n := benchmarkStart(rest); n > 0 && !s.mid {
				s.part(rest[:n])
				s.mid = true
				used += n
			}
			return used
		}
		used += n
	}
}

// flush hands over a last line without newline.
func (s *splitter) flush() {
	if len(s.buf) > 0 {
		s.part(s.buf)
		s.buf = s.buf[:0]
	}
}

// benchmarkStart returns the length of the name and tab of a benchmark's result
// at the beginning of b, or 0.
func benchmarkStart(b []byte) int {
	name, _, ok := bytes.Cut(b, []byte("\t"))
	rest, isBench := bytes.CutPrefix(bytes.TrimRight(name, " "), []byte("Benchmark"))
	if !ok || !isBench {
		return 0
	}
	if r, _ := utf8.DecodeRune(rest); len(rest) > 0 && unicode.IsLower(r) {
		return 0
	}
	return len(name) + 1
}
