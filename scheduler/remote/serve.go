package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Serve serves an engine to the peer that has called [Dial] at the other end of conn, until the peer
// closes it, which is no error, or ctx ends. It then ends all calls, waits for them, and closes conn,
// but not the engine.
func Serve(ctx context.Context, e Engine, conn io.ReadWriteCloser) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{engine: e, conn: conn, cancels: make(map[uint64]context.CancelFunc)}
	err := welcome(conn)
	if err == nil {
		terms := e.Terms()
		err = s.send(frame{header: header{Hello: wireVersion, Terms: &terms}})
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the read
	if err == nil {
		err = s.read(ctx)
	}
	ended := ctx.Err()
	cancel()
	s.calls.Wait()
	if stop() {
		err = errors.Join(err, conn.Close())
	}
	if ended != nil {
		return ended
	}
	return err
}

// Refuse says to the peer that has called [Dial] why it cannot be served, and closes conn.
func Refuse(conn io.ReadWriteCloser, why error) error {
	err := welcome(conn)
	if err == nil {
		h := header{Hello: wireVersion}
		h.pack(why)
		err = writeFrame(conn, frame{header: h})
	}
	return errors.Join(err, conn.Close())
}

// welcome reads the peer's hello, and answers one of another version.
func welcome(conn io.ReadWriter) error {
	f, err := readFrame(conn)
	if err != nil {
		return fmt.Errorf("read hello: %w", err)
	}
	if f.header.Hello == wireVersion {
		return nil
	}
	err = fmt.Errorf("%w: it speaks version %d, this program %d: install the same version of both", ErrTooOld, f.header.Hello, wireVersion)
	h := header{Hello: wireVersion}
	h.pack(err)
	return errors.Join(err, writeFrame(conn, frame{header: h}))
}

// server serves an engine to one peer.
type server struct {
	engine Engine
	conn   io.ReadWriteCloser
	calls  sync.WaitGroup

	writing sync.Mutex // one frame at a time

	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc
}

func (s *server) send(f frame) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return writeFrame(s.conn, f)
}

// read begins and cancels calls, until there are no more.
func (s *server) read(ctx context.Context) error {
	for {
		f, err := readFrame(s.conn)
		switch {
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case f.header.Cancel:
			s.cancel(f.header.Call)
		default:
			s.begin(ctx, f)
		}
	}
}

func (s *server) cancel(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.cancels[n]; cancel != nil {
		cancel()
	}
}

// begin makes a call in a goroutine of its own, which Serve waits for. When Serve is to end, calls
// have no answers: the peer must not take the end of its watch for one that it has asked for.
func (s *server) begin(serving context.Context, f frame) {
	ctx, cancel := context.WithCancel(serving)
	n := f.header.Call
	s.mu.Lock()
	s.cancels[n] = cancel
	s.mu.Unlock()
	s.calls.Go(func() {
		value, body, err := s.call(ctx, f)
		s.mu.Lock()
		delete(s.cancels, n)
		s.mu.Unlock()
		cancel()
		if serving.Err() == nil {
			s.answer(n, value, body, err)
		}
	})
}

// answer ends a call.
func (s *server) answer(n uint64, value any, body []byte, err error) {
	h := header{Call: n}
	if h.Value, body, err = encode(value, body, err); err != nil {
		h.pack(err)
	}
	if err := s.send(frame{h, body}); errors.Is(err, ErrTooLarge) {
		h.Value, h.Code, h.Text = nil, "too-large", err.Error()
		_ = s.send(frame{header: h}) // a peer that is gone has no calls
	}
}

func encode(value any, body []byte, err error) (json.RawMessage, []byte, error) {
	if err != nil || value == nil {
		return nil, body, err
	}
	b, err := json.Marshal(value)
	return b, body, err
}

// decode reads a call's arguments into one of type T.
func decode[T any](f frame) (v T, err error) {
	if len(f.header.Value) > 0 {
		err = json.Unmarshal(f.header.Value, &v)
	}
	if err != nil {
		err = fmt.Errorf("arguments of %s: %w", f.header.Method, err)
	}
	return v, err
}

// call does what a frame asks for. It returns the answer and its body.
func (s *server) call(ctx context.Context, f frame) (any, []byte, error) {
	switch f.header.Method {
	case "run", "lead", "renew", "release", "state", "stop":
		v, err := s.lead(ctx, f)
		return v, nil, err
	case "publish", "holds", "queued", "lanes", "repair":
		v, err := s.queue(ctx, f)
		return v, nil, err
	case "get-work":
		a, err := decode[callWork](f)
		if err != nil {
			return nil, nil, err
		}
		w, err := s.engine.GetWork(ctx, a.Batch, a.Attempt)
		return w, w.Payload, err
	case "fetch":
		a, err := decode[callFetch](f)
		if err != nil {
			return nil, nil, err
		}
		l, err := s.engine.Fetch(ctx, a.Lanes, a.Wait)
		return l, l.Work.Payload, err
	case "extend", "done", "return":
		return nil, nil, s.lease(ctx, f)
	case "put-result", "get-result":
		r, err := s.result(ctx, f)
		return r, r.Payload, err
	case "put-output", "get-output":
		chunk, err := s.output(ctx, f)
		return nil, chunk, err
	case "put-blob", "get-blob":
		return nil, nil, s.blob(ctx, f)
	case "announce":
		n, err := decode[Node](f)
		if err == nil {
			err = s.engine.Announce(ctx, n)
		}
		return nil, nil, err
	case "leave":
		return nil, nil, s.engine.Leave(ctx)
	case "watch":
		return nil, nil, s.watch(ctx, f)
	}
	return nil, nil, fmt.Errorf("%w: no method %q", ErrTooOld, f.header.Method)
}

func (s *server) lead(ctx context.Context, f frame) (any, error) {
	switch f.header.Method {
	case "run":
		return s.engine.Run(ctx)
	case "lead":
		facts, err := decode[Facts](f)
		if err != nil {
			return nil, err
		}
		return s.engine.Lead(ctx, facts)
	}
	a, err := decode[callFence](f)
	if err != nil {
		return nil, err
	}
	switch f.header.Method {
	case "renew":
		return s.engine.Renew(ctx, a.Fence)
	case "release":
		return nil, s.engine.Release(ctx, a.Fence)
	case "state":
		return nil, s.engine.SetState(ctx, a.Fence, a.State)
	}
	return nil, s.engine.Stop(ctx, a.Fence, a.Stop)
}

func (s *server) queue(ctx context.Context, f frame) (any, error) {
	a, err := decode[callWork](f)
	if err != nil {
		return nil, err
	}
	switch f.header.Method {
	case "publish":
		a.Work.Payload = f.body
		return nil, s.engine.Publish(ctx, a.Lane, a.Work)
	case "holds":
		return s.engine.Holds(ctx, a.Batch, a.Attempt)
	case "queued":
		return s.engine.Queued(ctx)
	case "lanes":
		return s.engine.Lanes(ctx)
	}
	return nil, s.engine.Repair(ctx, a.Lane)
}

func (s *server) lease(ctx context.Context, f frame) error {
	a, err := decode[callLease](f)
	if err != nil {
		return err
	}
	switch f.header.Method {
	case "extend":
		return s.engine.Extend(ctx, a.Token)
	case "done":
		return s.engine.Done(ctx, a.Token)
	}
	return s.engine.Return(ctx, a.Token, a.Delay)
}

func (s *server) result(ctx context.Context, f frame) (Result, error) {
	if f.header.Method == "put-result" {
		r, err := decode[Result](f)
		if err != nil {
			return Result{}, err
		}
		r.Payload = f.body
		return s.engine.PutResult(ctx, r)
	}
	a, err := decode[callWork](f)
	if err != nil {
		return Result{}, err
	}
	return s.engine.GetResult(ctx, a.Batch, a.Attempt)
}

func (s *server) output(ctx context.Context, f frame) ([]byte, error) {
	a, err := decode[callOutput](f)
	if err != nil {
		return nil, err
	}
	if f.header.Method == "put-output" {
		return nil, s.engine.PutOutput(ctx, a.Delivery, a.Number, f.body)
	}
	return s.engine.GetOutput(ctx, a.Delivery, a.Number)
}

func (s *server) blob(ctx context.Context, f frame) error {
	a, err := decode[callBlob](f)
	if err != nil {
		return err
	}
	if f.header.Method == "put-blob" {
		return s.engine.PutBlob(ctx, a.Sum, a.File)
	}
	return s.engine.GetBlob(ctx, a.Sum, a.File)
}

// watch sends events until one cannot be sent.
func (s *server) watch(ctx context.Context, f frame) error {
	kinds, err := decode[Kinds](f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = s.engine.Watch(ctx, kinds, func(e Event) {
		value, err := json.Marshal(e)
		if err == nil {
			err = s.send(frame{header: header{Call: f.header.Call, Event: true, Value: value}})
		}
		if err != nil {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}
