package record

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// redacted replaces what a Redactor matches.
const redacted = "[redacted]"

// maxLine is how much of a line that has not ended is looked at together.
const maxLine = 1 << 20

// A Redactor replaces what its expressions match before it is written anywhere. It looks at text line
// by line: an expression never matches across a newline, and ^ and $ are the ends of a line. What is
// not text of lines, such as a test's name, is looked at field by field. A line that came in pieces is
// looked at as a whole, up to 1 MiB. A nil Redactor replaces nothing.
type Redactor struct{ all []*regexp.Regexp }

// NewRedactor returns a Redactor for what matches one of all; nil if there are none.
func NewRedactor(all []*regexp.Regexp) *Redactor {
	if len(all) == 0 {
		return nil
	}
	return &Redactor{all}
}

// Text returns s without what matches. Line ends stay.
func (r *Redactor) Text(s string) string {
	if r == nil || s == "" {
		return s
	}
	if !strings.Contains(s, "\n") {
		return r.line(s)
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, ended := strings.CutSuffix(line, "\n")
		b.WriteString(r.line(text))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (r *Redactor) line(s string) string {
	for _, re := range r.all {
		s = re.ReplaceAllStringFunc(s, func(found string) string {
			if found == "" {
				return ""
			}
			return redacted
		})
	}
	return s
}

// Writer returns a writer that passes text on to w without what matches. Close passes on a last line
// without newline; it does not close w.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser { return &redactWriter{redact: r, out: w} }

type redactWriter struct {
	redact *Redactor
	out    io.Writer
	part   []byte
}

func (w *redactWriter) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	end := bytes.LastIndexByte(w.part, '\n') + 1
	if end == 0 && len(w.part) >= maxLine {
		end = len(w.part)
	}
	if end == 0 {
		return len(p), nil
	}
	_, err := io.WriteString(w.out, w.redact.Text(string(w.part[:end])))
	w.part = append(w.part[:0], w.part[end:]...)
	return len(p), err
}

func (w *redactWriter) Close() error {
	_, err := io.WriteString(w.out, w.redact.Text(string(w.part)))
	w.part = nil
	return err
}

// plainKey reports whether the values of a key are words of a format and not of a run.
func plainKey(key string) bool {
	switch key {
	case "Time", "Action", "start", "end", "result", "kind", "sha256", "digest", "source": // hashes are compared
		return true
	}
	return false
}

// JSON returns text, a JSON value, with its strings redacted: the values of objects and lists, not
// the keys. Everything else stays byte by byte. Times and the words of a format stay.
func (r *Redactor) JSON(text []byte) []byte {
	if r == nil {
		return text
	}
	return mapStrings(text, func(key, value string) string {
		if plainKey(key) {
			return value
		}
		return r.Text(value)
	})
}

// mapStrings returns text, a JSON value, with each string that is not a key replaced by f of it; key
// is the last key before it. Text that is no JSON comes back as it is.
func mapStrings(text []byte, f func(key, value string) string) []byte {
	if !json.Valid(text) {
		return text
	}
	var out []byte
	key, from := "", 0 // from: what is not copied yet
	for at := 0; at < len(text); {
		if text[at] != '"' {
			at++
			continue
		}
		end := stringEnd(text, at)
		var value string
		if json.Unmarshal(text[at:end], &value) != nil {
			return text
		}
		if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 && rest[0] == ':' {
			key = value
		} else if changed := f(key, value); changed != value {
			b, _ := json.Marshal(changed) // a string does not fail
			out = append(append(out, text[from:at]...), b...)
			from = end
		}
		at = end
	}
	if from == 0 {
		return text
	}
	return append(out, text[from:]...)
}

// stringEnd returns where the string that begins at text[at] has ended.
func stringEnd(text []byte, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// redactEvents is a Redactor for the lines of go test -json. A test's output may come in several
// events for one line; then that event and all after it wait for the rest of the line.
type redactEvents struct {
	redact *Redactor
	queue  []queued
	size   int               // bytes in queue
	open   map[speaker][]int // events of a line that has not ended, by their place in queue
}

// speaker is who prints a line.
type speaker struct{ pkg, test string }

type queued struct {
	line   []byte
	output string // replaces the event's own
	mapped bool   // output is set
}

func (r *Redactor) newEvents() *redactEvents {
	return &redactEvents{redact: r, open: map[speaker][]int{}}
}

// line takes a line and calls emit for those that can be written now. It keeps nothing of line.
func (q *redactEvents) line(line []byte, emit func([]byte)) {
	var e struct{ Action, Package, ImportPath, Test, Output string }
	event := json.Unmarshal(line, &e) == nil
	who := speaker{e.Package + e.ImportPath, e.Test}
	pieces := q.open[who]
	isOutput := event && (e.Action == "output" || e.Action == "build-output")
	begins := isOutput && !strings.HasSuffix(e.Output, "\n")
	if len(q.queue) == 0 && !begins {
		emit(q.whole(line))
		return
	}
	q.queue = append(q.queue, queued{line: bytes.Clone(line), output: e.Output})
	q.size += len(line)
	switch {
	case isOutput:
		q.open[who] = append(pieces, len(q.queue)-1)
		if !begins {
			q.close(who)
		}
	case event && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		q.close(who)
	}
	if len(q.open) == 0 || q.size > maxLine {
		q.flush(emit)
	}
}

// whole redacts a line that no other one belongs to.
func (q *redactEvents) whole(line []byte) []byte {
	if json.Valid(line) {
		return q.redact.JSON(line)
	}
	return q.last(line)
}

// last redacts a line that may be the beginning of an event.
func (q *redactEvents) last(line []byte) []byte { return []byte(q.redact.Text(string(line))) }

// close ends who's line: what matches in it goes to where the match begins.
func (q *redactEvents) close(who speaker) {
	places := q.open[who]
	delete(q.open, who)
	texts := make([]string, len(places))
	for i, at := range places {
		texts[i] = q.queue[at].output
	}
	for i, text := range q.redact.pieces(texts) {
		q.queue[places[i]].output, q.queue[places[i]].mapped = text, true
	}
}

// flush ends all lines and emits all that waits.
func (q *redactEvents) flush(emit func([]byte)) {
	for who := range q.open {
		q.close(who)
	}
	for _, e := range q.queue {
		if !e.mapped {
			emit(q.whole(e.line))
			continue
		}
		emit(mapStrings(e.line, func(key, value string) string {
			switch {
			case key == "Output":
				return e.output
			case plainKey(key):
				return value
			}
			return q.redact.Text(value)
		}))
	}
	q.queue, q.size = nil, 0
}

// pieces redacts the text that texts make together.
func (r *Redactor) pieces(texts []string) []string {
	if len(texts) == 1 {
		return []string{r.Text(texts[0])}
	}
	for _, re := range r.all {
		texts = replacePieces(re, texts)
	}
	return texts
}

func replacePieces(re *regexp.Regexp, texts []string) []string {
	joined := strings.Join(texts, "")
	body := strings.TrimSuffix(joined, "\n")
	found := re.FindAllStringIndex(body, -1)
	out := make([]string, len(texts))
	begin := 0
	for i, text := range texts {
		end := begin + len(text)
		var b strings.Builder
		at := begin
		for _, m := range found {
			if m[0] == m[1] || m[1] <= begin || m[0] >= end {
				continue
			}
			b.WriteString(joined[at:max(at, m[0])])
			if m[0] >= begin {
				b.WriteString(redacted)
			}
			at = min(m[1], end)
		}
		b.WriteString(joined[at:end])
		out[i] = b.String()
		begin = end
	}
	return out
}
