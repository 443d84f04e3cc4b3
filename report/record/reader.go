package record

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"
)

// What may be wrong with a file that is to be read as a record. errors.Is tells them apart.
var (
	ErrForeign    = errors.New("not a record of cohort")
	ErrIncomplete = errors.New("the record is not complete: its run was killed, or the file was cut short")
	ErrNewer      = errors.New("the record was written by a newer cohort")
	ErrEdited     = errors.New("the record was changed after it was written, or damaged")
)

// A Reader reads a record: a complete one, or what [Recover] finds of another. Its methods may be called concurrently.
type Reader struct {
	Manifest Manifest

	name    string
	zip     *zip.Reader // nil: of a record that is not complete
	entries []content
	file    io.Closer // nil: the caller's
}

// content is an entry that can be read.
type content struct {
	name string
	open func() (io.ReadCloser, error)
}

// Open opens the record in the file name and checks all of it. The caller closes the Reader.
func Open(name string) (*Reader, error) { return openFile(name, NewReader) }

// openFile opens the record in the file name with one of the functions that read its bytes.
func openFile(name string, read func(from io.ReaderAt, size int64) (*Reader, error)) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	info, err := f.Stat()
	var r *Reader
	if err == nil {
		r, err = read(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	r.name, r.file = name, f
	return r, nil
}

// NewReader reads a record of size bytes and checks all of it.
func NewReader(from io.ReaderAt, size int64) (*Reader, error) {
	if _, err := readStart(from, size); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(from, size)
	if err != nil {
		return nil, noDirectory(from, size)
	}
	r := &Reader{zip: archive}
	for _, f := range archive.File {
		r.entries = append(r.entries, content{f.Name, f.Open})
	}
	return r, r.check()
}

// Close closes the file, if Open opened it.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Beginning is what a record says before anything has happened.
type Beginning struct {
	Start time.Time
	Shard string // as in 2/5; "": all of the suite
}

// Peek reads the beginning of the record in the file name, which need not be complete.
func Peek(name string) (b Beginning, err error) {
	f, err := os.Open(name)
	if err != nil {
		return b, fmt.Errorf("open record: %w", err)
	}
	defer f.Close() // it was only read
	info, err := f.Stat()
	if err != nil {
		return b, fmt.Errorf("open record: %w", err)
	}
	s, err := readStart(f, info.Size())
	if err != nil {
		return b, fmt.Errorf("%s: %w", name, err)
	}
	return Beginning{Start: s.Start, Shard: s.Shard}, nil
}

// readStart reads the first entry as it stands in the file, so that it is known what a file is that
// has no end.
func readStart(from io.ReaderAt, size int64) (s start, err error) {
	const fixed, most = 30, 1 << 10 // a local file header; more than the first entry ever has
	head := make([]byte, min(size, fixed+most))
	if _, err := from.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("read the first entry: %w", err)
	}
	want := append([]byte("PK\x03\x04"), make([]byte, 26)...)
	n := min(len(head), 4)
	switch {
	case string(head[:n]) != string(want[:n]):
		return s, ErrForeign
	case len(head) < fixed:
		return s, ErrIncomplete
	}
	names := int(binary.LittleEndian.Uint16(head[26:]))
	extra := int(binary.LittleEndian.Uint16(head[28:]))
	length := int(binary.LittleEndian.Uint32(head[22:]))
	rest := head[fixed:]
	if names != len(startEntry) || string(rest[:min(names, len(rest))]) != startEntry[:min(names, len(rest))] {
		return s, ErrForeign
	}
	if extra > most || length > most || len(rest) < names+extra+length {
		return s, ErrIncomplete
	}
	if json.Unmarshal(rest[names+extra:names+extra+length], &s) != nil || s.Format != formatName || s.Version < 1 {
		return s, ErrForeign
	}
	if s.Version > Version {
		return s, fmt.Errorf("%w: its format is %d, this cohort reads up to %d", ErrNewer, s.Version, Version)
	}
	return s, nil
}

// noDirectory is what is wrong with a record without a directory of entries. The directory is the last
// thing that is written, and the comment is its end.
func noDirectory(from io.ReaderAt, size int64) error {
	end := make([]byte, min(size, int64(len(commentPrefix)+2*sha256.Size)))
	_, err := from.ReadAt(end, size-int64(len(end)))
	if (err == nil || errors.Is(err, io.EOF)) && bytes.HasPrefix(end, []byte(commentPrefix)) {
		return fmt.Errorf("%w: its directory", ErrEdited)
	}
	return ErrIncomplete
}

// check reads the manifest and compares the entries with it.
func (r *Reader) check() error {
	files := r.zip.File
	if len(files) == 0 || files[len(files)-1].Name != manifestEntry {
		return ErrIncomplete
	}
	last := len(files) - 1
	text, err := readAll(files[last])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if r.zip.Comment != commentPrefix+hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%w: %s", ErrEdited, manifestEntry)
	}
	if err := json.Unmarshal(text, &r.Manifest); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrEdited, manifestEntry, err)
	}
	if len(r.Manifest.Entries) != last {
		return fmt.Errorf("%w: it has %d entries, not %d", ErrEdited, last, len(r.Manifest.Entries))
	}
	for i, e := range r.Manifest.Entries {
		if files[i].Name != e.Name {
			return fmt.Errorf("%w: entry %d is %s, not %s", ErrEdited, i, files[i].Name, e.Name)
		}
		if err := checkEntry(files[i], e); err != nil {
			return err
		}
	}
	return nil
}

// checkEntry unpacks an entry to its end, by which the archive checks it, and compares hashes.
func checkEntry(f *zip.File, want Entry) error {
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("%w: %s: %v", ErrEdited, f.Name, err)
	}
	defer in.Close() // it was only read
	out := io.Discard
	sum := sha256.New()
	if want.Packed == "" {
		out = sum
	}
	// One byte more than there should be: a file that unpacks to more is not read on.
	n, err := io.Copy(out, io.LimitReader(in, want.Size+1))
	if err == nil && want.Packed != "" {
		err = hashPacked(sum, f)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s: %v", ErrEdited, f.Name, err)
	case n != want.Size || hex.EncodeToString(sum.Sum(nil)) != cmp.Or(want.Packed, want.SHA256):
		return fmt.Errorf("%w: %s", ErrEdited, f.Name)
	}
	return nil
}

// hashPacked hashes what the archive holds of an entry.
func hashPacked(sum io.Writer, f *zip.File) error {
	in, err := f.OpenRaw()
	if err == nil {
		_, err = io.Copy(sum, in)
	}
	return err
}

// readAll reads a small entry.
func readAll(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrEdited, f.Name, err)
	}
	defer in.Close() // it was only read
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrEdited, f.Name, err)
	}
	return text, nil
}

// Coverage opens the coverage profile; nil if the record has none. The caller closes it.
func (r *Reader) Coverage() (io.ReadCloser, error) { return r.open(coverEntry) }

// History opens what the run adds to the history; nil if the record has nothing of it. The caller
// closes it.
func (r *Reader) History() (io.ReadCloser, error) { return r.open(historyEntry) }

func (r *Reader) open(name string) (io.ReadCloser, error) {
	for _, e := range r.entries {
		if e.name == name {
			return e.open()
		}
	}
	return nil, nil
}

// text yields the lines of a kind, without their newlines. A line is good until the next.
func (r *Reader) text(kind string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, e := range r.entries {
			rest, ok := strings.CutPrefix(e.name, kind+".")
			if !ok || !strings.HasSuffix(rest, "jsonl") {
				continue
			}
			in, err := e.open()
			if err != nil {
				yield(nil, fmt.Errorf("%s: %w", e.name, err))
				return
			}
			more := lines(in, e.name, yield)
			_ = in.Close() // it was only read
			if !more {
				return
			}
		}
	}
}

// lines yields the lines of in and reports whether more are wanted.
func lines(in io.Reader, name string, yield func([]byte, error) bool) bool {
	buf := bufio.NewReaderSize(in, 64<<10)
	var long []byte
	for {
		line, err := buf.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if len(long) > 0 {
			long = append(long, line...)
			line, long = long, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			yield(nil, fmt.Errorf("%s: %w", name, err))
			return false
		}
		if len(line) > 0 && !yield(bytes.TrimSuffix(line, []byte("\n")), nil) {
			return false
		}
		if err != nil {
			return true
		}
	}
}
