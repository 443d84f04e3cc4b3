package node

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Limits of what a batch may send, in bytes.
const (
	maxOutput = 64 << 20 // of its processes
	maxFiles  = 64 << 20 // of profiles, logs and artifacts together
	maxPath   = 4096
)

// The kinds of records in a stream.
const (
	recordOutput = 'o' // when after the start, in ns; length; bytes
	recordFile   = 'f' // place; length of the path in it; path; length; bytes
	recordFolder = 'd' // place; length of the path in it; path
)

// streamWriter writes what a process printed, and the files that it left, as records: a kind of one
// byte, then numbers as uvarints and bytes. It is for one goroutine.
type streamWriter struct {
	w             io.Writer
	most          int64 // bytes of output, 0 for maxOutput
	output, files int64 // bytes so far
	// edit is what is written of a file in place of what it holds; nil: that.
	edit func(name string, b []byte) []byte
}

// Output writes what a process printed at a time after its start.
func (s *streamWriter) Output(at time.Duration, b []byte) error {
	if most := cmp.Or(s.most, maxOutput); s.output+int64(len(b)) > most {
		return fmt.Errorf("its output has more than %d MiB, the limit of one process on another machine", most>>20)
	}
	s.output += int64(len(b))
	return s.record(recordOutput, b, uint64(max(at, 0)), uint64(len(b)))
}

func (s *streamWriter) record(kind byte, data []byte, numbers ...uint64) error {
	head := []byte{kind}
	for _, n := range numbers {
		head = binary.AppendUvarint(head, n)
	}
	if _, err := s.w.Write(head); err != nil {
		return err
	}
	_, err := s.w.Write(data)
	return err
}

// Tree writes a file, or a folder with all in it. What is not there is left out, and so is what is
// neither a file nor a folder.
func (s *streamWriter) Tree(n int, root string) error {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case d.IsDir() && name == ".":
			return nil
		case d.IsDir():
			return s.record(recordFolder, []byte(name), uint64(n), uint64(len(name)))
		case d.Type().IsRegular():
			return s.file(n, name, path)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *streamWriter) file(n int, name, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if s.files += int64(len(b)); s.files > maxFiles {
		return fmt.Errorf("its files have more than %d MiB, the limit of one process on another machine", maxFiles>>20)
	}
	if s.edit != nil {
		b = s.edit(name, b)
	}
	if name == "." {
		name = ""
	}
	if err := s.record(recordFile, []byte(name), uint64(n), uint64(len(name))); err != nil {
		return err
	}
	if _, err := s.w.Write(binary.AppendUvarint(nil, uint64(len(b)))); err != nil {
		return err
	}
	_, err = s.w.Write(b)
	return err
}

// readStream reads the records of a stream: output is given to out, files are written to places.
// After an error some of it has been written.
func readStream(r io.Reader, places []place, out func(at time.Duration, b []byte) error) error {
	return (&streamReader{r: bufio.NewReader(r), places: places, out: out}).all()
}

// readOutput reads the output of a stream, and leaves its files.
func readOutput(r io.Reader, out func(at time.Duration, b []byte) error) error {
	return (&streamReader{r: bufio.NewReader(r), leave: true, out: out}).all()
}

func (s *streamReader) all() error {
	for {
		kind, err := s.r.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.record(kind)
		}
		if err != nil {
			return fmt.Errorf("read what a process has left on another machine: %w", whole(err))
		}
	}
}

// whole is an error in the middle of a record.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

type streamReader struct {
	r             *bufio.Reader
	places        []place
	leave         bool // files
	out           func(at time.Duration, b []byte) error
	output, files uint64
}

func (s *streamReader) record(kind byte) error {
	n, err := binary.ReadUvarint(s.r)
	if err != nil {
		return err
	}
	switch kind {
	case recordOutput:
		b, err := s.bytes(maxOutput, &s.output)
		if err != nil {
			return err
		}
		return s.out(time.Duration(n), b)
	case recordFile, recordFolder:
		return s.tree(kind, n)
	}
	return fmt.Errorf("a record of the kind %q", kind)
}

// bytes reads a length and so many bytes, and counts them.
func (s *streamReader) bytes(limit uint64, sum *uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(s.r)
	if err != nil {
		return nil, err
	}
	if n > limit || *sum+n > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", remote.ErrTooLarge, limit)
	}
	*sum += n
	var b bytes.Buffer // grows with what comes, not with what is said
	if _, err := io.CopyN(&b, s.r, int64(n)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// tree writes a file or a folder into a place.
func (s *streamReader) tree(kind byte, n uint64) error {
	var length uint64
	name, err := s.bytes(maxPath, &length)
	if err != nil {
		return err
	}
	if s.leave {
		if kind == recordFile {
			_, err = s.bytes(maxFiles, &s.files)
		}
		return err
	}
	if n >= uint64(len(s.places)) {
		return fmt.Errorf("a file of place %d of %d", n, len(s.places))
	}
	p := s.places[n]
	path := p.path
	switch {
	case p.Folder != (len(name) > 0):
		return fmt.Errorf("a file %q in place %d", name, n)
	case p.Folder && !filepath.IsLocal(filepath.FromSlash(string(name))):
		return fmt.Errorf("a file %q that is not below its folder", name)
	case p.Folder:
		path = filepath.Join(p.path, filepath.FromSlash(string(name)))
	}
	if kind == recordFolder {
		return os.MkdirAll(path, 0o700)
	}
	b, err := s.bytes(maxFiles, &s.files)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
