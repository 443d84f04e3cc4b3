package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// The headers of results and of output.
const (
	headerNode     = "Cohort-Node"
	headerNonce    = "Cohort-Nonce"
	headerEncoding = "Cohort-Encoding"
	encodedZstd    = "zstd"
)

func (n names) resultSubject(batch string, attempt int) string {
	return n.subject("result", batch, strconv.Itoa(attempt))
}

// PutResult implements remote.Engine. The server refuses a second message of a subject, by its own
// setting and by what this program asks for.
func (e *engine) PutResult(ctx context.Context, r remote.Result) (remote.Result, error) {
	op := "store the result of batch " + r.Batch
	err := remote.CheckID(r.Batch)
	if err == nil {
		err = checkPayload(r.Payload)
	}
	if err != nil {
		return remote.Result{}, fmt.Errorf("%s: %w", op, err)
	}
	subject := e.names.resultSubject(r.Batch, r.Attempt)
	err = e.do(ctx, op, subject, func(ctx context.Context) error {
		m := nats.NewMsg(subject)
		m.Data = r.Payload
		m.Header.Set(headerNode, r.Node)
		m.Header.Set(headerNonce, r.Nonce)
		_, err := e.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(0),
			jetstream.WithExpectStream(e.names.resultStream()), jetstream.WithRetryAttempts(0))
		return e.noStream(ctx, e.names.resultStream(), err)
	})
	switch {
	case err == nil:
		return r, nil
	case errors.Is(err, errStale), errors.Is(err, errTaken):
		return e.GetResult(ctx, r.Batch, r.Attempt)
	}
	return remote.Result{}, e.full(ctx, e.names.resultStream(), err)
}

// GetResult implements remote.Engine.
func (e *engine) GetResult(ctx context.Context, batch string, attempt int) (r remote.Result, err error) {
	m, err := e.last(ctx, "read the result of batch "+batch, e.names.resultStream(), e.names.resultSubject(batch, attempt))
	if err != nil {
		return r, err
	}
	return remote.Result{
		Batch: batch, Attempt: attempt, Node: m.Header.Get(headerNode), Nonce: m.Header.Get(headerNonce), Payload: m.Data,
	}, nil
}

// last reads the last message of a subject.
func (l *link) last(ctx context.Context, op, stream, subject string) (m *jetstream.RawStreamMsg, err error) {
	err = l.do(ctx, op, "$JS.API.STREAM.MSG.GET."+stream, func(ctx context.Context) error {
		s, err := l.stream(ctx, stream)
		if err == nil {
			m, err = s.GetLastMsgForSubject(ctx, subject)
		}
		return err
	})
	return m, err
}

// outputSubject is where a chunk is stored.
func (n names) outputSubject(d remote.Delivery, number int) (string, error) {
	for _, id := range []string{d.Node, d.Batch, d.Nonce} {
		if err := remote.CheckID(id); err != nil {
			return "", fmt.Errorf("output of batch %q on node %q, nonce %q: %w", d.Batch, d.Node, d.Nonce, err)
		}
	}
	return n.subject("out", d.Node, d.Batch, strconv.Itoa(d.Attempt), strconv.Itoa(d.Delivery), d.Nonce, strconv.Itoa(number)), nil
}

// PutOutput implements remote.Engine.
func (e *engine) PutOutput(ctx context.Context, d remote.Delivery, number int, chunk []byte) error {
	op := fmt.Sprintf("store output %d of batch %s", number, d.Batch)
	if len(chunk) > remote.MaxChunk {
		return fmt.Errorf("%s: %w: %d bytes, at most %d are possible", op, remote.ErrTooLarge, len(chunk), remote.MaxChunk)
	}
	subject, err := e.names.outputSubject(d, number)
	if err != nil {
		return err
	}
	packed := e.pack.EncodeAll(chunk, nil)
	err = e.do(ctx, op, subject, func(ctx context.Context) error {
		m := nats.NewMsg(subject)
		m.Data = packed
		m.Header.Set(headerEncoding, encodedZstd)
		if len(packed) >= len(chunk) {
			m.Data = chunk
			m.Header.Del(headerEncoding)
		}
		_, err := e.js.PublishMsg(ctx, m, jetstream.WithExpectStream(e.names.outputStream()), jetstream.WithRetryAttempts(0))
		return e.noStream(ctx, e.names.outputStream(), err)
	})
	if errors.Is(err, errTaken) {
		return nil
	}
	return e.full(ctx, e.names.outputStream(), err)
}

// GetOutput implements remote.Engine.
func (e *engine) GetOutput(ctx context.Context, d remote.Delivery, number int) ([]byte, error) {
	op := fmt.Sprintf("read output %d of batch %s", number, d.Batch)
	subject, err := e.names.outputSubject(d, number)
	if err != nil {
		return nil, err
	}
	m, err := e.last(ctx, op, e.names.outputStream(), subject)
	if err != nil {
		return nil, err
	}
	chunk := m.Data
	if m.Header.Get(headerEncoding) == encodedZstd {
		if chunk, err = e.unpack.DecodeAll(m.Data, make([]byte, 0, remote.MaxChunk)); err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
	}
	if len(chunk) > remote.MaxChunk {
		return nil, fmt.Errorf("%s: %w: %d bytes", op, remote.ErrTooLarge, len(chunk))
	}
	return chunk, nil
}
