package gotest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ExecTestCommand and ExecEnv name the re-entry command that the go command
// starts in place of a test binary, and the variable that leads it to cohort.
const (
	ExecTestCommand = "exec-test"
	ExecEnv         = "COHORT_EXEC"
)

// A frame on the socket is a type byte, the payload's length in four bytes
// (big endian) and the payload.
const (
	frameHello  = 'H' // exec-test to cohort: JSON hello
	frameSignal = 'S' // exec-test to cohort: a signal number in decimal
	frameOutput = 'O' // cohort to exec-test: bytes for its stdout
	frameExit   = 'E' // cohort to exec-test: exit status in decimal
)

// maxFrame bounds a frame. Output is cut far below it; a hello holds a whole
// environment, which Linux limits to 6 MiB.
const maxFrame = 16 << 20

// hello is what exec-test says first. Names and values of the system are bytes:
// as JSON strings they would lose what is not UTF-8.
type hello struct {
	Token string
	Dir   []byte
	Args  [][]byte // the binary and its arguments
	Env   [][]byte
}

func toBytes(words []string) [][]byte {
	out := make([][]byte, len(words))
	for i, word := range words {
		out[i] = []byte(word)
	}
	return out
}

func toStrings(words [][]byte) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = string(word)
	}
	return out
}

func writeFrame(w io.Writer, kind byte, payload []byte) error {
	buf := make([]byte, 0, 5+len(payload))
	buf = append(buf, kind)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(payload)))
	_, err := w.Write(append(buf, payload...))
	return err
}

// readFrame reads one frame. The payload is valid until the next call with the
// same buffer, which it grows as needed and returns.
func readFrame(r io.Reader, buf []byte) (kind byte, payload, grown []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, buf, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, buf, fmt.Errorf("frame of %d bytes, more than %d", size, maxFrame)
	}
	if int(size) > len(buf) {
		buf = make([]byte, size)
	}
	if _, err = io.ReadFull(r, buf[:size]); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // of the frame, though nothing of its payload came
	}
	return head[0], buf[:size], buf, err
}
