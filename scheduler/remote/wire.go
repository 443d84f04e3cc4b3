package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// codes are the errors that keep their identity over the wire.
var codes = []struct {
	code string
	err  error
}{
	{"empty", ErrEmpty}, {"gone", ErrGone}, {"refused", ErrRefused}, {"exists", ErrExists},
	{"full", ErrFull}, {"denied", ErrDenied}, {"too-old", ErrTooOld}, {"too-large", ErrTooLarge},
	{"lost", ErrLost}, {"unreachable", ErrUnreachable}, {"closed", ErrClosed},
	{"canceled", context.Canceled}, {"deadline", context.DeadlineExceeded},
}

// carried is an error that came over the wire.
type carried struct {
	text string
	err  error // one of codes, nil for another
}

func (e *carried) Error() string { return e.text }
func (e *carried) Unwrap() error { return e.err }

// pack puts an error into a header.
func (h *header) pack(err error) {
	if err == nil {
		return
	}
	h.Code, h.Text = "other", err.Error()
	for _, c := range codes {
		if errors.Is(err, c.err) {
			h.Code = c.code
			return
		}
	}
}

// err is the error in a header, nil for none.
func (h *header) err() error {
	if h.Code == "" {
		return nil
	}
	e := &carried{text: h.Text}
	for _, c := range codes {
		if c.code == h.Code {
			e.err = c.err
		}
	}
	return e
}

// Calls are what the arguments and answers of the engine's methods look like in a header; payloads,
// chunks and the like are bodies.
type (
	callFence struct {
		Fence Fence
		State State
		Stop  Stop
	}
	callWork struct {
		Lane    string
		Work    Work
		Batch   string
		Attempt int
	}
	callFetch struct {
		Lanes []string
		Wait  time.Duration
	}
	callLease struct {
		Token string
		Delay time.Duration
	}
	callOutput struct {
		Delivery Delivery
		Number   int
	}
	callBlob struct{ Sum, File string }
)

// Dial returns the engine that a peer serves at the other end of conn with [Serve]. It waits for
// the peer's hello until ctx ends; the error of a peer that cannot serve is the one that it gave
// [Refuse]. Closing the engine closes conn, and so does an error of Dial.
func Dial(ctx context.Context, conn io.ReadWriteCloser) (Engine, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // its reader gets the error
	terms, err := greet(conn)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the queue: %w", err), conn.Close())
	}
	c := &client{conn: conn, terms: terms, calls: make(map[uint64]*call), ended: make(chan struct{})}
	go c.read() // ends with conn; Close waits for it
	return c, nil
}

func greet(conn io.ReadWriter) (Terms, error) {
	if err := writeFrame(conn, frame{header: header{Hello: wireVersion}}); err != nil {
		return Terms{}, err
	}
	f, err := readFrame(conn)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: its program ended without a word", ErrClosed)
	}
	if err == nil {
		err = f.header.err()
	}
	if err == nil && f.header.Hello != wireVersion {
		err = fmt.Errorf("%w: it speaks version %d, this program %d: install the same version of both", ErrTooOld, f.header.Hello, wireVersion)
	}
	if err == nil && f.header.Terms == nil {
		err = errors.New("its hello has no terms")
	}
	if err != nil {
		return Terms{}, err
	}
	return *f.header.Terms, nil
}

// client is an engine that a peer serves.
type client struct {
	conn  io.ReadWriteCloser
	terms Terms
	ended chan struct{} // closed when read has ended

	writing sync.Mutex // one frame at a time

	mu    sync.Mutex
	last  uint64
	calls map[uint64]*call
	err   error // why read has ended
}

// call is one that has not ended. Frames of it are in queue, at most maxAnswers unless they are
// events, which are small.
type call struct {
	mu    sync.Mutex
	queue []frame
	more  chan struct{} // has an element if there is something in queue
}

func (c *call) add(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, f)
	select {
	case c.more <- struct{}{}:
	default:
	}
}

func (c *call) take() []frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.queue
	c.queue = nil
	return all
}

// read hands out what the peer sends, until there is no more.
func (c *client) read() {
	defer close(c.ended)
	for {
		f, err := readFrame(c.conn)
		c.mu.Lock()
		if err != nil {
			if c.err == nil {
				c.err = fmt.Errorf("%w: the queue's program has ended (%w)", ErrClosed, err)
			}
			c.mu.Unlock()
			return
		}
		call := c.calls[f.header.Call]
		if call != nil && !f.header.Event {
			delete(c.calls, f.header.Call)
		}
		c.mu.Unlock()
		if call != nil {
			call.add(f)
		}
	}
}

func (c *client) send(f frame) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return writeFrame(c.conn, f)
}

// begin enters a call.
func (c *client) begin() (uint64, *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	k := &call{more: make(chan struct{}, 1)}
	c.calls[c.last] = k
	return c.last, k
}

// forget drops a call that nobody waits for.
func (c *client) forget(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, n)
}

// patience is how long a call that was canceled waits for its answer: what it did nevertheless, such
// as taking a lease, should be known.
const patience = 5 * time.Second

// do makes a call: its arguments are args and body, its answer goes into reply unless that is nil,
// and the answer's body is returned. Events go to f.
func (c *client) do(ctx context.Context, method string, args any, body []byte, reply any, f func(frame) error) ([]byte, error) {
	value, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	n, k := c.begin()
	defer c.forget(n)
	if err := c.send(frame{header{Call: n, Method: method, Value: value}, body}); err != nil {
		return nil, c.why(err)
	}
	done := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case <-k.more:
		case <-done:
			done, late = nil, time.After(patience)
			if err := c.send(frame{header: header{Call: n, Cancel: true}}); err != nil {
				return nil, c.why(err)
			}
		case <-late:
			return nil, fmt.Errorf("%s: %w", method, context.Cause(ctx))
		case <-c.ended:
			if last, ok := final(k.take(), f); ok {
				return answer(last, reply)
			}
			return nil, c.why(nil)
		}
		if last, ok := final(k.take(), f); ok {
			return answer(last, reply)
		}
	}
}

// final gives events to f and returns the frame that ends the call, if it has come. An event that f
// cannot take ends it too.
func final(frames []frame, f func(frame) error) (last frame, ok bool) {
	for _, e := range frames {
		if !e.header.Event {
			return e, true
		}
		if f == nil {
			continue
		}
		if err := f(e); err != nil {
			e.header.pack(err)
			return e, true
		}
	}
	return frame{}, false
}

// answer is what a call returns.
func answer(f frame, reply any) ([]byte, error) {
	if err := f.header.err(); err != nil {
		return nil, err
	}
	if reply == nil {
		return f.body, nil
	}
	if err := json.Unmarshal(f.header.Value, reply); err != nil {
		return nil, fmt.Errorf("read an answer of the queue: %w", err)
	}
	return f.body, nil
}

// why is the reason that a call has no answer.
func (c *client) why(err error) error {
	if err != nil && errors.Is(err, ErrTooLarge) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return fmt.Errorf("%w: the queue's program does not take calls (%w)", ErrClosed, err)
}

// Close closes the connection and waits until no call reads from it.
func (c *client) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.err = ErrClosed
	}
	c.mu.Unlock()
	err := c.conn.Close()
	<-c.ended
	return err
}
