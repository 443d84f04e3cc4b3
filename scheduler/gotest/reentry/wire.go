package reentry

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The re-entry commands, and the variable that leads them to cohort.
const (
	ExecTestCommand = "exec-test"
	ExecToolCommand = "exec-tool"
	ExecEnv         = "COHORT_EXEC"
)

// A frame on the socket is a type byte, the payload's length in four bytes (big endian) and the
// payload. The types:
const (
	FrameHello  = 'H' // exec-test to cohort: an encoded Hello
	FrameBuild  = 'B' // exec-tool to cohort: an encoded Build, which waits for its turn
	FrameTurn   = 'T' // cohort to exec-tool: it is your turn, until you close the connection
	FrameOutput = 'O' // cohort to exec-test: bytes for its stdout
	FrameExit   = 'E' // cohort to exec-test: exit status in decimal
)

// frameHead is the length of a frame without its payload.
const frameHead = 5

// maxFrame bounds a frame. Output is cut far below it; a hello holds a whole environment, which
// Linux limits to 6 MiB.
const maxFrame = 16 << 20

// Hello is what exec-test says first.
type Hello struct {
	Token string
	Dir   string   // the package's directory
	Args  []string // the binary and its arguments
	Env   []string // the whole environment without ExecEnv
}

// Build is what exec-tool says first.
type Build struct {
	Token string
	Tool  string // the name of a tool of the go command's
}

// Encode returns h as the payload of a frame.
func (h Hello) Encode() []byte {
	size := 20 + len(h.Token) + len(h.Dir)
	for _, words := range [][]string{h.Args, h.Env} {
		for _, word := range words {
			size += 5 + len(word)
		}
	}
	b := appendString(appendString(make([]byte, 0, size), h.Token), h.Dir)
	for _, words := range [][]string{h.Args, h.Env} {
		b = binary.AppendUvarint(b, uint64(len(words)))
		for _, word := range words {
			b = appendString(b, word)
		}
	}
	return b
}

// Encode returns b as the payload of a frame.
func (b Build) Encode() []byte { return appendString(appendString(nil, b.Token), b.Tool) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errMalformed = errors.New("malformed greeting")

// DecodeHello reads what Hello.Encode wrote.
func DecodeHello(payload []byte) (Hello, error) {
	d := decoder{rest: payload}
	h := Hello{Token: d.text(), Dir: d.text(), Args: d.words(), Env: d.words()}
	return h, d.end()
}

// DecodeBuild reads what Build.Encode wrote.
func DecodeBuild(payload []byte) (Build, error) {
	d := decoder{rest: payload}
	b := Build{Token: d.text(), Tool: d.text()}
	return b, d.end()
}

// A decoder reads a payload from its front; after a mistake it reads nothing more.
type decoder struct {
	rest []byte
	bad  bool
}

// number reads a number of things of which each takes at least one byte.
func (d *decoder) number() int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(len(d.rest)-size) {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *decoder) text() string {
	n := d.number()
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) words() []string {
	words := make([]string, d.number())
	for i := range words {
		words[i] = d.text()
	}
	return words
}

func (d *decoder) end() error {
	if d.bad || len(d.rest) > 0 {
		return errMalformed
	}
	return nil
}

// WriteFrame writes one frame, in one call of w's Write.
func WriteFrame(w io.Writer, kind byte, payload []byte) error {
	_, err := w.Write(appendFrame(make([]byte, 0, frameHead+len(payload)), kind, payload))
	return err
}

func appendFrame(b []byte, kind byte, payload []byte) []byte {
	b = append(b, kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return append(b, payload...)
}

// ReadFrame reads one frame. The payload is valid until the next call with the same buffer, which
// it grows as needed and returns.
func ReadFrame(r io.Reader, buf []byte) (kind byte, payload, grown []byte, err error) {
	var head [frameHead]byte
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
