package remote

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// wireVersion is that of the frames and calls between Dial and Serve.
const wireVersion = 2

// Bounds of one frame, in bytes: a peer that says more is not one of ours.
const (
	maxHeader = 1 << 20
	maxBody   = MaxPayload
)

// frame is a message between Dial and Serve: two lengths of four bytes each, the smallest byte
// last, then a header in JSON and a body as it is.
type frame struct {
	header header
	body   []byte
}

// header says what a frame is. The call's number ties the frames of one call together.
type header struct {
	// Hello is the version of the frames, in the first frame of each side only; Serve's tells the
	// terms.
	Hello int    `json:",omitempty"`
	Terms *Terms `json:",omitempty"`

	Call uint64 `json:",omitempty"`
	// Method is in a frame that begins a call, with its arguments in Value. Cancel ends its context.
	Method string `json:",omitempty"`
	Cancel bool   `json:",omitempty"`
	// Event is in a frame that is one event of a call, which goes on. A frame without any of these
	// three is the end of the call.
	Event bool `json:",omitempty"`
	// Value is the arguments, the event or the answer.
	Value json.RawMessage `json:",omitempty"`
	// Code and Text are an error.
	Code string `json:",omitempty"`
	Text string `json:",omitempty"`
}

// writeFrame writes a frame in one call of w.Write.
func writeFrame(w io.Writer, f frame) error {
	head, err := json.Marshal(f.header)
	if err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	if len(head) > maxHeader || len(f.body) > maxBody {
		return fmt.Errorf("write a frame of %d and %d bytes: %w: at most %d and %d", len(head), len(f.body), ErrTooLarge, maxHeader, maxBody)
	}
	b := make([]byte, 0, 8+len(head)+len(f.body))
	b = binary.BigEndian.AppendUint32(b, uint32(len(head)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.body)))
	b = append(append(b, head...), f.body...)
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}

// readFrame reads a frame. It returns io.EOF if there is none, and io.ErrUnexpectedEOF for a part of
// one.
func readFrame(r io.Reader) (f frame, err error) {
	var sizes [8]byte
	if _, err := io.ReadFull(r, sizes[:]); err != nil {
		return f, err
	}
	head, body := binary.BigEndian.Uint32(sizes[:4]), binary.BigEndian.Uint32(sizes[4:])
	if head > maxHeader || body > maxBody {
		return f, fmt.Errorf("read a frame of %d and %d bytes: %w: at most %d and %d", head, body, ErrTooLarge, maxHeader, maxBody)
	}
	b := make([]byte, head+body)
	if _, err := io.ReadFull(r, b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return f, err
	}
	if err := json.Unmarshal(b[:head], &f.header); err != nil {
		return f, fmt.Errorf("read the header of a frame: %w", err)
	}
	f.body = b[head:]
	return f, nil
}
