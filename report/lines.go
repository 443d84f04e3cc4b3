package report

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// testjson reads lines with a default bufio.Scanner, which gives up at 64 KiB: one
// long compiler message ends gotestsum's run. Lines takes the middle out of longer
// lines before testjson sees them, leaves a token in its place, and puts it back
// wherever text leaves testjson. So a long line stays one event, with its beginning
// and end as they were, and nothing testjson decides from it changes.

const (
	// maxLine is the longest line that testjson is given. A little below the scanner's
	// 64 KiB, so that a shortened line still fits.
	maxLine = 60 << 10
	// keptHead and keptTail bound what is left of a long text around the token. Formats
	// look at how an output line begins and ends; none looks further than this.
	keptHead, keptTail = 1 << 10, 256
	// mark begins and ends a token: U+10FFFD, a private-use character that survives
	// JSON and that no text has a reason to hold.
	mark = "\U0010FFFD"
	// lineKey is the first key of a shortened event; its value names the original line.
	lineKey = `{"CohortLine":"`
)

// Lines carries lines of any length through testjson. All methods may be called
// concurrently.
type Lines struct {
	// TestsEnd reports that every test of the streams has an end in its events, whatever becomes
	// of its process. It is set before the first stream is read.
	TestsEnd bool

	nonce string      // keeps a test from printing a token of ours
	used  atomic.Bool // some line was long: until then nothing needs to be put back

	mu    sync.Mutex
	parts map[string]string // token to the text it stands for
}

// NewLines returns a Lines for one run.
func NewLines() *Lines {
	var b [8]byte
	rand.Read(b[:]) // never fails, says its documentation
	return &Lines{nonce: hex.EncodeToString(b[:]), parts: map[string]string{}}
}

func (l *Lines) token(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Fixed width, so that a reader knows how much of one to wait for.
	token := fmt.Sprintf("%s%s%010d%s", mark, l.nonce, len(l.parts), mark)
	l.parts[token] = text
	l.used.Store(true)
	return token
}

func (l *Lines) tokenLen() int { return 2*len(mark) + len(l.nonce) + 10 }

func (l *Lines) part(token string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, ok := l.parts[token]
	return text, ok
}

// Restore returns s with every token replaced by what it stands for.
func (l *Lines) Restore(s string) string {
	if !l.used.Load() || !strings.Contains(s, mark) {
		return s
	}
	var b strings.Builder
	w := l.Writer(&b)
	_, _ = w.Write([]byte(s)) // a strings.Builder does not fail
	_ = w.Flush()
	return b.String()
}

// original returns the line that raw, an event's bytes, was shortened or changed from; "" if
// it was from none.
func (l *Lines) original(raw []byte) (line string, shortened bool) {
	rest, ok := bytes.CutPrefix(raw, []byte(lineKey))
	if !ok || len(rest) < l.tokenLen() {
		return "", false
	}
	return l.part(string(rest[:l.tokenLen()]))
}

// middle replaces the middle of s by a token if s is long.
func (l *Lines) middle(s string) string {
	if len(s) <= 2*(keptHead+keptTail) {
		return s
	}
	head, tail := keptHead, len(s)-keptTail
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + l.token(s[head:tail]) + s[tail:]
}

// shortenText shortens a line that is no JSON.
func (l *Lines) shortenText(line []byte) []byte { return []byte(l.middle(string(line))) }

// shortenEvent shortens a line that may be an event. One that stays too long, because
// it is long somewhere else than in its texts, is returned as it is.
func (l *Lines) shortenEvent(line []byte) []byte {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return l.shortenText(line)
	}
	for _, name := range []string{"Output", "Key", "Value"} {
		var text string
		if raw, ok := fields[name]; !ok || json.Unmarshal(raw, &text) != nil {
			continue
		}
		short, err := json.Marshal(l.middle(text))
		if err != nil {
			return line
		}
		fields[name] = short
	}
	rest, err := json.Marshal(fields)
	if err != nil || len(rest) > maxLine {
		return line
	}
	return append([]byte(lineKey+l.token(string(line))+`",`), rest[1:]...)
}

// withoutOutput returns line, an event, without its output: only the event files get
// to see that.
func (l *Lines) withoutOutput(line []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(line, &fields) != nil {
		return line
	}
	delete(fields, "Output")
	rest, err := json.Marshal(fields)
	if err != nil {
		return line
	}
	return append([]byte(lineKey+l.token(string(line))+`",`), rest[1:]...)
}

// changed returns line, an event, with other values for some of its texts. The event files get
// to see the line as it is. It is false for a line that is no event.
func (l *Lines) changed(line []byte, texts map[string]string) ([]byte, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(line, &fields) != nil {
		return line, false
	}
	for name, text := range texts {
		raw, err := json.Marshal(text)
		if err != nil {
			return line, false
		}
		fields[name] = raw
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return line, false
	}
	token := l.token(string(bytes.TrimSuffix(line, []byte("\n"))))
	return append([]byte(lineKey+token+`",`), append(rest[1:], '\n')...), true
}

// Events returns a reader of r, a stream of events, whose lines testjson can scan.
// A line beginning with FAIL is no event but go's own slip; testjson would warn about
// it straight to the process's stderr, so bad is called for it instead, and only after
// all lines before it have been scanned. Events that testjson misunderstands are amended.
func (l *Lines) Events(r io.Reader, bad func(line string)) io.Reader {
	a := &amender{lines: l}
	return &lineReader{src: r, shorten: l.shortenEvent, bad: bad, amend: a.amend}
}

// Text returns a reader of r, a stream of plain lines, whose lines testjson can scan.
func (l *Lines) Text(r io.Reader) io.Reader {
	return &lineReader{src: r, shorten: l.shortenText}
}

// Writer returns a writer that replaces every token on its way to w.
func (l *Lines) Writer(w io.Writer) *LineWriter { return &LineWriter{lines: l, out: w} }

// LineWriter is the one writer of a stream: it puts long lines back together and may
// be used by several goroutines.
type LineWriter struct {
	lines *Lines

	mu   sync.Mutex
	out  io.Writer
	held []byte // may be the beginning of a token
}

// Write writes p, but for a last part that may be the beginning of a token.
func (w *LineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.lines.used.Load() && len(w.held) == 0 {
		return w.out.Write(p)
	}
	w.held = append(w.held, p...)
	if err := w.drain(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is held back. What was written is complete.
func (w *LineWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.drain(true)
}

// drain writes what is held, up to what may be the beginning of a token; all says that
// there is no more to come. The caller holds w.mu.
func (w *LineWriter) drain(all bool) error {
	var out []byte
	in := w.held
	size := w.lines.tokenLen()
	for len(in) > 0 {
		i := bytes.IndexByte(in, mark[0])
		if i < 0 {
			out, in = append(out, in...), nil
			break
		}
		out, in = append(out, in[:i]...), in[i:]
		n := min(len(in), len(mark))
		if string(in[:n]) != mark[:n] {
			out, in = append(out, in[0]), in[1:]
			continue
		}
		if len(in) < size && !all {
			break
		}
		if text, ok := w.lines.part(string(in[:min(size, len(in))])); ok {
			out, in = append(out, text...), in[size:]
			continue
		}
		out, in = append(out, in[0]), in[1:]
	}
	w.held = append(w.held[:0], in...)
	if len(out) == 0 {
		return nil
	}
	_, err := w.out.Write(out)
	return err
}
