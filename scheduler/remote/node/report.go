package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// Report is the payload of a Result: what came of a process. It is followed by the end of its
// stream.
type Report struct {
	What machine.What
	Why  string `json:",omitempty"`
	Exit Exit
	// Delivery is where the chunks are that come before the end of the stream, Chunks how many, Sum
	// the sum of the whole.
	Delivery remote.Delivery
	Chunks   int    `json:",omitempty"`
	Sum      string `json:",omitempty"`
	// Root is the agent's module root, Places are the paths that the process had.
	Root   string
	Places []string `json:",omitempty"`
	// Read are the variables that tests have read, with the sums of their values.
	Read map[string]string `json:",omitempty"`
	// Claim is what it was about, nil for what did not run. Probe reports that it has run to explain a failure.
	Claim *remote.Claim `json:",omitempty"`
	Probe bool          `json:",omitempty"`
	// World is what came of set-ups on the machine since it last told. Refused is the one for which the
	// process was not started, if What is that.
	World   []Outcome          `json:",omitempty"`
	Refused *worker.SetupError `json:",omitempty"`
}

// Exit is a testbin.Exit.
type Exit struct {
	Code, Signal                                   int
	TimedOut, Quit, Canceled, Killed, IncompleteIO bool
	Err                                            string `json:",omitempty"`
	Start, End                                     time.Time
	User, System                                   time.Duration
	MaxRSS                                         int64
}

// packExit returns an exit as a message.
func packExit(e testbin.Exit) Exit {
	out := Exit{
		Code: e.Code, TimedOut: e.TimedOut, Quit: e.Quit, Canceled: e.Canceled, Killed: e.Killed, IncompleteIO: e.IncompleteIO,
		Start: e.Start, End: e.End, User: e.User, System: e.System, MaxRSS: e.MaxRSS,
	}
	if s, ok := e.Signal.(syscall.Signal); ok {
		out.Signal = int(s)
	}
	if e.Err != nil {
		out.Err = e.Err.Error()
	}
	return out
}

// exit returns a message as an exit.
func (e Exit) exit() testbin.Exit {
	out := testbin.Exit{
		Code: e.Code, TimedOut: e.TimedOut, Quit: e.Quit, Canceled: e.Canceled, Killed: e.Killed, IncompleteIO: e.IncompleteIO,
		Start: e.Start, End: e.End, User: e.User, System: e.System, MaxRSS: e.MaxRSS,
	}
	if e.Signal != 0 {
		out.Signal = syscall.Signal(e.Signal)
	}
	if e.Err != "" {
		out.Err = errors.New(e.Err)
	}
	return out
}

// packReport returns the payload of a report and the end of its stream.
func packReport(r Report, tail []byte) ([]byte, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a result: %w", err)
	}
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...), tail...), nil
}

// unpackReport is the other way round.
func unpackReport(payload []byte) (r Report, tail []byte, err error) {
	if len(payload) < 4 || uint64(binary.BigEndian.Uint32(payload)) > uint64(len(payload)-4) {
		return r, nil, errors.New("a result is cut off")
	}
	n := binary.BigEndian.Uint32(payload)
	if err := json.Unmarshal(payload[4:4+n], &r); err != nil {
		return r, nil, fmt.Errorf("read a result: %w", err)
	}
	return r, payload[4+n:], nil
}

// chunks is a writer that stores a stream in chunks, but for its end.
type chunks struct {
	ctx    context.Context
	engine remote.Engine
	at     remote.Delivery
	buf    []byte
	number int
	sum    hash.Hash
}

func newChunks(ctx context.Context, e remote.Engine, at remote.Delivery) *chunks {
	return &chunks{ctx: ctx, engine: e, at: at, sum: sha256.New()}
}

// Write stores what is full. It waits for the server until the context ends.
func (c *chunks) Write(b []byte) (int, error) {
	c.sum.Write(b)
	c.buf = append(c.buf, b...)
	for len(c.buf) > remote.MaxChunk {
		if err := c.put(c.buf[:remote.MaxChunk]); err != nil {
			return 0, err
		}
		c.buf = append(c.buf[:0], c.buf[remote.MaxChunk:]...)
		c.number++
	}
	return len(b), nil
}

func (c *chunks) put(b []byte) error {
	return patiently(c.ctx, func() error { return c.engine.PutOutput(c.ctx, c.at, c.number, b) })
}

// finish notes in a report where the stream is, and returns its end.
func (c *chunks) finish(r *Report) []byte {
	r.Delivery, r.Chunks, r.Sum = c.at, c.number, hex.EncodeToString(c.sum.Sum(nil))
	return c.buf
}

// maxChunks bounds the chunks of a stream.
const maxChunks = (maxOutput+maxFiles)/remote.MaxChunk*2 + 1

// stream returns the whole stream of a report, after it has checked its sum. The caller closes it.
func stream(ctx context.Context, e remote.Engine, r Report, tail []byte) (io.ReadCloser, error) {
	if r.Chunks == 0 {
		if sumOf(tail) != r.Sum {
			return nil, errWrongSum
		}
		return io.NopCloser(bytes.NewReader(tail)), nil
	}
	if r.Chunks < 0 || r.Chunks > maxChunks {
		return nil, fmt.Errorf("a result has %d chunks of output, more than %d", r.Chunks, maxChunks)
	}
	f, err := os.CreateTemp("", "cohort-output-*")
	if err != nil {
		return nil, err
	}
	s := &spooled{f}
	sum := sha256.New()
	for i := range r.Chunks {
		var b []byte
		err := patiently(ctx, func() (err error) { b, err = e.GetOutput(ctx, r.Delivery, i); return err })
		if err == nil {
			_, err = io.MultiWriter(f, sum).Write(b)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("get output %d of %d of %s: %w", i+1, r.Chunks, r.Delivery.Node, err), s.Close())
		}
	}
	_, err = io.MultiWriter(f, sum).Write(tail)
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != r.Sum {
		err = errWrongSum
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var errWrongSum = errors.New("the output of a result has another sum")

// spooled is a file that is removed when it is closed.
type spooled struct{ *os.File }

func (s *spooled) Close() error { return errors.Join(s.File.Close(), os.Remove(s.Name())) }
