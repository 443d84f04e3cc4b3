package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"time"
)

// elapsedReader reads events of go test -json and sets how long packages took: the go command
// counts the time that a package waits for a worker too.
type elapsedReader struct {
	src *bufio.Reader
	// took returns how long the processes of a package ran; false if the go command knows best.
	took func(pkg string) (time.Duration, bool)
	// some reports whether took knows of any package; false is never wrong for what was read before.
	some func() bool
	line []byte // the rest of a line
	// piece reports that the line before was a piece, so that the next is of the same line.
	piece bool
	err   error
}

func newElapsedReader(src io.Reader, took func(pkg string) (time.Duration, bool), some func() bool) *elapsedReader {
	return &elapsedReader{src: bufio.NewReaderSize(src, 64<<10), took: took, some: some}
}

// Read returns at most what the source has given.
func (r *elapsedReader) Read(p []byte) (int, error) {
	if n := r.pass(p); n > 0 {
		return n, nil
	}
	n := 0
	for n < len(p) {
		if len(r.line) == 0 {
			if r.err != nil || n > 0 && !r.buffered() {
				break
			}
			r.next()
			continue
		}
		m := copy(p[n:], r.line)
		r.line = r.line[m:]
		n += m
	}
	if n == 0 && len(p) > 0 {
		return 0, r.err
	}
	return n, nil
}

// pass reads without looking at lines, as long as took knows nothing: all results come from the go
// command's cache, say. A package is known before the go command can print how long it took. It
// returns 0 if lines have to be looked at, or at the end.
func (r *elapsedReader) pass(p []byte) int {
	if len(p) == 0 || len(r.line) > 0 || r.err != nil {
		return 0
	}
	if _, err := r.src.Peek(1); err != nil {
		r.err = err
		return 0
	}
	if r.some() {
		return 0
	}
	n, _ := r.src.Read(p) // what Peek has made it hold
	r.piece = p[n-1] != '\n'
	return n
}

// buffered reports whether the next line, or a piece of one that is too long for the buffer, can
// be had without waiting.
func (r *elapsedReader) buffered() bool {
	waiting, _ := r.src.Peek(r.src.Buffered())
	return bytes.IndexByte(waiting, '\n') >= 0 || len(waiting) == r.src.Size()
}

// next takes the next line, or a piece of one that is too long for the buffer: it is none that
// says how long a package took.
func (r *elapsedReader) next() {
	line, err := r.src.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	if err != nil && !long {
		r.err = err
	}
	r.line = line
	if !long && !r.piece && aboutPackage(line) {
		r.line = r.amended(line)
	}
	r.piece = long
}

// aboutPackage reports whether a line may say how long a package took.
func aboutPackage(line []byte) bool {
	if bytes.Contains(line, []byte(`"Test":"`)) {
		return false
	}
	return bytes.Contains(line, []byte(`"Elapsed":`)) || bytes.Contains(line, []byte(`"Output":"ok  \t`)) ||
		bytes.Contains(line, []byte(`"Output":"FAIL\t`))
}

var (
	packageField = regexp.MustCompile(`"Package":"([^"\\]*)"`)
	elapsedField = regexp.MustCompile(`("Action":"(?:pass|fail|skip)".*"Elapsed":)[0-9.e+-]+`)
	// elapsedText is the end of the line that the go command prints of a package.
	elapsedText = regexp.MustCompile(`("Output":"(?:ok  |FAIL)\\t[^"\\]*\\t)[0-9]+\.[0-9]{3}s`)
)

// amended returns the line with the time that the package took.
func (r *elapsedReader) amended(line []byte) []byte {
	pkg := packageField.FindSubmatch(line)
	if pkg == nil {
		return line
	}
	took, ok := r.took(string(pkg[1]))
	if !ok {
		return line
	}
	seconds := took.Round(time.Millisecond).Seconds()
	line = elapsedField.ReplaceAll(line, append([]byte("${1}"), strconv.FormatFloat(seconds, 'f', -1, 64)...))
	return elapsedText.ReplaceAll(line, append([]byte("${1}"), strconv.FormatFloat(seconds, 'f', 3, 64)+"s"...))
}
