package stream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// spoolMemory is how much of a process's held output is kept in memory: enough
// for what tests usually print, little beside what a test process itself uses.
const spoolMemory = 256 << 10

// kindEnd marks the end of a block in a spool.
const kindEnd testbin.Kind = 255

// spoolHead is the fixed part of a record: kind, length of the test's name,
// length of the line.
const spoolHead = 1 + 4 + 4

// spool is a queue of lines, in memory and, beyond spoolMemory, in a file.
// The zero value is empty.
type spool struct {
	file   *os.File // the older records, or nil
	offset int64    // what has been taken from file
	buf    []byte   // the newer records
	ended  int      // kindEnd records in both
}

// add appends a line. It reports false if there is no room for it.
func (s *spool) add(spill func() (*os.File, error), kind testbin.Kind, test string, line []byte) bool {
	if len(s.buf) > 0 && len(s.buf)+len(line) > spoolMemory && !s.writeOut(spill) {
		return false
	}
	s.record(kind, test, line)
	return true
}

func (s *spool) record(kind testbin.Kind, test string, line []byte) {
	s.buf = append(s.buf, byte(kind))
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(test)))
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(line)))
	s.buf = append(s.buf, test...)
	s.buf = append(s.buf, line...)
}

// writeOut moves the records in memory to the file.
func (s *spool) writeOut(spill func() (*os.File, error)) bool {
	if s.file == nil {
		file, err := spill()
		if err != nil {
			return false
		}
		s.file = file
	}
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return false
	}
	if _, err := s.file.Write(s.buf); err != nil {
		// What was written of them is cut off again; they are still in memory.
		return s.file.Truncate(size) == nil && false
	}
	s.buf = s.buf[:0]
	return true
}

// endBlock marks the end of a block.
func (s *spool) endBlock() {
	s.ended++
	s.record(kindEnd, "", nil)
}

// drain takes lines out, oldest first: everything, or the blocks that have
// ended. The line given to emit is valid only during the call. An error means
// that lines are lost.
func (s *spool) drain(everything bool, emit func(testbin.Kind, string, []byte)) error {
	more := func() bool { return everything || s.ended > 0 }
	if !more() {
		return nil
	}
	if s.file != nil {
		if err := s.drainFile(more, emit); err != nil {
			s.closeFile()
			// What is in memory is still good.
			_, memErr := s.take(bytes.NewReader(s.buf), func() bool { return true }, emit)
			s.buf, s.ended = s.buf[:0], 0
			return errors.Join(fmt.Errorf("read held output: %w", err), memErr)
		}
		if s.file != nil {
			return nil // more of it is there, but no ended block
		}
	}
	n, err := s.take(bytes.NewReader(s.buf), more, emit)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	return err
}

// drainFile takes records from the file and gives it up when it is empty.
func (s *spool) drainFile(more func() bool, emit func(testbin.Kind, string, []byte)) error {
	if _, err := s.file.Seek(s.offset, io.SeekStart); err != nil {
		return err
	}
	n, err := s.take(bufio.NewReader(s.file), more, emit)
	s.offset += n
	if err != nil {
		return err
	}
	if end, err := s.file.Seek(0, io.SeekEnd); err != nil || s.offset < end {
		return err
	}
	s.closeFile()
	return nil
}

// take takes records from r while more says so, and returns their length.
func (s *spool) take(r io.Reader, more func() bool, emit func(testbin.Kind, string, []byte)) (int64, error) {
	var taken int64
	for more() {
		var head [spoolHead]byte
		if _, err := io.ReadFull(r, head[:]); errors.Is(err, io.EOF) {
			return taken, nil
		} else if err != nil {
			return taken, err
		}
		size := binary.LittleEndian.Uint32(head[1:])
		record := make([]byte, size+binary.LittleEndian.Uint32(head[5:]))
		if _, err := io.ReadFull(r, record); err != nil {
			return taken, err
		}
		taken += spoolHead + int64(len(record))
		if kind := testbin.Kind(head[0]); kind == kindEnd {
			s.ended--
		} else {
			emit(kind, string(record[:size]), record[size:])
		}
	}
	return taken, nil
}

// closeFile gives the file up. It is in the run's private directory, which is
// removed in any case.
func (s *spool) closeFile() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
	s.file, s.offset = nil, 0
}
