package record

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// Recover opens a record that is not complete, for which [Open] returns ErrIncomplete: that of a run
// that was killed, or a file that was cut short. The Reader has the lines and processes that are whole,
// without having checked them; of the manifest it has only the version and the start of the run, and a
// verdict that says so. The caller closes it.
func Recover(name string) (*Reader, error) { return openFile(name, NewRecovered) }

// NewRecovered is [Recover] for size bytes.
func NewRecovered(from io.ReaderAt, size int64) (*Reader, error) {
	if _, err := readStart(from, size); err != nil {
		return nil, err
	}
	r := new(Reader)
	for at := int64(0); at < size; {
		e, err := readLocal(from, at, size)
		if err != nil {
			break // what comes here was not written any more, or is the directory
		}
		if e.stored {
			at = e.content + e.size
			if e.name == startEntry {
				r.begin(io.NewSectionReader(from, e.content, e.size))
			}
			continue
		}
		r.entries = append(r.entries, content{e.name, func() (io.ReadCloser, error) { return e.open(from, size), nil }})
		if at, err = e.end(from, size); err != nil {
			break // it is the last
		}
	}
	r.Manifest.Verdict = Verdict{Exit: -1, First: -1, Problem: ErrIncomplete.Error() + "; this is all that it holds"}
	return r, nil
}

// begin reads the first entry.
func (r *Reader) begin(in io.Reader) {
	var s start
	if json.NewDecoder(in).Decode(&s) == nil { // readStart has read it
		r.Manifest.Version, r.Manifest.Start, r.Manifest.End = s.Version, s.Start, s.Start
	}
}

// local is an entry as its own header in the file tells.
type local struct {
	name    string
	content int64 // where it begins
	stored  bool  // it is not compressed, and size is known
	size    int64
}

var errNoEntry = errors.New("no entry of an archive")

const (
	localFixed = 30 // bytes of a local header before the name
	descriptor = 16 // bytes behind a compressed entry, or with large sizes 24
)

// readLocal reads the header of the entry at a place of the file.
func readLocal(from io.ReaderAt, at, size int64) (local, error) {
	head := make([]byte, localFixed)
	if size-at < localFixed {
		return local{}, errNoEntry
	}
	if _, err := from.ReadAt(head, at); err != nil {
		return local{}, err
	}
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return local{}, errNoEntry
	}
	flags, method := binary.LittleEndian.Uint16(head[6:]), binary.LittleEndian.Uint16(head[8:])
	names, extra := int64(binary.LittleEndian.Uint16(head[26:])), int64(binary.LittleEndian.Uint16(head[28:]))
	e := local{content: at + localFixed + names + extra, stored: method == 0, size: int64(binary.LittleEndian.Uint32(head[18:]))}
	const behind = 1 << 3 // sizes come behind the content
	switch {
	case e.content > size || e.stored && e.content+e.size > size:
		return local{}, errNoEntry
	case e.stored == (flags&behind != 0): // cohort writes neither
		return local{}, errNoEntry
	}
	name := make([]byte, names)
	if _, err := from.ReadAt(name, at+localFixed); err != nil && !errors.Is(err, io.EOF) {
		return local{}, err
	}
	e.name = string(name)
	return e, nil
}

// open returns the lines of the entry that are whole.
func (e local) open(from io.ReaderAt, size int64) io.ReadCloser {
	return io.NopCloser(&wholeLines{in: flate.NewReader(bufio.NewReader(io.NewSectionReader(from, e.content, size-e.content)))})
}

// end returns where the next entry begins.
func (e local) end(from io.ReaderAt, size int64) (int64, error) {
	in := &counted{in: bufio.NewReader(io.NewSectionReader(from, e.content, size-e.content))}
	if _, err := io.Copy(io.Discard, flate.NewReader(in)); err != nil {
		return 0, err
	}
	at := e.content + in.n
	for _, long := range []int64{descriptor, descriptor + 8} {
		next := make([]byte, 4)
		if _, err := from.ReadAt(next, at+long); err == nil && string(next[:2]) == "PK" {
			return at + long, nil
		}
	}
	return 0, errNoEntry
}

// counted counts the bytes that are read: a decompressor reads no more of an io.ByteReader than it
// needs.
type counted struct {
	in *bufio.Reader
	n  int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// wholeLines reads what can be read of in, up to the end of the last whole line.
type wholeLines struct {
	in    io.Reader
	ready []byte // whole lines
	part  []byte // the beginning of one
	ended bool
}

func (w *wholeLines) Read(p []byte) (int, error) {
	for len(w.ready) == 0 {
		if w.ended {
			return 0, io.EOF
		}
		buf := make([]byte, 32<<10)
		n, err := w.in.Read(buf)
		w.ended = err != nil // cut off or damaged: no more can be read
		w.part = append(w.part, buf[:n]...)
		if end := bytes.LastIndexByte(w.part, '\n') + 1; end > 0 {
			w.ready, w.part = bytes.Clone(w.part[:end]), bytes.Clone(w.part[end:])
		}
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}
