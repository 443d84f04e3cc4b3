package report

import (
	"bytes"
	"io"
)

// lineReader passes whole lines on and shortens those that are too long. It looks at
// each line once and copies none, so that a million events cost it next to nothing.
type lineReader struct {
	src     io.Reader
	shorten func(line []byte) []byte
	bad     func(line string) // for lines that begin with FAIL; nil: they are passed on
	// amend returns what is passed on in the place of a line, and false for the line itself.
	// nil: all lines are passed on as they are.
	amend func(line []byte) ([]byte, bool)

	buf     []byte
	r, ok   int // buf[r:ok] is checked and can be passed on
	w       int // buf[ok:w] is read and not yet checked
	ready   []byte
	amended []byte // in the place of the line at ok, whose length is skip; nil: there is none
	skip    int
	err     error
	started bool
}

// Read passes on complete lines only, and the rest at the end of the input.
func (l *lineReader) Read(p []byte) (int, error) {
	if !l.started {
		l.buf, l.started = make([]byte, maxLine), true
	}
	for {
		if len(l.ready) > 0 {
			n := copy(p, l.ready)
			l.ready = l.ready[n:]
			return n, nil
		}
		if l.r < l.ok {
			n := copy(p, l.buf[l.r:l.ok])
			l.r += n
			return n, nil
		}
		if l.amended != nil {
			l.ready, l.amended = l.amended, nil
			l.ok += l.skip
			l.r = l.ok
			continue
		}
		if l.check() {
			continue
		}
		if l.err != nil {
			return 0, l.err
		}
		l.fill()
	}
}

// check moves ok over the lines that can be passed on, and reports whether there are
// any or another way to go on without reading.
func (l *lineReader) check() bool {
	for l.ok < l.w {
		rest := l.buf[l.ok:l.w]
		if l.bad != nil && rest[0] == 'F' && l.mayBeBad(rest) {
			if l.ok > l.r {
				return true // what comes before it goes first
			}
			return l.takeBad(rest)
		}
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if l.amend != nil {
			if line, ok := l.amend(rest[:i+1]); ok {
				l.amended, l.skip = line, i+1
				return true
			}
		}
		l.ok += i + 1
	}
	if l.ok == l.r && l.ok < l.w && l.err != nil {
		l.ok = l.w // the last line has no newline
	}
	return l.ok > l.r
}

// mayBeBad reports whether rest begins with FAIL, or may do so once more is read.
func (l *lineReader) mayBeBad(rest []byte) bool {
	const fail = "FAIL"
	n := min(len(rest), len(fail))
	return string(rest[:n]) == fail[:n] && (n == len(fail) || l.err == nil)
}

// takeBad hands the line at the beginning of rest to bad, if it is complete.
func (l *lineReader) takeBad(rest []byte) bool {
	i := bytes.IndexByte(rest, '\n')
	switch {
	case i < 0 && l.err == nil:
		return false // read on
	case i < 0:
		i = len(rest) - 1
		rest = append(rest, '\n')
		l.bad(string(rest[:i+1]))
	default:
		l.bad(string(bytes.TrimSuffix(rest[:i], []byte("\r"))))
	}
	l.ok += i + 1
	l.r = l.ok
	return true
}

// fill reads more, in front of which only an incomplete line is kept.
func (l *lineReader) fill() {
	l.w = copy(l.buf, l.buf[l.ok:l.w])
	l.r, l.ok = 0, 0
	if l.w == len(l.buf) {
		l.long()
		return
	}
	n, err := l.src.Read(l.buf[l.w:])
	l.w += n
	l.err = err
}

// long reads the rest of a line that is longer than buf, and shortens it.
func (l *lineReader) long() {
	line := bytes.Clone(l.buf)
	end := -1
	for end < 0 && l.err == nil {
		n, err := l.src.Read(l.buf)
		l.w, l.err = n, err
		if end = bytes.IndexByte(l.buf[:n], '\n'); end < 0 {
			line = append(line, l.buf[:n]...)
		}
	}
	if end < 0 {
		l.w = 0
		l.ready = l.shorten(line)
		return
	}
	line = append(line, l.buf[:end]...)
	l.r, l.ok = end+1, end+1
	if l.bad != nil && bytes.HasPrefix(line, []byte("FAIL")) {
		l.bad(string(line))
		return
	}
	l.ready = append(l.shorten(line), '\n')
}
