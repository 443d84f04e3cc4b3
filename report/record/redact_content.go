package record

import (
	"bytes"
	"fmt"
	"io"
)

// lines returns in, a text of lines, redacted; nil of nil.
func (r *Redactor) lines(in io.Reader) io.Reader {
	return r.content(in, func(text []byte) []byte { return []byte(r.Text(string(text))) })
}

// document returns in, a JSON value, redacted; nil of nil.
func (r *Redactor) document(in io.Reader) io.Reader { return r.content(in, r.JSON) }

func (r *Redactor) content(in io.Reader, change func([]byte) []byte) io.Reader {
	if r == nil || in == nil {
		return in
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return failedReader{fmt.Errorf("read what is to be redacted: %w", err)}
	}
	return bytes.NewReader(change(text))
}

// failedReader is what could not be read.
type failedReader struct{ err error }

func (f failedReader) Read([]byte) (int, error) { return 0, f.err }
